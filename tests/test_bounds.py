"""Everything that the projection keeps is bounded; what it forgets stays in the ledger as a number."""

import pickle

import pytest

from tests.history import Wire, audit, ends, names, some
from webapp import events as ev
from webapp import messages, peers, state, topology
from webapp.events import Event
from webapp.projection import apply
from webapp.state import State

# -- bounded ------------------------------------------------------------------------------------------------------


def test_settled_tasks_beyond_those_kept_stay_as_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "SETTLED_KEPT", 3)
    wire = Wire(guests=("app",))
    for n in range(5):
        wire.published(f"t{n}")
        wire.acked(f"t{n}", 1, wire.delivered(f"t{n}", 1))
    assert list(wire.state.tasks) == ["t2", "t3", "t4"]
    assert some(wire.state.ledger, published=5, done=5)
    wire.say(ev.Confirmed, conn=9, channel=1, task="t0")
    wire.result("t0", 1)
    wire.say(ev.Returned, conn=9, channel=1, task="t0", code=312, text="NO_ROUTE")
    assert some(wire.state.ledger, published=5, done=5)


def test_attempts_beyond_those_kept_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "ATTEMPTS_KEPT", 3)
    wire = Wire(guests=("app",))
    wire.published("t1")
    for again in range(5):
        tag = wire.delivered("t1", 1, again=again > 0)
        wire.say(ev.Nacked, conn=1, channel=1, tag=tag, task="t1", requeue=True)
    task = wire.state.tasks["t1"]
    assert (len(task.attempts), task.skipped) == (3, 2)
    assert [attempt.spot[1] for attempt in task.attempts] == [3, 4, 5]


def test_auto_acked_tasks_beyond_those_kept_stay_at_risk_as_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "AT_RISK_KEPT", 2)
    wire = Wire(guests=("app",))
    for n in range(5):
        wire.published(f"t{n}")
        wire.delivered(f"t{n}", 1, auto=True)
    assert names(wire.state.workers["app"].holding()) == ["t3", "t4"]
    assert wire.state.workers["app"].held == 5
    wire.result("t0", 1)  # known by number only, and still a result
    wire.result("t3", 1)
    assert some(wire.state.ledger, published=5, done=2, at_risk=3)
    assert wire.state.workers["app"].done == 2
    wire.closed(1)
    assert some(wire.state.ledger, published=5, done=2, lost=3)


def test_guests_that_left_are_forgotten_the_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "GUESTS_KEPT", 2)
    wire = Wire()
    for conn in range(1, 6):
        wire.opened(conn, f"guest-{conn}")
        wire.published(f"t{conn}", conn=conn)
        wire.delivered(f"t{conn}", conn)
    for conn in (2, 1, 4, 3):
        wire.closed(conn)
    assert list(wire.state.workers) == ["guest-3", "guest-4", "guest-5"]
    assert list(wire.state.producers) == ["guest-3", "guest-4", "guest-5"]
    assert ends(wire.state.tasks["t1"]) == [("guest-1", "connection_closed")]


def test_queues_exchanges_and_bindings_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "QUEUES_KEPT", 3)
    monkeypatch.setattr(topology, "EXCHANGES_KEPT", 3)
    monkeypatch.setattr(topology, "BINDINGS_KEPT", 3)
    wire = Wire(guests=("app",))
    wire.published("t1", queue="full")
    for n in range(9):
        wire.say(ev.QueueDeclared, conn=1, queue=f"q{n}")
        wire.say(ev.ExchangeDeclared, conn=1, exchange=f"x{n}", kind="fanout")
        wire.say(ev.QueueBound, conn=1, queue=f"q{n}", exchange="x0", routing_key="")
        wire.say(ev.QueueBound, conn=1, queue="full", exchange=f"x{n}", routing_key="")
    assert list(wire.state.queues) == ["task_queue", "full", "q8"]
    assert len(wire.state.exchanges) == len(wire.state.bindings) == 3
    assert max(map(len, wire.state.bindings.values())) == 3


def test_what_is_kept_does_not_grow_with_what_has_passed() -> None:
    """The pickle holds everything reachable: after ten times as many tasks it is as large, but for longer numbers."""
    sizes = []
    now = State()
    apply(now, ev.RunStarted(started=""))
    for n in range(20_000):
        seq = 10 * n
        conn, tag = n // 100 + 1, n % 100 + 1
        steps: list[Event] = []
        if tag == 1:
            steps.append(
                ev.ConnectionOpened(conn=conn, name="", product="pika", peer=f"127.0.0.1:{50_000 + conn}")
            )
        message = {
            "exchange": "",
            "routing_key": "q",
            "body": "m",
            "size": 1,
            "persistent": True,
            "queue": "q",
        }
        where = {"conn": conn, "channel": 1, "task": f"task-{n:08}"}
        steps += [
            ev.Published(**where, **message),
            ev.Confirmed(**where),
            ev.Delivered(**where, **message, tag=tag, consumer="c", auto_ack=n % 7 == 0, redelivered=False),
            ev.Published(
                **{**where, "task": "r"},
                **{**message, "routing_key": "results", "queue": "results"},
                result_of=where["task"],
            ),
            ev.Nacked(**where, tag=tag, requeue=False) if n % 5 == 0 else ev.Acked(**where, tag=tag),
        ]
        if tag == 100:
            steps.append(ev.ConnectionClosed(conn=conn, by="client", code=200))
        for step in steps:
            seq += 1
            apply(
                now,
                type(step)(
                    **{
                        **{name: getattr(step, name) for name in step.__struct_fields__},
                        "seq": seq,
                        "at": seq / 1000,
                    }
                ),
            )
        if n + 1 in (2_000, 20_000):
            sizes.append(len(pickle.dumps(now)))
    audit(now)
    assert now.ledger["published"] == 20_000 and now.ledger["ready"] == 0
    assert sizes[1] < sizes[0] * 1.1, sizes
