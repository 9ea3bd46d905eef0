"""A storm of faults on an engine with six workers, and the books after every single event.

    python -m tests.chaos [--broker embedded|rabbitmq] [--seed N] [--seconds N] [--tasks N] [--ack manual|auto]

Orders go down to a real engine as its parent sends them, and every event that comes up goes through the projection. Beside it, straight
at the broker, an independent consumer counts the workers' results. With manual ack, a durable queue, persistent messages and
confirms nothing may be lost; with auto-ack every loss has to have a name. Tasks are published between the restarts of the broker,
never into one: what a broker had not confirmed when it was killed, nobody can say anything of.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pika
import pytest
from pika.exceptions import AMQPError

from tests.engine_process import EngineProcess
from tests.fake_engine import until
from tests.history import audit
from webapp import events as ev
from webapp import state as projected
from webapp.projection import State, apply
from webapp.records import Lane

WORKERS = 6
PAUSE = 0.2  # seconds between two faults
RESTARTS = 3
ACK_TIMEOUT = 5  # seconds
PATIENCE = 60.0  # seconds without any progress at the end
AUDIT_EVERY = 500  # events between two recounts of everything; the ledger itself is added up after each
NAMES_KEPT = 20_000  # lost tasks that the projection keeps by name here: enough to name each
METHODS = ("basic.ack", "basic.ack", "basic.deliver", "basic.publish")


class Storm(EngineProcess):
    """An engine whose events go through the projection as they come. `wrong` is what was found not to add up."""

    def __init__(self, *flags: str, data: Path, broker: str) -> None:
        self.state = State()
        self.wrong: list[str] = []
        self.published: set[str] = set()
        self.lost: set[str] = set()
        self.results: Counter[str] = Counter()  # of each task, as the tap saw them
        self.received: Counter[str] = Counter()  # of each task, as the independent consumer counts them
        self.unsure: set[str] = set()  # tasks with a result of which nobody can say whether it arrives
        self.kinds: Counter[str] = Counter()
        self.url = ""
        self._sent: defaultdict[int, set[str]] = defaultdict(set)  # tasks with results, by connection
        self._replies: dict[int, ev.Reply] = {}
        super().__init__(*flags, data=data, broker=broker)

    def order(self, do: str, **fields: Any) -> Any:
        number = next(self._ids)
        self.say(json.dumps({"id": number, "do": do, **fields}))
        with self._news:
            there = self._news.wait_for(lambda: number in self._replies, 120)
            assert there, f"no answer to {do} {fields}: {self.noise}"
            return self._replies.pop(number)

    def look(self, question: Any) -> Any:
        """What `question` makes of the state, with nothing happening meanwhile."""
        with self._news:
            return question(self.state)

    def _heard(self, line: str) -> None:
        event = ev.decode(line)
        with self._news:
            if isinstance(event, ev.Reply):
                self._replies[event.id] = event
            else:
                self._take(event)
            self._news.notify_all()

    def _take(self, event: ev.Event) -> None:
        state = self.state
        self.kinds[type(event).__name__] += 1
        before = state.ledger["lost"]
        apply(state, event)
        ledger = state.ledger
        total = sum(ledger[part] for part in ("done", "ready", "unacked", "at_risk", "lost", "dead"))
        if ledger["published"] != total or min(ledger.values()) < 0:
            self.wrong.append(f"after {event}: {ledger}")
        if event.seq % AUDIT_EVERY == 0:
            try:
                audit(state)
            except AssertionError as error:
                self.wrong.append(f"after {event}: {error}")
        if ledger["lost"] > before:
            newest = list(state.settled["lost"].values())[before - ledger["lost"] :]
            self.lost |= {task.message_id for task in newest}
        if isinstance(event, ev.BrokerStarted):
            self.url = event.url.replace("guest@", "guest:guest@")
        elif isinstance(event, ev.BrokerStopped):
            self._doubt(self.results)
        elif isinstance(event, ev.ConnectionClosed):
            self._doubt(self._sent.pop(event.conn, ()))
        elif isinstance(event, ev.Published) and event.result_of:
            self.results[event.result_of] += 1
            self._sent[event.conn].add(event.result_of)
            if not state.broker.up:  # it is being killed
                self.unsure.add(event.result_of)
        elif isinstance(event, ev.Published) and event.queue == "task_queue":
            self.published.add(event.task)

    def _doubt(self, tasks: Iterable[str]) -> None:
        """A result is transient and unconfirmed: one that has not been received when its broker or its connection ends may never be."""
        self.unsure |= {task for task in tasks if self.results[task] > self.received[task]}


class Results:
    """An independent consumer of `results`, on a connection of its own straight to the broker. Counts results by task."""

    def __init__(self, storm: Storm) -> None:
        self.counts = storm.received
        self._storm = storm
        self._over = threading.Event()
        self.ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self.ready.wait(30), "the results cannot be consumed"

    def close(self) -> None:
        self._over.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                with pika.BlockingConnection(pika.URLParameters(self._storm.url)) as connection:
                    channel = connection.channel()
                    channel.queue_declare("results", durable=True)
                    for _, properties, _ in self._consume(channel):
                        if properties is not None:
                            self.counts[properties.correlation_id] += 1
            except (AMQPError, OSError):
                self._over.wait(0.1)

    def _consume(self, channel: Any) -> Any:
        consumed = channel.consume("results", auto_ack=True, inactivity_timeout=0.2)
        self.ready.set()
        for each in consumed:
            if self._over.is_set():
                return
            yield each


def storm(
    broker: str, data: Path, *, seed: int, seconds: float, tasks: int, ack: str = "manual"
) -> dict[str, Any]:
    """Runs one, and returns what it came to. Raises AssertionError where anything does not add up."""
    dice = random.Random(seed)
    flags = ("--workers", str(WORKERS), "--ack", ack, "--prefetch", "5", "--ack-timeout", str(ACK_TIMEOUT))
    with pytest.MonkeyPatch.context() as patch, Storm(*flags, data=data, broker=broker) as engine:
        patch.setattr(projected, "SETTLED_KEPT", NAMES_KEPT)
        until(lambda: engine.kinds["ConsumerStarted"] >= WORKERS, "the workers", 60)
        results = Results(engine)
        rounds = max(RESTARTS + 1, round(seconds / PAUSE))
        restart_at = {rounds * (n + 1) // (RESTARTS + 1) for n in range(RESTARTS)}
        did: Counter[str] = Counter()
        sent = 0
        for round_ in range(rounds):
            began = time.monotonic()
            wanted = tasks * (round_ + 1) // rounds
            publish(engine, dice, wanted - sent)
            sent = wanted
            if round_ in restart_at:
                reply = engine.order("restart_broker")
                assert reply.ok, reply
                did["restart_broker"] += 1
            name = f"worker-{dice.randint(1, WORKERS)}"
            do, fields = engine.look(lambda state, name=name: choose(dice, state, name))
            reply = engine.order(do, **fields)
            assert reply.ok or reply.status == 409, reply  # it may have changed since
            did[do] += reply.ok
            assert not engine.wrong, engine.wrong[:3]
            time.sleep(max(0.0, PAUSE - (time.monotonic() - began)))
        heal(engine)
        settle(engine, ack)
        report = examine(engine, results, ack)
        results.close()
    return {**report, "faults": dict(did), "events": sum(engine.kinds.values())}


def publish(engine: Storm, dice: random.Random, count: int) -> None:
    """So many tasks, persistent, each confirmed by the broker."""
    port = engine.look(lambda state: state.broker.amqp_port)
    with pika.BlockingConnection(
        pika.ConnectionParameters("127.0.0.1", port, client_properties={"connection_name": "storm"})
    ) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for _ in range(count):
            body = dice.choices(("x", "y."), (40, 1))[0]
            channel.basic_publish(
                "", "task_queue", body.encode(), pika.BasicProperties(delivery_mode=2), mandatory=True
            )


def choose(dice: random.Random, state: State, name: str) -> tuple[str, dict[str, Any]]:
    """A fault, or the cure for one, that may make sense for this worker."""
    lane = state.workers[name]
    conns = state.conns_of(name)
    on_process = {"worker": name}
    can: list[tuple[str, dict[str, Any]]] = []
    if not lane.alive:
        return "start", on_process
    can += [(do, on_process) for do in ("stop", "finish", "stick", "thaw" if lane.frozen else "freeze")]
    if lane.stuck:
        can += [("start", on_process)] * 4
    if conns:
        on_wire: dict[str, Any] = {"conns": conns}
        can += [("cut", on_wire), ("blackhole", on_wire)]
        can += [("delay", {**on_wire, "ms": dice.choice((0, 20, 300))})]
        can += [("hold", {**on_wire, "method": dice.choice(METHODS)})] * 2
        if any("blackhole" in conn.faults for conn in lane.wires):
            can += [("restore", on_wire)] * 4
        if any(conn.hung or conn.armed for conn in lane.wires):
            can += [("release", on_wire), ("drop", on_wire)] * 2
    return dice.choice(can)


def heal(engine: Storm) -> None:
    """Whatever was done to anybody is taken back."""

    def lanes(state: State) -> list[tuple[str, Lane, list[int]]]:
        return [
            (name, lane, state.conns_of(name)) for name, lane in state.workers.items() if lane.kind == "local"
        ]

    for name, lane, conns in engine.look(lanes):
        if lane.frozen:
            engine.order("thaw", worker=name)
        if conns:
            engine.order("restore", conns=conns)
            engine.order("delay", conns=conns, ms=0)
            while engine.order("release", conns=conns).ok:
                pass
        if lane.stuck or not lane.alive:
            engine.order("start", worker=name)


def settle(engine: Storm, ack: str) -> None:
    """Waits for as long as anything moves. What is at risk is so until its worker has left."""
    before, since = {}, time.monotonic()
    finished = False
    while True:
        ledger = engine.look(lambda state: dict(state.ledger))
        if not ledger["ready"] and not ledger["unacked"] and not ledger["at_risk"]:
            return
        if ack == "auto" and not ledger["ready"] and not finished and time.monotonic() - since > 5:
            finished = True
            for n in range(WORKERS):
                engine.order("finish", worker=f"worker-{n + 1}")
        if ledger != before:
            before, since = ledger, time.monotonic()
        assert time.monotonic() - since < PATIENCE, f"nothing moves: {ledger}"
        if ack == "manual":
            heal(engine)  # a worker that came back meanwhile may have been caught by a hold that waited
        time.sleep(0.2)


def examine(engine: Storm, results: Results, ack: str) -> dict[str, Any]:
    """At the end: our books, the independent consumer's, and the broker's."""
    sure = lambda counts: {task: n for task, n in counts.items() if task not in engine.unsure and n}  # noqa: E731
    try:
        until(lambda: sure(results.counts) == sure(engine.results), "the independent consumer's count")
    except AssertionError:
        ours, theirs = sure(engine.results), sure(results.counts)
        differ = {task: (ours.get(task, 0), theirs.get(task, 0)) for task in {*ours, *theirs}}
        raise AssertionError({task: n for task, n in differ.items() if n[0] != n[1]}) from None
    assert not engine.wrong, engine.wrong[:3]
    engine.look(audit)
    ledger = engine.look(lambda state: dict(state.ledger))
    assert ledger["published"] == len(engine.published), (ledger, len(engine.published))
    assert ledger["done_twice"] == sum(n > 1 for n in engine.results.values()), ledger
    assert len(engine.lost) == ledger["lost"], "a loss without a name"
    if ack == "manual":
        assert (ledger["done"], ledger["lost"], ledger["dead"]) == (ledger["published"], 0, 0), ledger
    else:
        assert ledger["done"] + ledger["lost"] == ledger["published"], ledger
        silent = engine.published - engine.lost - set(results.counts) - engine.unsure
        assert not silent, f"gone without a word: {silent}"
    with pika.BlockingConnection(pika.URLParameters(engine.url)) as connection:
        left = connection.channel().queue_declare("task_queue", passive=True).method.message_count
    assert left == 0, f"the broker has {left} ready messages, and we have none"
    return {"ledger": ledger, "results": sum(results.counts.values()), "unsure": len(engine.unsure)}


def main() -> None:
    parser = argparse.ArgumentParser(description="A storm of faults, seeded.")
    parser.add_argument("--broker", default="embedded", choices=("embedded", "rabbitmq"))
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--ack", default="manual", choices=("manual", "auto"))
    chosen = vars(parser.parse_args())
    with tempfile.TemporaryDirectory() as data:
        print(storm(chosen.pop("broker"), Path(data), **chosen))


if __name__ == "__main__":
    sys.exit(main())
