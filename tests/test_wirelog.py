"""The wire log: one line for each event that passed on a wire, told by the names that the page uses."""

import json
from typing import Any

import pytest

from tests.history import Wire
from webapp import events as ev
from webapp import projection
from webapp.events import Event
from webapp.frames import view
from webapp.projection import State
from webapp.wirelog import LINES, line, skipped

UNTOLD = {  # what is not on a wire, or is on the page already
    ev.RunStarted,
    ev.RunReset,
    ev.SettingsChanged,
    ev.WorkerPrinted,
    ev.WorkerRemoved,
    ev.QueueCounted,
}
ON = {"conn": 1, "channel": 1}
TASK = {**ON, "task": "t1"}
DELIVERY = {**TASK, "tag": 7}
BIND = {"conn": 1, "queue": "q", "exchange": "x", "routing_key": "a.*"}
MESSAGE = {"exchange": "", "routing_key": "q", "queue": "q", "body": "m", "size": 1}
PUBLISH = {**TASK, **MESSAGE, "persistent": True}
DELIVER = {**DELIVERY, **MESSAGE, "consumer": "c", "auto_ack": False, "redelivered": False}
CONSUME = {**ON, "queue": "q", "consumer": "c"}
WORKER = {"worker": "worker-1"}
STARTED = {"kind": "embedded", "url": "", "amqp_port": 5672}

TOLD = [
    (
        ev.ConnectionOpened(conn=1, name="", product="", peer="", heartbeat=4),
        "broker > app: connection.open-ok heartbeat=4",
    ),
    (
        ev.ConnectionClosed(conn=1, by="client", code=200, text="bye"),
        "app > broker: connection.close 200 bye",
    ),
    (
        ev.ConnectionClosed(conn=1, by="client"),
        "app > broker: connection.close 0",
    ),  # Celery's client says it so
    (
        ev.ConnectionClosed(conn=1, by="broker", code=320, text="FORCED"),
        "broker > app: connection.close 320 FORCED [bad]",
    ),
    (ev.ConnectionClosed(conn=1, by="broker"), "broker > app: tcp closed [bad]"),
    (ev.ConnectionClosed(conn=1, by="network", text="cut"), "app > broker: tcp closed cut [bad]"),
    (ev.ChannelClosed(**ON, by="client", code=200), "app > broker: channel.close 200"),
    (
        ev.ChannelClosed(**ON, by="broker", code=404, text="NOT_FOUND"),
        "broker > app: channel.close 404 NOT_FOUND [bad]",
    ),
    (ev.ExchangeDeclared(conn=1, exchange="x", kind="topic"), "app > broker: exchange.declare x topic"),
    (ev.QueueDeclared(conn=1, queue="q"), "app > broker: queue.declare q passive"),
    (
        ev.QueueDeclared(conn=1, queue="q", durable=True, kind="quorum"),
        "app > broker: queue.declare q quorum durable",
    ),
    (
        ev.QueueDeclared(conn=1, queue="q", durable=False, exclusive=True),
        "app > broker: queue.declare q classic transient exclusive",
    ),
    (ev.QueueBound(**BIND), "app > broker: queue.bind q x a.*"),
    (ev.QueueUnbound(**BIND), "app > broker: queue.unbind q x a.*"),
    (ev.QueuePurged(conn=1, queue="q", count=3), "app > broker: queue.purge q messages=3 [bad]"),
    (ev.QueuePurged(conn=1, queue="q", count=0), "app > broker: queue.purge q messages=0"),
    (ev.QueueDeleted(conn=1, queue="q", count=3), "app > broker: queue.delete q messages=3 [bad]"),
    (
        ev.ConsumerStarted(**CONSUME, auto_ack=False, prefetch=5),
        "app > broker: basic.consume q prefetch=5",
    ),
    (
        ev.ConsumerStarted(**CONSUME, auto_ack=False, prefetch=0),
        "app > broker: basic.consume q prefetch=no limit",
    ),
    (ev.ConsumerStarted(**CONSUME, auto_ack=True, prefetch=5), "app > broker: basic.consume q no-ack"),
    (ev.ConsumerCancelled(**ON, consumer="c", by="client"), "app > broker: basic.cancel c"),
    (ev.ConsumerCancelled(**ON, consumer="c", by="broker"), "broker > app: basic.cancel c [bad]"),
    (ev.Published(**PUBLISH), "app > broker: basic.publish q persistent"),
    (
        ev.Published(**{**PUBLISH, "exchange": "x", "persistent": False}),
        "app > broker: basic.publish x q transient",
    ),
    (
        ev.Published(**{**PUBLISH, "routing_key": "results", "result_of": "t1"}),
        "app > broker: basic.publish results",
    ),
    (ev.Confirmed(**TASK), "broker > app: basic.ack confirm [ok]"),
    (ev.Confirmed(**TASK, ok=False), "broker > app: basic.nack confirm [bad]"),
    (ev.Returned(**TASK, code=312, text="NO_ROUTE"), "broker > app: basic.return 312 NO_ROUTE [bad]"),
    (ev.Delivered(**DELIVER), "broker > app: basic.deliver tag=7"),
    (
        ev.Delivered(**{**DELIVER, "redelivered": True, "auto_ack": True}, delivery_count=2),
        "broker > app: basic.deliver tag=7 redelivered no-ack x-delivery-count=2 [again]",
    ),
    (ev.Delivered(**{**DELIVER, "consumer": ""}), "broker > app: basic.get-ok tag=7"),
    (ev.Acked(**DELIVERY), "app > broker: basic.ack tag=7 [ok]"),
    (ev.Nacked(**DELIVERY, requeue=True), "app > broker: basic.nack tag=7 requeue=true [again]"),
    (ev.Nacked(**DELIVERY, requeue=False), "app > broker: basic.nack tag=7 requeue=false [bad]"),
    (ev.Rejected(**DELIVERY, requeue=True), "app > broker: basic.reject tag=7 requeue=true [again]"),
    (ev.Rejected(**DELIVERY, requeue=False), "app > broker: basic.reject tag=7 requeue=false [bad]"),
    (ev.HoldArmed(conn=1, method="basic.ack"), "unacked > app: hold the next basic.ack"),
    (ev.HoldDisarmed(conn=1, method="basic.ack"), "unacked > app: hold no basic.ack any more"),
    (ev.Held(**ON, method="basic.ack", tag=7), "unacked > app: basic.ack tag=7 held [bad]"),
    (ev.Held(**ON, method="basic.publish"), "unacked > app: basic.publish held [bad]"),
    (ev.Released(**ON, method="basic.ack", tag=7), "unacked > app: basic.ack tag=7 released"),
    (ev.Released(**ON, method="basic.ack", dropped=True), "unacked > app: basic.ack dropped [bad]"),
    (ev.Blackholed(conn=1), "unacked > app: black hole nothing gets through [bad]"),
    (ev.Restored(conn=1), "unacked > app: black hole over"),
    (ev.Restored(conn=1, gone=True), "unacked > app: black hole over, too late"),
    (ev.Delayed(conn=1, ms=500), "unacked > app: delay 500 ms [bad]"),
    (ev.Delayed(conn=1, ms=0), "unacked > app: delay off"),
    (
        ev.WorkerStarted(**WORKER, pid=4121, ack="auto", prefetch=1, queue="q"),
        "unacked > app: process started pid 4121",
    ),
    (ev.WorkerExited(**WORKER, pid=4121, signal="SIGKILL"), "app > : process exited SIGKILL [bad]"),
    (ev.WorkerExited(**WORKER, pid=4121, code=1), "app > : process exited exit code 1 [bad]"),
    (ev.WorkerExited(**WORKER, pid=4121, code=0), "app > : process exited exit code 0"),
    (ev.WorkerAsked(**WORKER, action="stop"), "unacked > app: kill -9 [bad]"),
    (ev.WorkerAsked(**WORKER, action="finish"), "unacked > app: SIGTERM"),
    (ev.WorkerFrozen(**WORKER), "unacked > app: SIGSTOP [bad]"),
    (ev.WorkerThawed(**WORKER), "unacked > app: SIGCONT"),
    (
        ev.BrokerStarted(**STARTED, product="RabbitMQ", version="4.1.0"),
        "broker > : broker started RabbitMQ 4.1.0 [ok]",
    ),
    (ev.BrokerStopped(kind="embedded"), "broker > : broker stopped [bad]"),
    (ev.BrokerStopped(kind="external", detail="refused"), "broker > : broker stopped refused [bad]"),
]


def words(made: dict[str, Any]) -> str:
    said = f"{made['who']} > {made['to']}: {made['method']} {made['detail']}".strip()
    return f"{said} [{made['tone']}]" if made["tone"] else said


def lines(state: State) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = view(state)["wire"]
    return made


@pytest.mark.parametrize(("event", "told"), TOLD, ids=[told for _, told in TOLD])
def test_an_event_is_a_line(event: Event, told: str) -> None:
    made = line(event, "app", None)
    assert words(made) == told
    assert json.loads(json.dumps(made)) == made


def test_every_kind_of_event_has_a_line_or_is_left_out_on_purpose() -> None:
    kinds = set(ev.AnyEvent.__args__)
    assert set(LINES) == kinds - UNTOLD
    assert {type(event) for event, _ in TOLD} == set(LINES)


def test_every_line_has_the_same_fields() -> None:
    for made in (line(TOLD[0][0], "app", "t1"), skipped(3, TOLD[0][0])):
        assert list(made) == ["seq", "at", "who", "to", "method", "detail", "task", "tone"]


@pytest.mark.parametrize(("event", "told"), TOLD, ids=[told for _, told in TOLD])
def test_the_state_logs_it_once(event: Event, told: str) -> None:
    """Even of a connection and a worker that nobody knows: it has passed."""
    now = State()
    projection.apply(now, event)
    assert len(lines(now)) == len(lines(now)) == 1
    assert lines(now)[0]["method"] in told


@pytest.mark.parametrize("kind", [ev.WorkerPrinted, ev.QueueCounted])
def test_what_is_no_traffic_is_not_logged(kind: type[Event]) -> None:
    now = State()
    fields = {"worker": "worker-1", "line": "[x] Done"} if kind is ev.WorkerPrinted else {"queue": "q"}
    projection.apply(now, kind(**fields))
    assert lines(now) == []


def test_a_line_names_the_lane_the_producer_or_the_client_itself() -> None:
    wire = Wire()
    wire.worker(1)
    wire.opened(2, "producer", "Unacked producer 0.1.0")
    wire.opened(3, "worker-1")
    for conn in (2, 3):
        wire.published(f"t{conn}", conn=conn)
    wire.delivered("t2", 1)
    wire.consumes(3)
    said = [words(made) for made in lines(wire.state)]
    assert said == [
        "unacked > worker-1: process started pid 4121",
        "broker > worker-1: connection.open-ok heartbeat=0",
        "worker-1 > broker: basic.consume task_queue prefetch=1",
        "broker > producer: connection.open-ok heartbeat=0",
        "broker > worker-1: connection.open-ok heartbeat=0",  # nobody yet: as it calls itself
        "producer > broker: basic.publish task_queue persistent",
        "worker-1 > broker: basic.publish task_queue persistent",  # among producers its name is free
        "broker > worker-1: basic.deliver tag=1",
        "worker-1-2 > broker: basic.consume task_queue prefetch=no limit",
    ]


def test_a_producer_is_named_as_the_page_names_it() -> None:
    wire = Wire(guests=("sender", "sender"))
    for conn in (1, 2):
        wire.published(f"t{conn}", conn=conn)
    assert [made["who"] for made in lines(wire.state)[2:]] == ["sender", "sender-2"]


def test_a_line_names_its_task_as_long_as_that_is_known() -> None:
    wire = Wire(guests=("app",))
    wire.published("t1")
    tag = wire.delivered("t1", 1)
    wire.acked("t1", 1, tag)
    wire.acked("t1", 1, tag)  # of nothing
    assert [made["task"] for made in lines(wire.state)[1:]] == ["t1", "t1", "t1", None]


def test_a_result_is_a_line_about_its_task() -> None:
    wire = Wire(guests=("app",))
    wire.published("t1")
    wire.delivered("t1", 1)
    wire.result("t1", 1)
    last = lines(wire.state)[-1]
    assert (words(last), last["task"]) == ("app > broker: basic.publish results", "t1")


def test_a_copy_is_named_by_its_own_key() -> None:
    wire = Wire(guests=("app",))
    for queue in ("q1", "q2"):
        wire.published("t1", queue=queue)
    wire.delivered("t1", 1, queue="q2")
    assert [made["task"] for made in lines(wire.state)[1:]] == ["t1", "t1@q2", "t1@q2"]


@pytest.mark.parametrize(
    ("auto", "end", "told"),
    [
        (False, ev.ConnectionClosed(conn=1, by="network"), "tcp closed 2 unacked"),
        (True, ev.ConnectionClosed(conn=1, by="network"), "tcp closed 2 lost"),
        (
            False,
            ev.ChannelClosed(**ON, by="broker", code=406, text="TIMEOUT"),
            "channel.close 406 TIMEOUT 2 unacked",
        ),
    ],
)
def test_the_end_of_a_connection_or_channel_says_what_it_cost(auto: bool, end: Event, told: str) -> None:
    wire = Wire(guests=("app",))
    for task in ("t1", "t2"):
        wire.published(task)
        wire.delivered(task, 1, auto=auto)
    projection.apply(wire.state, end)
    last = lines(wire.state)[-1]
    assert f"{last['method']} {last['detail']}" == told


def test_what_an_end_cost_is_said_once() -> None:
    wire = Wire(guests=("app",))
    wire.published("t1")
    wire.delivered("t1", 1)
    wire.say(ev.ChannelClosed, conn=1, channel=1, by="client", code=200)
    wire.delivered("t1", 1, again=True, channel=2)
    wire.acked("t1", 1, 1, channel=2)
    wire.closed(1, by="client", code=200)
    told = [made["detail"] for made in lines(wire.state)[-4:]]
    assert told == ["200 1 unacked", "tag=1 redelivered", "tag=1", "200"]


def test_a_line_says_when_it_was() -> None:
    event = ev.Acked(**DELIVERY, seq=12, at=3.25)
    assert (line(event, "app", None)["seq"], line(event, "app", None)["at"]) == (12, 3.25)


def test_a_line_stays_as_it_was_said() -> None:
    """A guest's lane was called otherwise when it spoke: the log does not change afterwards."""
    wire = Wire(guests=("worker-1",))
    wire.published("t1")
    wire.delivered("t1", 1)
    before = lines(wire.state)
    wire.process("worker-1")
    assert wire.state.conns[1].label == "worker-1-2"
    assert lines(wire.state)[: len(before)] == before
