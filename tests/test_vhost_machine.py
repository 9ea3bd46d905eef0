"""The embedded broker below its sockets: queues, bindings, dead letters and a real store, given anything in any order and restarted in
between, orderly or by kill -9, against the rules written plainly. What was stored is read back from a real file."""

import contextlib
import copy
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests import rules
from webapp.broker.exchanges import Binding
from webapp.broker.memory import size
from webapp.broker.properties import EXPIRATION, join
from webapp.broker.queues import Consumer, Delivery, Limit, Message
from webapp.broker.store import Store
from webapp.broker.vhost import VHost

STEPS = 50  # of one example
CALM = 7  # steps between two disasters, at least
SHAPES: dict[str, dict[str, Any]] = {  # name: what its declare asks for
    "lasting": {"durable": True},
    "passing": {},
    "mine": {"durable": True, "exclusive": True},
    "quorum": {"durable": True, "arguments": {"x-queue-type": "quorum"}},
    "patient": {  # its dead letters go to `lasting`
        "durable": True,
        "arguments": {
            "x-queue-type": "quorum",
            "x-delivery-limit": 1,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": "lasting",
        },
    },
    "short": {  # its dead letters go to `quorum`
        "durable": True,
        "arguments": {
            "x-message-ttl": 3000,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": "quorum",
        },
    },
}
EXCHANGES = {"stays": True, "goes": False}  # name: durable
RAM = Path(
    "/dev/shm"
)  # where there is one, the many small files are made there: it is SQLite that is tested, not the disk
exchanges = st.sampled_from(list(EXCHANGES))
SCENES = [  # which of them there are
    ["lasting"],
    ["quorum"],
    ["lasting", "quorum"],
    ["passing", "mine"],
    ["patient"],
    ["patient", "lasting"],
    ["short", "quorum"],
]
any_of = st.integers(0, 99)  # which of those that there are
bursts = st.sampled_from([True, True, True, False])  # whether the turn of the loop ends here


class Hand:
    """A channel with one consumer, and what it was given since somebody looked."""

    def __init__(self) -> None:
        self.got: list[Delivery] = []

    def deliver(self, delivery: Delivery) -> None:
        self.got.append(delivery)

    def cancelled(self, consumer: Consumer) -> None:
        pass


class Plain:
    """The rules of what is around the queues: bindings, dead letters, what a restart leaves."""

    def __init__(self) -> None:
        self.queues: dict[str, rules.Queue] = {}
        self.bindings: list[tuple[str, str]] = []  # exchange, queue; the queue's name is the key

    def publish(self, exchange: str, key: str, message: rules.Message, now: float, own: float | None) -> None:
        if key in self.queues and (not exchange or (exchange, key) in self.bindings):
            self.queues[key].publish(message, now, own)

    def bury(self, queue: rules.Queue, messages: list[rules.Message], now: float) -> None:
        arguments = SHAPES[queue.name].get("arguments", {})
        for message in messages:
            if "x-dead-letter-exchange" in arguments and self.queues.get(queue.name) is queue:
                letter = rules.Message(message.body, message.persistent)
                self.publish("", arguments["x-dead-letter-routing-key"], letter, now, None)

    def restart(self, killed: bool, now: float) -> None:
        """Durable queues stay, exclusive ones and everything that is bound to or from something that passes does not."""
        self.queues = {name: each for name, each in self.queues.items() if stored(name)}
        self.bindings = [
            (exchange, queue) for exchange, queue in self.bindings if EXCHANGES[exchange] and stored(queue)
        ]
        for queue, dead in [(queue, queue.restart(killed)) for queue in self.queues.values()]:
            self.bury(queue, dead, now)

    def rows(self) -> Counter[str]:
        """How many messages of each queue have to be on disk."""
        found: Counter[str] = Counter()
        for name, queue in self.queues.items():
            everything = queue.waiting() + [message for message, _ in queue.held]
            found[name] = sum(stored(name) and (queue.quorum or message.persistent) for message in everything)
        return +found


def stored(name: str) -> bool:
    return bool(SHAPES[name].get("durable")) and not SHAPES[name].get("exclusive")


class VHostMachine(RuleBasedStateMachine):
    """A virtual host, both ways. A turn of the loop ends when a rule says so; only then is anything delivered and stored."""

    steps = restarts = 0

    @initialize(names=st.sampled_from(SCENES))
    def begin(self, names: list[str]) -> None:
        self.names = names
        self.folder = Path(tempfile.mkdtemp(dir=RAM if RAM.is_dir() else None))
        self.now = 1_000_000.0
        self.starts = 0
        self.calm = 0
        self.published = 0
        self.plain = Plain()
        self._start(self.folder / "0" / "store")
        self._declare_all()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.store.close()
            shutil.rmtree(self.folder)

    # -- queues and bindings ------------------------------------------------------------------------------------

    def declare(self, name: str) -> None:
        method = {"durable": False, "exclusive": False, "auto_delete": False, "arguments": {}, **SHAPES[name]}
        self.vhost.declare(SimpleNamespace(queue=name, passive=False, **method), "session")
        if name not in self.plain.queues:
            arguments = method["arguments"]
            ttl = arguments.get("x-message-ttl")
            self.plain.queues[name] = rules.Queue(
                name,
                "x-queue-type" in arguments,
                arguments.get("x-delivery-limit"),
                ttl and ttl / 1000,
            )

    def delete(self, name: str) -> None:
        count = self.vhost.delete(self.vhost.queues[name])
        assert count == len(self.plain.queues.pop(name).waiting())
        self.plain.bindings = [each for each in self.plain.bindings if each[1] != name]
        for tag in [tag for tag, (_, _, queue) in self.hands.items() if queue.name == name]:
            self.gone[tag] = self.hands.pop(tag)

    @precondition(lambda self: self.calm >= CALM / 2)
    @rule(exchange=exchanges, which=any_of)
    def bind_or_unbind(self, exchange: str, which: int) -> None:
        name = self._name(which)
        if (exchange, name) in self.plain.bindings:
            self.vhost.unbind(exchange, Binding(True, name, name))
            self.plain.bindings.remove((exchange, name))
        else:
            self.vhost.bind(exchange, Binding(True, name, name))
            self.plain.bindings.append((exchange, name))

    # -- messages -----------------------------------------------------------------------------------------------

    @rule(
        exchange=st.sampled_from(["", "", *EXCHANGES]),
        which=any_of,
        persistent=st.booleans(),
        own=st.sampled_from([None, None, None, 1000, 5000]),
        count=st.integers(1, 3),
        turn=bursts,
    )
    def publish(
        self, exchange: str, which: int, persistent: bool, own: int | None, count: int, turn: bool
    ) -> None:
        name = self._name(which)
        for _ in range(count):
            self.published += 1
            body = str(self.published)
            expiration = str(own or "").encode()
            properties = join({EXPIRATION: bytes([len(expiration)]) + expiration} if own else {})
            queues = self.vhost.routes(exchange, name)
            self.vhost.publish(queues, Message(exchange, name, properties, body.encode(), persistent), own)
            self.plain.publish(exchange, name, rules.Message(body, persistent), self.now, own and own / 1000)
            plain = self.plain.queues.get(name)
            if queues and plain and (own or plain.ttl) and len(plain.waiting()) == 1:
                self._deliver_plain(plain)  # what has a time to live is offered to the consumers at once
                self._collect()
        self._maybe(turn)

    @precondition(lambda self: any(queue.ready for queue in self.vhost.queues.values()))
    @rule(which=any_of, auto_ack=st.sampled_from([False, False, True]))
    def get(self, which: int, auto_ack: bool) -> None:
        name = self._name(which)
        self._end_turn()
        plain = self.plain.queues[name]
        delivery = self.vhost.queues[name].take(auto_ack=auto_ack)
        assert (delivery is None) == (not plain.waiting())
        if delivery:
            self.vhost.sent(delivery)
            message = plain.take(auto_ack=auto_ack)
            assert seen(delivery) == seen(message)
            if not auto_ack:
                self.out.append((delivery, message, plain, ""))
            self.vhost.dispatch(delivery.queue)

    @precondition(lambda self: self.out)
    @rule(which=any_of, count=st.integers(1, 3), turn=bursts)
    def ack(self, which: int, count: int, turn: bool) -> None:
        for delivery, message, plain, _ in self._some(which, count):
            self.vhost.settle([delivery])
            plain.settle(message)
        self._maybe(turn)

    @precondition(lambda self: self.out)
    @rule(which=any_of, count=st.integers(1, 3), turn=bursts)
    def reject(self, which: int, count: int, turn: bool) -> None:
        for delivery, message, plain, _ in self._some(which, count):
            self.vhost.reject([delivery])
            plain.settle(message)
            self.plain.bury(plain, [message], self.now)
        self._maybe(turn)

    @precondition(lambda self: self.out)
    @rule(which=any_of, count=st.integers(1, 3), turn=bursts)
    def requeue(self, which: int, count: int, turn: bool) -> None:
        self._give_back(self._some(which, count), asked=True)
        self._maybe(turn)

    # -- consumers ----------------------------------------------------------------------------------------------

    @rule(which=any_of, prefetch=st.integers(0, 2), auto_ack=st.sampled_from([False] * 5 + [True]))
    def consume(self, which: int, prefetch: int, auto_ack: bool) -> None:
        name = self._name(which)
        if len(self.hands) > 3:
            return
        self.tags += 1
        tag, hand = str(self.tags), Hand()
        consumer = Consumer(tag, hand, auto_ack, Limit(prefetch), Limit())
        plain = rules.Consumer(tag, rules.Channel(), prefetch, auto_ack)
        plain.channel.consumers.append(plain)
        queue = self.vhost.queues[name]
        queue.add(consumer)
        self.vhost.dispatch(queue)
        self.plain.queues[name].line.append(plain)
        self.hands[tag] = consumer, plain, self.plain.queues[name]
        self._end_turn()

    @precondition(lambda self: self.hands)
    @rule(which=any_of, close=st.booleans(), turn=bursts)
    def leave(self, which: int, close: bool, turn: bool) -> None:
        """basic.cancel, or the end of the channel: then what it held goes back."""
        tag = list(self.hands)[which % len(self.hands)]
        consumer, plain, queue = self.gone[tag] = self.hands.pop(tag)
        self.vhost.leave(self.vhost.queues[queue.name], consumer)
        queue.leave(plain)
        if close:
            held = [each for each in self.out if each[3] == tag]
            self.out = [each for each in self.out if each[3] != tag]
            self._give_back(held, asked=False)
        self._maybe(turn)

    # -- time and restarts --------------------------------------------------------------------------------------

    @precondition(lambda self: self.calm >= CALM / 2)
    @rule(seconds=st.sampled_from([0.5, 2.0, 6.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self._end_turn()

    @precondition(lambda self: self.calm >= CALM)
    @rule(
        what=st.sampled_from(["purge", "delete", "stop", "kill", "stop and kill", "kill and stop"]),
        which=any_of,
    )
    def disaster(self, what: str, which: int) -> None:
        """One rule, and not too often, so that there is time in between for something to get lost."""
        self.calm = 0
        name = self._name(which)
        if what == "purge":
            assert self.vhost.purge(self.vhost.queues[name]) == len(self.plain.queues[name].purge())
        elif what == "delete":  # and make it anew, before the turn is over
            self.delete(name)
        else:
            for each in what.split(" and "):
                getattr(self, each)()
        self._declare_all()

    def stop(self) -> None:
        """An orderly stop stores what waits for it, whether the turn was over or not."""
        self.store.close()
        self.disk = copy.deepcopy(self.plain)
        self.plain.restart(killed=False, now=self.now)
        self._start(self.path)

    def kill(self) -> None:
        """What was not stored at the end of a turn never was: no client has seen it."""
        there = self._next_path()
        shutil.copytree(self.path.parent, there.parent)
        (there.parent / "store-shm").unlink(missing_ok=True)
        self.store.close()
        self.plain = copy.deepcopy(self.disk)
        self.plain.restart(killed=True, now=self.now)
        self._start(there)

    # -- what holds at any time ---------------------------------------------------------------------------------

    @invariant()
    def both_say_the_same(self) -> None:
        if not hasattr(self, "vhost"):
            return
        type(self).steps += 1
        self.calm += 1
        queues = {queue.name: queue for queue in self.vhost.queues.values()}
        assert set(queues) == set(self.plain.queues)
        for name, plain in self.plain.queues.items():
            queue = queues[name]
            assert [seen(each) for each in queue] == [seen(each) for each in plain.waiting()], name
            assert (queue.ready, queue.unacked) == (len(plain.waiting()), len(plain.held))
            assert len(queue.consumers) == len(plain.line + plain.resting)
        living = [message for queue in queues.values() for message in queue]
        living += [delivery.message for delivery, _, queue, _ in self.out]
        assert self.vhost.memory.used == sum(size(each) for each in living)

    @invariant()
    def the_file_has_what_it_should(self) -> None:
        """At the end of a turn: neither less nor more, so nothing that was acknowledged stays there."""
        if not hasattr(self, "vhost") or self.store.dirty:
            return
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            rows = dict(db.execute("SELECT queue, count(*) FROM message GROUP BY queue").fetchall())
        assert rows == self.plain.rows()

    # -- how ----------------------------------------------------------------------------------------------------

    def _start(self, path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        type(self).restarts += 1
        self.path = path
        self.soon: list[Callable[[], None]] = []
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.hands: dict[str, tuple[Consumer, rules.Consumer, rules.Queue]] = {}
        self.gone: dict[str, tuple[Consumer, rules.Consumer, rules.Queue]] = {}
        self.out: list[tuple[Delivery, rules.Message, rules.Queue, str]] = []
        self.plain_got: dict[str, list[rules.Message]] = {}
        self.tags = 0
        self.store = Store(path)
        self.vhost = VHost(self.store, self.soon.append, self._later, lambda: self.now)
        for name, durable in EXCHANGES.items():
            method = {"type": "direct", "passive": False, "auto_delete": False, "internal": False}
            self.vhost.declare_exchange(
                SimpleNamespace(exchange=name, durable=durable, arguments={}, **method)
            )

    def _later(self, seconds: float, then: Callable[[], None]) -> SimpleNamespace:
        timer = self.now + seconds, then
        self.timers.append(timer)

        def cancel() -> None:
            with contextlib.suppress(ValueError):  # its time has come: no error, as in asyncio
                self.timers.remove(timer)

        return SimpleNamespace(cancel=cancel)

    def _next_path(self) -> Path:
        self.starts += 1
        return self.folder / str(self.starts) / "store"

    def _declare_all(self) -> None:
        for name in self.names:
            self.declare(name)
        self._end_turn()

    def _name(self, which: int) -> str:
        return self.names[which % len(self.names)]

    def _maybe(self, turn: bool) -> None:
        if turn:
            self._end_turn()

    def _end_turn(self) -> None:
        """Expires, delivers and stores, both ways; each consumer has to be given the same."""
        while self.soon or any(at <= self.now for at, _ in self.timers):
            due = self.soon + [then for at, then in self.timers if at <= self.now]
            self.soon[:] = []
            self.timers = [each for each in self.timers if each[0] > self.now]
            for then in due:
                then()
        before = None
        while before != (before := [len(queue.waiting()) for queue in self.plain.queues.values()]):
            for queue in self.plain.queues.values():
                self.plain.bury(queue, queue.expire(self.now), self.now)
            for queue in self.plain.queues.values():
                self._deliver_plain(queue)
        self._collect()
        self.disk = copy.deepcopy(self.plain)

    def _deliver_plain(self, queue: rules.Queue) -> None:
        for consumer, message in queue.deliver():
            self.plain_got.setdefault(consumer.tag, []).append(message)

    def _collect(self) -> None:
        for tag, (consumer, _, queue) in [*self.hands.items(), *self.gone.items()]:
            got, consumer.owner.got = consumer.owner.got, []
            expected = self.plain_got.pop(tag, [])
            assert [seen(each) for each in got] == [seen(each) for each in expected], tag
            if not consumer.auto_ack:
                self.out += [(*pair, queue, tag) for pair in zip(got, expected, strict=True)]
        assert not self.plain_got
        self.gone.clear()

    def _some(self, which: int, count: int) -> list[tuple[Delivery, rules.Message, rules.Queue, str]]:
        at = which % len(self.out)
        some = self.out[at : at + count]
        del self.out[at : at + count]
        return some

    def _give_back(self, some: list[tuple[Delivery, rules.Message, rules.Queue, str]], asked: bool) -> None:
        self.vhost.give_back([delivery for delivery, *_ in some], asked=asked)
        for _, message, queue, _ in some:
            if not queue.give_back(message, asked):
                self.plain.bury(queue, [message], self.now)


def seen(thing: Any) -> tuple[str, bool, int]:
    """What a consumer can be shown of a message: body, redelivered, how often it came back."""
    message = thing.message if isinstance(thing, Delivery) else thing
    body = message.body if isinstance(message.body, str) else message.body.decode()
    return body, message.redelivered, message.returns


def run(examples: int, steps: int) -> None:
    """Runs that many examples, and believes only the steps that were really made."""
    VHostMachine.steps = VHostMachine.restarts = 0
    run_state_machine_as_test(
        VHostMachine,
        settings=settings(max_examples=examples, stateful_step_count=STEPS, report_multiple_bugs=False),
    )
    assert VHostMachine.steps >= steps
    assert VHostMachine.restarts >= steps / 30


def test_the_broker_keeps_the_rules_and_what_it_has_to_through_restarts() -> None:
    run(100, steps=2_000)


@pytest.mark.long
def test_the_broker_keeps_the_rules_for_thirty_thousand_steps_and_many_restarts() -> None:
    run(1_000, steps=30_000)
