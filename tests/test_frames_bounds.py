"""A frame is bounded, whatever passed: windows of tasks, so many queues, so many lines of the wire log."""

import json

import pytest

from tests.history import Wire
from tests.soup import tiny
from tests.viewer import Viewer, check_view
from webapp import events as ev
from webapp import frames, records, state
from webapp.events import Event
from webapp.frames import delta, merge, view
from webapp.projection import State, apply


def test_ten_thousand_waiting_tasks_are_a_window_and_a_number() -> None:
    now = State()
    apply(now, ev.RunStarted(started=""))
    apply(now, ev.ConnectionOpened(conn=1, name="producer", product="Unacked producer", peer="127.0.0.1:5"))
    empty = view(now)
    sizes = []
    for n in range(10_000):
        apply(now, publish(n + 1, f"task-{n:06}"))
        if n + 1 in (100, 10_000):
            shown = view(now)
            sizes.append(len(json.dumps(shown)))
    assert shown["ledger"]["ready"] == shown["queues"]["task_queue"]["ready"] == 10_000
    assert list(shown["tasks"]) == [f"task-{n:06}" for n in range(frames.WINDOW)]
    assert sizes[1] < sizes[0] * 2, sizes  # twice as many lines of the wire log, or nearly
    change = delta(empty, shown)
    assert change is not None
    assert len(change["tasks"]) == frames.WINDOW
    assert merge(empty, change) == shown


def publish(seq: int, task: str, body: str = "m...", queue: str = "task_queue") -> Event:
    return ev.Published(
        seq=seq, at=seq / 1000, conn=1, channel=1, task=task, queue=queue, exchange="", routing_key=queue,
        persistent=True, body=body, size=len(body),
    )  # fmt: skip


def test_tasks_in_the_picture_are_never_more_than_the_windows_hold() -> None:
    """Ready in more queues than are shown, held by two lanes, dropped, done, lost and dead: as many of each as there can be."""
    wire = Wire(guests=("one", "two"))
    now, many = wire.state, 70
    for queue in range(frames.QUEUES_SHOWN + 8):
        for n in range(many):
            apply(now, publish(now.seq + 1, f"ready-{queue}-{n}", queue=f"q{queue}"))
    for what, kind in (("unacked", None), ("done", ev.Acked), ("dead", ev.Rejected), ("lost", None)):
        for n in range(many):
            key = f"{what}-{n}"
            apply(now, publish(now.seq + 1, key))
            conn = 2 if what == "lost" else 1
            wire.tags[conn, 1] = tag = wire.tags.get((conn, 1), 0) + 1
            where = {"conn": conn, "channel": 1, "tag": tag, "task": key}
            delivery = {"queue": "task_queue", "consumer": "c", "exchange": "", "routing_key": "task_queue"}
            apply(
                now,
                ev.Delivered(**where, **delivery, auto_ack=conn == 2, redelivered=False, body="m", size=1),
            )
            if kind is ev.Acked:
                apply(now, ev.Acked(**where))
            elif kind is ev.Rejected:
                apply(now, ev.Rejected(**where, requeue=False))
    assert len(view(now)["workers"]["two"]["holding"]) == frames.WINDOW
    wire.closed(2)
    shown = view(now)
    check_view(shown)
    assert len(shown["queues"]) == frames.QUEUES_SHOWN
    assert next(iter(shown["queues"])) == "task_queue", "the demo's own queue is always among those shown"
    assert shown["ledger"]["lost"] == shown["ledger"]["dead"] == shown["ledger"]["unacked"] == many
    assert len(shown["workers"]["one"]["holding"]) == frames.WINDOW
    assert len(shown["workers"]["two"]["dropped"]) == records.DROPPED_KEPT
    counts = {
        state: sum(task["state"] == state for task in shown["tasks"].values())
        for state in (*records.OPEN, *records.SETTLED)
    }
    assert counts == {
        "ready": (frames.QUEUES_SHOWN - 1) * frames.WINDOW,  # the demo's own queue is empty
        "unacked": frames.WINDOW,
        "at_risk": 0,
        "done": frames.DONE_SHOWN,
        "lost": many,  # the latest on their shelf, and those that the dead lane has dropped
        "dead": frames.GONE_SHOWN,
    }


def test_the_demos_own_queue_comes_first_then_those_with_something_in_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frames, "QUEUES_SHOWN", 2)
    wire = Wire()
    wire.say(ev.QueueDeclared, conn=1, queue="empty")
    wire.published("t1", queue="full")
    wire.say(ev.SettingsChanged, ack="manual", prefetch=1, queue="own")
    assert list(wire.state.queues) == ["task_queue", "empty", "full", "own"]
    assert list(view(wire.state)["queues"]) == ["own", "full"]


def test_the_latest_settled_are_shown_the_latest_first() -> None:
    with tiny():
        wire = Wire(guests=("app",))
        for task in ("t1", "t2", "t3"):
            wire.published(task)
            wire.acked(task, 1, wire.delivered(task, 1))
        assert list(view(wire.state)["tasks"]) == ["t3"]


def test_a_view_takes_so_many_new_lines_and_counts_the_rest() -> None:
    wire = Wire()
    viewer = Viewer(wire.state)
    for n in range(100):
        apply(wire.state, publish(n + 10, f"t{n}"))
    change = viewer.look()
    assert change is not None
    first, *others = change["wire"]
    assert len(change["wire"]) == frames.LINES_A_VIEW
    assert (first["method"], first["detail"]) == ("…", f"{100 - len(others)} more")
    assert [line["task"] for line in others] == [f"t{n}" for n in range(100)][-len(others) :]


def test_the_wire_log_forgets_its_oldest_lines() -> None:
    wire = Wire()
    viewer = Viewer(wire.state)
    for n in range(1_000):
        apply(wire.state, publish(n + 10, f"t{n}"))
        if n % 50 == 49:
            viewer.look()
    assert len(viewer.merged["wire"]) == state.LOG_KEPT
    assert [line["task"] for line in viewer.merged["wire"]] == [f"t{n}" for n in range(1_000)][
        -state.LOG_KEPT :
    ]


def test_dots_count_for_an_hour_at_most() -> None:
    wire = Wire()
    for dots in (3, ev.PREVIEW):
        wire.published(f"t{dots}", body="." * dots)
    assert [task["seconds"] for task in view(wire.state)["tasks"].values()] == [3, ev.PREVIEW]
    wire.published("long", body="." * 5_000)
    assert view(wire.state)["tasks"]["long"]["seconds"] == frames.DOTS_MAX == 3_600


def test_of_what_a_worker_dropped_the_first_are_named_and_all_are_counted() -> None:
    wire = Wire(guests=("one", "two"))
    for n in range(100):
        wire.published(f"t{n}")
        wire.delivered(f"t{n}", 1)
    wire.delivered("t0", 2, again=True)  # seen before the end of the connection it comes from
    wire.closed(1)
    lane = wire.state.workers["one"]
    assert (len(lane.dropped), lane.fallen) == (records.DROPPED_KEPT, 100)
    assert view(wire.state)["workers"]["one"]["fallen"] == 100
    wire.opened(3, "one")
    wire.consumes(3)
    assert (lane.dropped, lane.fallen) == ([], 0)


def test_a_body_that_is_not_here_whole_takes_as_long_as_all_of_its_dots() -> None:
    wire = Wire(guests=("one",))
    wire.published("long", body="m" * ev.PREVIEW, dots=500, size=800)
    wire.delivered("elsewhere", 1, body="." * ev.PREVIEW, dots=400, size=400)
    wire.published("short", body="m...")
    seconds = {key: task["seconds"] for key, task in view(wire.state)["tasks"].items()}
    assert seconds == {"long": 500, "elsewhere": 400, "short": 3}
