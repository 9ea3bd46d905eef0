"""Event soups: any events of the vocabulary in any order, about few enough things that many of them meet.

Made by hypothesis from what the events themselves say of their fields: a new kind of event is in the soup at once.
Bounds that a run would need thousands of events to reach are made small with `tiny`."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest
from hypothesis import strategies as st

from tests.history import audit
from webapp import events as ev
from webapp import frames, messages, peers, records, state, topology, wounds
from webapp.events import Event
from webapp.state import State

few = st.sampled_from

QUEUES = few(["task_queue", "q1", "q1", "q2"])
TASKS = few(["t1", "t2", "t3", "t1@q1", "t2~2"])
FIELDS: dict[str, st.SearchStrategy] = {
    "ack_timeout": few([None, 60.0]),
    "ack": few(["manual", "auto"]),
    "action": few(["stop", "finish"]),
    "amqp_port": few([5672]),
    "asked": few(["", "stop", "finish", "reset"]),
    "auto_ack": st.booleans(),
    "auto_delete": st.booleans(),
    "body": few(["m", "photo...", "…" * ev.PREVIEW]),
    "by": few(["client", "broker", "network"]),
    "channel": few([1, 1, 1, 2]),
    "code": few([0, 200, 404]),
    "conn": few([1, 1, 2, 2, 3, 4]),
    "consumer": few(["c1", "c1", "c2", ""]),
    "consumers": few([0, 2]),
    "count": few([0, 2]),
    "delivery_count": few([0, 3]),
    "detail": few(["", "gone"]),
    "dots": few([0, 400]),
    "dropped": st.booleans(),
    "durable": few([True, True, False, None]),
    "exchange": few(["", "x", "x", "amq.topic"]),
    "exclusive": few([False, False, True]),
    "exists": few([True, True, False]),
    "gone": st.booleans(),
    "heartbeat": few([0, 60]),
    "idempotent": st.booleans(),
    "kind": few(["classic", "quorum", "fanout", "topic"]),
    "line": few(["[*] Waiting", "[x] Done"]),
    "method": few(["basic.ack", "basic.publish"]),
    "ms": few([0, 500]),
    "multiple": st.booleans(),
    "name": few(["worker-1", "worker-2", "laptop", "laptop", "producer", "", "<b>"]),
    "ok": few([True, True, False]),
    "peer": few(["127.0.0.1:50001", "127.0.0.1:50002"]),
    "persistent": few([True, True, False]),
    "pid": few([4121, 4122]),
    "prefetch": few([0, 1, 5]),
    "product": few(["pika 1.4.4", "Unacked producer 0.1.0", ""]),
    "queue": QUEUES | few([""]),
    "quiet": few([0.0, 200.0]),
    "ready": few([0, 1, 2]),
    "redelivered": st.booleans(),
    "requeue": st.booleans(),
    "restart_in": few([None, 0.5]),
    "resumed": st.booleans(),
    "stuck": st.booleans(),
    "result_of": few([""]),
    "routing_key": QUEUES | few(["#", "results"]),
    "signal": few(["", "SIGKILL"]),
    "size": few([1, 70_000]),
    "started": few(["2026-11-24T10:00:00+00:00"]),
    "tag": few([1, 1, 2, 3, 4]),
    "task": TASKS,
    "text": few(["", "cut", "NOT_FOUND"]),
    "url": few(["amqp://127.0.0.1:5672/"]),
    "version": few(["4.1.0"]),
    "worker": few(["worker-1", "worker-2"]),
}
OTHERWISE: dict[type[Event], dict[str, st.SearchStrategy]] = {
    ev.BrokerStarted: {"kind": few(["embedded", "rabbitmq"])},
    ev.BrokerStopped: {"asked": st.booleans()},
    ev.Held: {"by": few(["client", "broker"])},
    ev.Released: {"by": few(["client", "broker"])},
    ev.ConsumerStarted: {"queue": QUEUES | few(["results"])},
    ev.QueueDeclared: {"kind": few(["classic", "quorum", None])},
    ev.RunStarted: {"version": few([1]), "durable": st.booleans()},
    ev.SettingsChanged: {"durable": st.booleans()},
}
RARE = (ev.RunStarted, ev.RunReset, ev.BrokerStopped)


def of(kind: type[Event], **known: st.SearchStrategy) -> st.SearchStrategy[Event]:
    """Any event of this kind, with fields as they are known."""
    chosen = {**FIELDS, **OTHERWISE.get(kind, {}), **known}
    names = (name for name in kind.__struct_fields__ if name not in ("seq", "at"))
    return st.builds(kind, **{name: chosen[name] for name in names})


PLAIN = {"exchange": few([""]), "queue": few(["q1"]), "routing_key": few(["q1"])}
USUAL = (
    of(ev.Published, **PLAIN),
    of(ev.Delivered, **PLAIN),
    of(ev.Delivered, **PLAIN),
    of(ev.Delivered, **PLAIN, auto_ack=few([True])),
    of(
        ev.Published,
        exchange=few([""]),
        queue=few(["results"]),
        routing_key=few(["results"]),
        result_of=TASKS,
    ),
    of(ev.Acked),
    of(ev.ConnectionOpened),
    of(ev.ConnectionOpened),
    of(ev.ConnectionClosed),
    of(ev.ConsumerStarted),
)
KINDS = tuple(of(kind) for kind in ev.AnyEvent.__args__ if kind not in RARE)
SEASONING = tuple(of(kind) for kind in RARE)
ONE = few((st.none(), *USUAL * 16, *KINDS * 3, *SEASONING)).flatmap(lambda one: one)  # so many of each

BEGINNINGS: list[list[Event]] = [
    [],
    [
        ev.RunStarted(started="2026-11-24T10:00:00+00:00"),
        ev.WorkerStarted(worker="worker-1", pid=4121, ack="manual", prefetch=1, queue="q1"),
        ev.ConnectionOpened(conn=1, name="worker-1", product="pika 1.4.4", peer="127.0.0.1:50001"),
        ev.ConnectionOpened(conn=2, name="laptop", product="pika 1.4.4", peer="127.0.0.1:50002"),
        ev.ConnectionOpened(conn=3, name="", product="pika 1.4.4", peer="127.0.0.1:50003"),
    ],
]


def _stamped(events: list[Event]) -> list[Event]:
    return [msgspec.structs.replace(event, seq=n, at=n / 1000) for n, event in enumerate(events, 1)]


# Long enough for something to happen; a failure shrinks to few, for None comes first and is left out.
SOUPS = st.builds(
    lambda first, then: _stamped(first + [event for event in then if event is not None]),
    few(BEGINNINGS),
    st.lists(ONE, min_size=25, max_size=70),
)


@contextmanager
def tiny() -> Iterator[None]:
    """Everything that is bounded has a bound that a soup reaches."""
    bounds = {
        frames: {"WINDOW": 2, "GONE_SHOWN": 2, "DONE_SHOWN": 1, "QUEUES_SHOWN": 2, "LINES_A_VIEW": 3, "LOG_KEPT": 7},
        messages: {"ATTEMPTS_KEPT": 2, "AT_RISK_KEPT": 1, "TAKEN_KEPT": 1},
        peers: {"GUESTS_KEPT": 1, "EXCLUSIVE_KEPT": 1, "GHOSTS_KEPT": 1},
        records: {"DROPPED_KEPT": 2, "AWAY_KEPT": 2, "EXITS_KEPT": 1, "OUTPUT_KEPT": 2},
        state: {"SETTLED_KEPT": 2, "QUEUES_KEPT": 2, "LOG_KEPT": 7, "HUNG_UP_KEPT": 1},
        wounds: {"ARMED_KEPT": 1},
        topology: {"EXCHANGES_KEPT": 1, "BINDINGS_KEPT": 1},
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for module, constants in bounds.items():
            for name, bound in constants.items():
                patch.setattr(module, name, bound)
        yield


def check(now: State) -> None:
    """What holds after any event at all: the books, and who belongs to whom."""
    audit(now)
    for name, lane in now.workers.items():
        assert lane.name == name
        assert len(lane.ghosts) <= peers.GHOSTS_KEPT
        assert all(conn.lane is lane and now.conns.get(number) is conn for number, conn in lane.conns.items())
    for number, conn in now.conns.items():
        assert conn.lane is None or now.workers.get(conn.lane.name) is conn.lane, (
            "an open connection has lost its lane"
        )
        assert conn.lane is None or number in conn.lane.conns
        assert len(conn.armed) == len(set(conn.armed)) <= wounds.ARMED_KEPT
        assert conn.producer is None or now.producers.get(conn.producer.name) is conn.producer
    for key, task in now.tasks.items():
        assert task.key == key
        assert (task.settled_at is None) == (task.state in records.OPEN)
        assert any(task is each for each in now.copies_of(task.message_id)), (
            "a task that its message_id does not find"
        )
