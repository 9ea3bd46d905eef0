"""The whole demo through REST alone, on both brokers: what happens to the task of a worker that died."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import needs
from tests.demo import BROKERS, RABBITMQ_LATER, Demo, consumed_by, holder, task, worker
from tests.fake_engine import DEADLINE, until


@pytest.fixture(params=BROKERS)
def on_both(request: pytest.FixtureRequest, demo_on: Callable[[str], Demo]) -> Demo:
    return staged(demo_on(request.param))


@pytest.fixture(params=RABBITMQ_LATER)
def demo(request: pytest.FixtureRequest, demo_on: Callable[[str], Demo]) -> Demo:
    return staged(demo_on(request.param))


def staged(demo: Demo, **settings: Any) -> Demo:
    """A fresh run, and the broker has forgotten the last one's workers: a task is given to one that lives."""
    demo.fresh(**settings)
    consumed_by(demo.amqp_port(), 3)
    return demo


def ends(task: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(attempt["worker"], attempt["end"]) for attempt in task["attempts"]]


def in_hands(state: dict[str, Any], ledger: str, count: int) -> tuple[str, list[str]] | None:
    """Who has task 1, and all that one has in hand, once so many are in hands: one look, for the next one may find less."""
    name = holder(state, 1)
    return (name, worker(state, name)["holding"]) if name and state["ledger"][ledger] == count else None


def test_the_task_of_a_stopped_worker_comes_back_and_nothing_is_lost(on_both: Demo) -> None:
    on_both.submit("photo.....", 4)
    dead = on_both.once(lambda state: state["ledger"]["unacked"] == 3 and holder(state, 1), "three in hand")
    on_both.act(dead, "stop")
    back = on_both.once(
        lambda state: state["ledger"]["ready"] == 2 and task(state), "the task back on the Ready shelf"
    )
    assert (ends(back), back["worker"]) == ([(dead, "connection_closed")], None)
    second = on_both.once(lambda state: holder(state, 1), "the second attempt")
    assert second != dead
    assert on_both.task(1)["redelivered"] is True
    ledger = on_both.once(lambda state: state["ledger"]["done"] == 4 and state["ledger"], "all done")
    assert ledger == {
        "published": 4, "done": 4, "ready": 0, "unacked": 0, "at_risk": 0, "lost": 0, "dead": 0,
        "redelivered": 1, "done_twice": 0,
    }  # fmt: skip
    assert ends(on_both.task(1)) == [(dead, "connection_closed"), (second, "acked")]
    gone = on_both.once(lambda state: worker(state, dead)["pid"] is None and worker(state, dead), "its end")
    assert (gone["state"], gone["done"]) == ("stopped", 0)


def test_under_auto_ack_what_the_stopped_worker_had_in_hand_is_lost_and_nothing_comes_back(
    on_both: Demo,
) -> None:
    staged(on_both, ack="auto")
    on_both.submit("photo.....", 4)
    first, held = on_both.once(lambda state: in_hands(state, "at_risk", 4), "four at risk")
    on_both.act(first, "stop")
    on_both.once(lambda state: state["ledger"]["lost"] == len(held), "the loss")
    lost = [task["id"] for task in on_both.state()["tasks"] if task["state"] == "lost"]
    assert sorted(lost) == sorted(held)
    ledger = on_both.once(
        lambda state: state["ledger"]["at_risk"] == 0 and state["ledger"], "the others done"
    )
    assert (ledger["lost"], ledger["done"], ledger["redelivered"]) == (len(held), 4 - len(held), 0)


@pytest.mark.long
def test_prefetched_tasks_of_a_stopped_worker_come_back_too_in_order_and_redelivered(demo: Demo) -> None:
    staged(demo, prefetch=2)
    demo.submit("photo.....", 3)  # one for each, and while they are at it
    demo.submit("photo", 3)
    dead, held = demo.once(lambda state: in_hands(state, "unacked", 6), "six in hand")
    assert len(held) == 2
    demo.act(dead, "stop")
    demo.once(lambda state: state["ledger"]["done"] == 6, "all done")
    again = [task["id"] for task in demo.state()["tasks"] if task["redelivered"]]
    assert again == held
    assert demo.state()["ledger"]["redelivered"] == 2


def test_six_tasks_are_shared_round_robin_whatever_their_length(on_both: Demo) -> None:
    on_both.act("worker-3", "stop")
    on_both.once(lambda state: state["workers"][2]["state"] == "stopped", "worker-3 stopped")
    on_both.settings(prefetch=10)
    on_both.once(lambda state: [w["prefetch"] for w in state["workers"][:2]] == [10, 10], "prefetch 10")
    on_both.once(lambda state: {w["state"] for w in state["workers"][:2]} == {"idle"}, "idle")
    consumed_by(on_both.amqp_port(), 2)
    for dots in range(1, 7):
        on_both.submit("m" + "." * dots)
    tasks = on_both.once(
        lambda state: sum(bool(each["attempts"]) for each in state["tasks"]) == 6 and state["tasks"],
        "six delivered",
    )
    given = [each["attempts"][0]["worker"] for each in sorted(tasks, key=lambda each: each["n"])]
    assert sorted(given[:2]) == ["worker-1", "worker-2"]
    assert given == given[:2] * 3


@pytest.mark.long
def test_what_is_in_hand_and_what_waits_survives_a_restart_of_the_broker(demo: Demo) -> None:
    demo.submit("photo....", 5)
    demo.once(lambda state: state["ledger"]["unacked"] == 3, "three in hand")
    answer = demo.ask("POST", "/api/broker/restart")
    assert answer.status == 202, answer.body
    demo.once(lambda state: state["broker"]["up"], "the broker back")
    ledger = demo.once(lambda state: state["ledger"]["done"] == 5 and state["ledger"], "all done")
    assert (ledger["lost"], ledger["published"]) == (0, 5)
    until(lambda: demo.ask("GET", "/healthz").status == 200, "everything up again")
    demo.submit("photo.")
    demo.once(lambda state: state["ledger"]["done"] == 6, "a task after the restart")


def test_five_thousand_tasks_at_once_are_accepted_and_counted(demo: Demo) -> None:
    assert len(set(demo.submit("x", 5000))) == 5000
    ledger = demo.once(lambda state: state["ledger"]["done"] == 5000 and state["ledger"], "all done")
    assert (ledger["published"], ledger["lost"]) == (5000, 0)
    assert len(demo.state()["tasks"]) <= 200  # nothing unsettled, and the latest 200


def test_what_was_submitted_is_in_the_state_of_whoever_asks_next(demo: Demo) -> None:
    for n in range(1, 21):
        (task,) = demo.submit("x")
        state = demo.state()
        assert task in [each["id"] for each in state["tasks"]]
        assert state["ledger"]["published"] == n


def test_text_of_every_kind_arrives_as_it_was_typed(demo: Demo) -> None:
    bodies = ['<b onclick="alert(1)">"fat" & \'bold\'</b>', "🐇 hop", "שלום مرحبا", "tab\tand\nline"]
    for body in bodies:
        demo.submit(body)
    demo.once(lambda state: state["ledger"]["done"] == len(bodies), "all done")
    assert [task["body"] for task in sorted(demo.state()["tasks"], key=lambda t: t["n"])] == bodies


def test_garbage_at_the_tap_harms_nobody(demo: Demo) -> None:
    for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 100, b"AMQP\x00\x00\x09\x01" + b"\xff" * 64, b""):
        with socket.create_connection(("127.0.0.1", demo.amqp_port()), DEADLINE) as stranger:
            stranger.sendall(garbage)
            stranger.shutdown(socket.SHUT_WR)
            while stranger.recv(4096):
                pass
    demo.submit("photo.")
    demo.once(lambda state: state["ledger"]["done"] == 1, "the task done all the same")


# -- nothing is left behind ---------------------------------------------------------------------------------------


def family(pid: int) -> dict[int, str]:
    """Everything that descends from `pid`, itself included: command lines by process id."""
    listing = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
    parents, words = {}, {}
    for line in listing.stdout.splitlines():
        child, parent, command = line.split(None, 2)
        parents[int(child)], words[int(child)] = int(parent), command
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {each: words.get(each, "") for each in found}


def living(pids: set[int]) -> set[int]:
    """Those that still run; a dead process that nobody has buried yet does not count."""
    alive = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            alive.add(pid)
    return alive


@pytest.mark.parametrize("broker", RABBITMQ_LATER)
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda end: end.name)
def test_whatever_ends_the_web_process_nothing_of_it_is_left(
    broker: str, end: signal.Signals, tmp_path: Path
) -> None:
    if broker == "rabbitmq":
        needs.rabbitmq()
    with Demo(tmp_path / "data", broker=broker) as demo:
        demo.submit("photo" + "." * 30, 5)
        demo.once(lambda state: state["ledger"]["unacked"] == 3, "three in hand")
        everybody = family(demo.process.pid)
        kinds = ("webapp.engine", "workers", "webapp.broker" if broker == "embedded" else "beam")
        assert all(any(kind in words for words in everybody.values()) for kind in kinds), everybody
        os.kill(demo.process.pid, end)
        until(lambda: not living(set(everybody)), f"the end of {everybody}")
        assert demo.exit_code() == (-signal.SIGKILL if end is signal.SIGKILL else 0)
