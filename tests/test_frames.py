"""Frames: a keyframe and the deltas after it are the next keyframe, whatever happened; a delta has what changed, and no more."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.history import NAMES, Wire, play, read
from tests.soup import SOUPS, tiny
from tests.viewer import Viewer
from webapp import events as ev
from webapp.events import Event
from webapp.frames import MAPS, STAMPS, delta, report, view
from webapp.projection import State, apply

BOUNDS = pytest.mark.parametrize("bounds", [nullcontext, tiny], ids=["bounds as they are", "tiny bounds"])
Bounds = type[AbstractContextManager[None]]


def watch(events: Iterable[Event], strides: list[int]) -> None:
    """Looks after so many events, again and again; and once more at the end."""
    now = State()
    viewer = Viewer(now)
    left = strides[0]
    for n, event in enumerate(events):
        apply(now, event)
        left -= 1
        if not left:
            viewer.look()
            left = strides[(n + 1) % len(strides)]
    viewer.look()
    viewer.close()


STRIDES = st.lists(st.integers(1, 9), min_size=1, max_size=6)


# -- a keyframe and its deltas ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@BOUNDS
def test_a_keyframe_and_the_deltas_of_a_history_are_the_next_keyframe(bounds: Bounds, name: str) -> None:
    with bounds():
        for strides in ([1], [2], [3, 1], [7], [1_000]):
            watch(read(name), strides)


@BOUNDS
@settings(max_examples=40)
@given(events=SOUPS)
def test_a_keyframe_and_the_deltas_of_any_events_are_the_next_keyframe(
    bounds: Bounds, events: list[Event]
) -> None:
    with bounds():
        watch(events, [1])


@BOUNDS
@given(events=SOUPS, strides=STRIDES)
def test_and_so_they_are_when_somebody_looks_only_now_and_then(
    bounds: Bounds, events: list[Event], strides: list[int]
) -> None:
    with bounds():
        watch(events, strides)


@given(SOUPS, STRIDES)
def test_who_looks_seldom_sees_what_who_looks_often_sees(events: list[Event], strides: list[int]) -> None:
    """But for the wire log, whose lines are made when somebody looks. What is kept of pictures is never out of date."""
    often, seldom, never = State(), State(), State()
    left = strides[0]
    for n, event in enumerate(events):
        for each in (often, seldom, never):
            apply(each, event)
        view(often)
        left -= 1
        if not left:
            report(seldom)
            left = strides[(n + 1) % len(strides)]
    views = [{**view(each), "wire": None} for each in (often, seldom, never)]
    assert views[0] == views[1] == views[2]
    assert report(often) == report(seldom) == report(never)


# -- what is in a delta -------------------------------------------------------------------------------------------


def test_where_nothing_changed_there_is_no_delta() -> None:
    now = play("two_workers_share_six_tasks")
    old = view(now)
    assert delta(old, view(now)) is None
    apply(now, ev.QueueCounted(queue="task_queue", ready=0, seq=now.seq + 1, at=now.at + 1))
    new = view(now)
    assert new["seq"] > old["seq"]
    assert delta(old, new) is None


def test_a_task_that_did_not_change_is_the_same_object_in_the_next_view() -> None:
    wire = Wire(guests=("laptop",))
    for task in ("t1", "t2"):
        wire.published(task)
    before = view(wire.state)["tasks"]
    wire.delivered("t1", 1)
    after = view(wire.state)["tasks"]
    assert after["t2"] is before["t2"]
    assert after["t1"] is not before["t1"]
    assert (before["t1"]["state"], after["t1"]["state"]) == ("ready", "unacked")


def nacked_late(wire: Wire) -> None:
    wire.say(ev.Nacked, conn=1, channel=1, tag=1, task="t1", requeue=True)


def channel_closed_late(wire: Wire) -> None:
    wire.say(ev.ChannelClosed, conn=1, channel=1, by="client")


def connection_closed_late(wire: Wire) -> None:
    wire.closed(1)


def lane_called_otherwise(wire: Wire) -> None:
    wire.process("worker-1")


def told_twice(wire: Wire) -> None:
    wire.result("t1", 1)


@pytest.mark.parametrize(
    "event", [nacked_late, channel_closed_late, connection_closed_late, lane_called_otherwise, told_twice]
)
def test_a_task_that_is_elsewhere_by_now_is_shown_anew(event: Callable[[Wire], None]) -> None:
    """What comes late is about an attempt that is over: the task's state does not change, its picture does."""
    wire = Wire(guests=("worker-1", "other"))
    wire.published("t1")
    wire.delivered("t1", 1)
    wire.delivered("t1", 2, again=True)
    viewer = Viewer(wire.state)
    event(wire)
    change = viewer.look()
    assert change is not None and list(change["tasks"]) == ["t1"]


def test_a_confirm_changes_its_task_and_the_wire_log_only() -> None:
    wire = Wire(guests=("app",))
    wire.published("t1", conn=1)
    viewer = Viewer(wire.state)
    wire.say(ev.Confirmed, conn=1, channel=1, task="t1")
    change = viewer.look()
    assert change is not None
    assert set(change) == {*STAMPS, "tasks", "wire"}
    assert change["tasks"]["t1"]["confirmed_at"] == wire.state.at


def test_a_delivery_changes_its_task_its_queue_its_lane_the_ledger_and_the_wire_log() -> None:
    wire = Wire(guests=("laptop", "other"))
    for conn in (1, 2):
        wire.consumes(conn)
    wire.say(ev.QueueDeclared, conn=1, queue="another")
    for task in ("t1", "t2"):
        wire.published(task)
    viewer = Viewer(wire.state)
    wire.delivered("t1", 1)
    change = viewer.look()
    assert change is not None
    assert set(change) == {*STAMPS, "queues", "workers", "tasks", "ledger", "wire"}
    assert [list(change[name]) for name in MAPS if name in change] == [["task_queue"], ["laptop"], ["t1"]]
    assert change["queues"]["task_queue"]["window"] == ["t2"]
    assert change["workers"]["laptop"]["holding"] == ["t1"]
    assert [line["method"] for line in change["wire"]] == ["basic.deliver"]


def test_what_a_worker_prints_changes_its_lane_only() -> None:
    wire = Wire()
    wire.worker(1)
    viewer = Viewer(wire.state)
    wire.say(ev.WorkerPrinted, worker="worker-1", line="[*] Waiting")
    change = viewer.look()
    assert change is not None
    assert set(change) == {*STAMPS, "workers"}
    assert change["workers"]["worker-1"]["output"] == ["[*] Waiting"]


def test_a_queue_that_goes_is_null() -> None:
    wire = Wire(guests=("app",))
    wire.say(ev.QueueDeclared, conn=1, queue="brief")
    viewer = Viewer(wire.state)
    wire.say(ev.QueueDeleted, conn=1, queue="brief", count=0)
    change = viewer.look()
    assert change is not None and change["queues"] == {"brief": None}
    assert "brief" not in viewer.merged["queues"]


def test_a_worker_that_goes_is_null() -> None:
    wire = Wire()
    wire.process()
    wire.say(ev.WorkerExited, worker="worker-1", pid=4121, signal="SIGTERM")
    viewer = Viewer(wire.state)
    wire.say(ev.WorkerRemoved, worker="worker-1")
    change = viewer.look()
    assert change is not None and change["workers"] == {"worker-1": None}


def test_a_producer_that_goes_is_null() -> None:
    with tiny():
        wire = Wire(guests=("first", "second"))
        for conn in (1, 2):
            wire.published(f"t{conn}", conn=conn)
        wire.closed(1)
        viewer = Viewer(wire.state)
        wire.closed(2)
        change = viewer.look()
    assert change is not None and change["producers"]["first"] is None
    assert list(viewer.merged["producers"]) == ["second"]


def test_a_task_that_leaves_the_picture_is_null() -> None:
    with tiny():
        wire = Wire()
        for n in range(3):
            wire.published(f"t{n}")
        viewer = Viewer(wire.state)
        assert viewer.view["queues"]["task_queue"]["window"] == ["t0", "t1"]
        wire.say(ev.Returned, conn=9, channel=1, task="t0", code=312, text="NO_ROUTE")
        wire.say(ev.QueuePurged, conn=9, queue="task_queue", count=2)
        change = viewer.look()
    assert change is not None
    assert viewer.merged["dead"] == ["t2", "t1"]
    assert change["tasks"]["t0"] is None


def test_a_reset_begins_a_new_run_with_an_empty_wire_log() -> None:
    now = State()
    viewer = Viewer(now)
    runs = []
    for event in read("reset"):
        apply(now, event)
        change = viewer.look()
        if isinstance(event, ev.RunReset):
            assert change is not None
            assert change["run"] == 2
            assert viewer.merged["wire"] == [] and viewer.merged["tasks"] == {}
            assert not any(viewer.merged["ledger"].values())
            assert list(viewer.merged["workers"]) == ["worker-1", "laptop"]
        runs.append(viewer.merged["run"])
    assert runs == sorted(runs)


def test_another_engine_begins_at_nought_and_is_another_run() -> None:
    now = play("two_workers_share_six_tasks")
    viewer = Viewer(now)
    apply(now, ev.RunStarted(started="2026-11-24T11:00:00+00:00", seq=1, at=0.001))
    change = viewer.look()
    assert change is not None
    assert (change["run"], change["seq"], change["at"]) == (2, 1, 0.001)
    assert viewer.merged["workers"] == {} and list(viewer.merged["queues"]) == ["task_queue"]


def test_another_engine_may_say_what_the_last_one_said() -> None:
    """Number, time and words of a line are the same, and it is another line."""
    up = ev.BrokerStarted(kind="external", product="", version="", url="", amqp_port=1, seq=2, at=0.5)
    now = State()
    viewer = Viewer(now)
    for event in (ev.RunStarted(started="", seq=1), up, ev.RunStarted(started="", seq=1), up):
        apply(now, event)
        if event is up:
            viewer.look()
    assert len(viewer.merged["wire"]) == 1


def test_an_ack_without_a_result_of_a_task_that_has_one_was_a_skip_if_the_worker_is_ours() -> None:
    wire = Wire(guests=("laptop",))
    wire.worker(2)
    wire.worker(3, "worker-2")
    for task in ("t1", "t2", "t3"):
        wire.published(task)
    wire.delivered("t1", 2)
    wire.result("t1", 2)
    wire.closed(2)
    wire.acked("t1", 3, wire.delivered("t1", 3, again=True))  # skipped: the result was known
    wire.acked("t2", 3, wire.delivered("t2", 3))  # no result at all: nothing was known
    wire.delivered("t3", 3)
    wire.result("t3", 3)
    wire.closed(3)
    wire.acked("t3", 1, wire.delivered("t3", 1, again=True))  # a guest publishes no results
    known = {task["id"]: [each["known"] for each in task["attempts"]] for task in report(wire.state)["tasks"]}
    assert known == {"t1": [False, True], "t2": [False], "t3": [False, False]}
