"""Who is there: lanes of local workers and of guests, and producers."""

import pytest

from tests.history import Wire, names, play, states
from webapp import events as ev

# -- lanes and producers ------------------------------------------------------------------------------------------


def test_a_guest_joins_leaves_and_takes_its_old_lane() -> None:
    state = play("guest_joins_and_leaves", "ConnectionClosed")
    lane = state.workers["laptop-node"]
    assert (lane.kind, lane.state, lane.why, lane.done, lane.dropped) == (
        "guest",
        "stopped",
        "left",
        1,
        ["t3"],
    )

    state = play("guest_joins_and_leaves")
    assert list(state.workers) == ["worker-1", "laptop-node", "pika-40405"]
    lane = state.workers["laptop-node"]
    assert (lane.state, lane.done, lane.product, lane.queue) == ("idle", 1, "amqplib 0.10.3", "task_queue")
    hello = state.workers["pika-40405"]
    assert (hello.state, hello.ack, hello.queue) == ("working", "auto", "hello")
    assert [(each.name, each.kind, each.up) for each in state.producers.values()] == [
        ("producer", "local", True),
        ("pika-40404", "guest", False),
    ]


def test_a_connection_becomes_a_lane_by_what_it_does() -> None:
    wire = Wire(guests=("watcher", "sender", "getter"))
    assert not wire.state.workers and not wire.state.producers
    wire.published("t1", conn=2)
    assert list(wire.state.producers) == ["sender"]
    wire.delivered("t1", 3, consumer="")
    assert list(wire.state.workers) == ["getter"]
    assert wire.state.conns_of("getter") == [3]
    assert wire.state.conns_of("nobody") == []


@pytest.mark.parametrize(
    ("name", "product", "peer", "shown"),
    [
        ("laptop", "pika 1.4.4", "127.0.0.1:5", "laptop"),
        ("", "pika 1.4.4", "127.0.0.1:50001", "pika-50001"),
        ("", "", "[::1]:50001", "client-50001"),
        ("Zoë's <b>laptop</b>", "", ":1", "Zo-s-b-laptop-b"),
        ("../../etc", "", ":1", "etc"),
        ("…", "", ":1", "client-1"),
        ("x" * 100, "", ":1", "x" * 40),
        ("worker 1", "", ":1", "worker-1"),
    ],
)
def test_a_guests_name_is_fit_for_a_lane(name: str, product: str, peer: str, shown: str) -> None:
    wire = Wire()
    wire.opened(1, name, product, peer)
    wire.consumes(1)
    assert list(wire.state.workers) == [shown]


def test_guests_of_the_same_name_are_told_apart() -> None:
    wire = Wire(guests=("x" * 50, "x" * 50, "x" * 50))
    for conn in (1, 2, 3):
        wire.consumes(conn)
    assert list(wire.state.workers) == ["x" * 40, "x" * 38 + "-2", "x" * 38 + "-3"]
    wire.closed(2)
    wire.opened(4, "x" * 50)
    wire.consumes(4)
    assert wire.state.conns_of("x" * 38 + "-2") == [4]


def test_a_guest_with_the_name_of_a_worker_does_not_take_its_lane() -> None:
    wire = Wire()
    wire.worker(1)
    wire.opened(2, "worker-1")
    wire.consumes(2)
    assert [(lane.name, lane.kind) for lane in wire.state.workers.values()] == [
        ("worker-1", "local"),
        ("worker-1-2", "guest"),
    ]


def test_a_guest_makes_way_for_a_worker_of_its_name() -> None:
    wire = Wire(guests=("worker-1",))
    wire.published("t1")
    wire.delivered("t1", 1)
    wire.process("worker-1")
    guest, local = wire.state.workers["worker-1-2"], wire.state.workers["worker-1"]
    assert (guest.kind, local.kind) == ("guest", "local")
    assert wire.state.tasks["t1"].lane is guest
    wire.acked("t1", 1, 1)
    assert (guest.done, local.done) == (1, 0)


def test_only_our_own_product_is_the_producer() -> None:
    wire = Wire()
    wire.opened(1, "producer", "somebody's 1.0")
    wire.opened(2, "producer", "Unacked producer 0.1.0")
    for conn in (1, 2):
        wire.published(f"t{conn}", conn=conn)
    assert {each.name: each.kind for each in wire.state.producers.values()} == {
        "producer-2": "guest",
        "producer": "local",
    }
    wire.closed(2)
    wire.opened(3, "producer", "Unacked producer 0.1.0")
    wire.published("t3", conn=3)
    assert wire.state.producers["producer"].published == 2


def test_a_lane_says_what_it_is_doing_and_since_when() -> None:
    wire = Wire()
    seen: list[tuple[str, bool]] = []

    def look() -> None:
        lane = wire.state.workers["worker-1"]
        seen.append((lane.state, lane.since == wire.state.at))

    wire.process()
    look()
    wire.opened(1, "worker-1")
    look()
    wire.consumes(1, prefetch=1)
    look()
    wire.published("t1")
    tag = wire.delivered("t1", 1)
    look()
    wire.say(ev.WorkerPrinted, worker="worker-1", line="[x] Received")
    look()
    wire.acked("t1", 1, tag)
    look()
    wire.say(ev.WorkerFrozen, worker="worker-1")
    look()
    wire.say(ev.WorkerThawed, worker="worker-1")
    look()
    wire.say(ev.WorkerExited, worker="worker-1", pid=4121, code=1, restart_in=0.5)
    look()
    wire.say(ev.WorkerExited, worker="worker-1", pid=4121, code=1, asked="stop")
    look()
    assert seen == [
        ("starting", True),
        ("starting", False),
        ("idle", True),
        ("working", True),
        ("working", False),
        ("idle", True),
        ("frozen", True),
        ("idle", True),
        ("starting", True),
        ("stopped", True),
    ]
    assert wire.state.workers["worker-1"].why == "exit code 1"
    assert list(wire.state.workers["worker-1"].output) == ["[x] Received"]


def test_news_under_auto_ack_are_no_work_for_a_lane_that_acks_its_work() -> None:
    wire = Wire(guests=("celery",))
    wire.consumes(1, queue="news", auto=True)
    wire.delivered("n1", 1, auto=True, queue="news")
    lane = wire.state.workers["celery"]
    assert lane.state == "working"
    wire.consumes(1, queue="celery", prefetch=8)
    assert lane.state == "idle"
    wire.published("t1", queue="celery")
    tag = wire.delivered("t1", 1, queue="celery")
    assert lane.state == "working"
    wire.acked("t1", 1, tag)
    assert (lane.state, names(lane.holding())) == ("idle", ["n1"])


def test_settings_change_and_the_worker_that_finishes_comes_back_with_them() -> None:
    state = play("settings_changed_to_auto_ack", "WorkerAsked")
    lane = state.workers["worker-1"]
    assert (lane.leaving, lane.state, lane.ack, lane.prefetch) == (True, "working", "manual", 1)
    state = play("settings_changed_to_auto_ack", "Delivered", 2)
    lane = state.workers["worker-1"]
    assert (lane.leaving, lane.ack, lane.prefetch) == (False, "auto", 5)
    assert (state.settings.ack, state.settings.prefetch) == ("auto", 5)
    assert states(state) == {"t1": "done", "t2": "at_risk"}
    state = play("settings_changed_to_auto_ack")
    assert (state.workers["worker-1"].state, state.workers["worker-1"].why) == ("stopped", "SIGTERM")


def test_a_new_run_keeps_the_guests_that_are_there_and_forgets_those_that_left() -> None:
    wire = Wire(guests=("stays", "left"))
    wire.published("t0")
    wire.delivered("t0", 1)
    wire.published("t1")
    wire.delivered("t1", 2)
    wire.acked("t1", 2, 1)
    wire.say(ev.ConnectionClosed, conn=2, by="network")
    assert set(wire.state.workers) == {"stays", "left"}
    wire.say(ev.RunReset)
    assert set(wire.state.workers) == {"stays"}
