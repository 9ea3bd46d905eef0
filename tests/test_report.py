"""What REST says of the state, and of one task."""

import pytest
from hypothesis import given

from tests.history import Wire, play
from tests.soup import SOUPS
from tests.viewer import plain
from webapp import events as ev
from webapp import frames
from webapp.events import Event
from webapp.frames import report
from webapp.projection import State, apply


@given(SOUPS)
def test_the_report_is_json_and_has_every_open_task(events: list[Event]) -> None:
    now = State()
    for event in events:
        apply(now, event)
    told = report(now)
    assert plain(told) == told
    assert told["ledger"] == now.ledger
    assert [task["n"] for task in told["tasks"]] == sorted(task.n for task in now.tasks.values())
    assert [lane["name"] for lane in told["workers"]] == [
        lane.name for lane in sorted(now.workers.values(), key=lambda lane: lane.order)
    ]
    assert {queue["name"]: queue["ready"] for queue in told["queues"]} == {
        name: len(queue) for name, queue in now.queues.items()
    }
    for lane in told["workers"]:
        assert lane["holding"] == [task.key for task in now.workers[lane["name"]].holding()]


def test_the_report_has_the_latest_settled_of_all_kinds_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "SETTLED_REPORTED", 3)
    wire = Wire(guests=("app",))
    for n in range(6):
        wire.published(f"t{n}")
    for n in (4, 3, 2, 0):
        tag = wire.delivered(f"t{n}", 1)
        if n % 2:
            wire.say(ev.Rejected, conn=1, channel=1, tag=tag, task=f"t{n}", requeue=False)
        else:
            wire.acked(f"t{n}", 1, tag)
    assert [(task["id"], task["state"]) for task in report(wire.state)["tasks"]] == [
        ("t0", "done"),
        ("t1", "ready"),
        ("t2", "done"),
        ("t3", "dead"),
        ("t5", "ready"),
    ]


# -- one task -----------------------------------------------------------------------------------------------------


def test_a_task_that_came_back_shows_both_attempts() -> None:
    tasks = {task["id"]: task for task in report(play("worker_killed_task_comes_back"))["tasks"]}
    task = tasks["t2"]
    assert (task["state"], task["worker"], task["redelivered"], task["skipped"]) == (
        "done",
        "worker-3",
        True,
        0,
    )
    first, second = task["attempts"]
    assert (first["worker"], first["end"], first["redelivered"]) == ("worker-2", "connection_closed", False)
    assert (second["worker"], second["end"], second["redelivered"]) == ("worker-3", "acked", True)
    assert task["published_at"] <= first["delivered_at"] <= first["ended_at"]
    assert first["ended_at"] <= second["delivered_at"] <= second["ended_at"] == task["settled_at"]
