"""What is kept of a worker's past: when it took no work, and how its processes ended; and when a setting was moved."""

from __future__ import annotations

from typing import Any

import pytest

from tests.history import Wire, play
from webapp import events as ev
from webapp import records
from webapp.frames import report, view


def away(shown: dict[str, Any], worker: str) -> list[tuple[object, ...]]:
    return [tuple(each.values()) for each in shown["workers"][worker]["away"]]


def test_a_killed_worker_that_starts_again_was_starting_stopped_and_starting() -> None:
    shown = view(play("worker_killed_task_comes_back"))
    assert away(shown, "worker-2") == [
        ("starting", 0.609, 0.812, ""),
        ("stopped", 4.534, 9.543, "kill -9"),
        ("starting", 9.543, 9.746, ""),
    ]
    assert [each["why"] for each in shown["workers"]["worker-2"]["exits"]] == ["kill -9"]
    assert away(shown, "worker-1") == [("starting", 0.405, 0.608, "")]


def test_a_frozen_one_was_frozen_until_it_was_thawed_and_cut_until_it_ended() -> None:
    shown = view(play("frozen_worker_heartbeat"))
    assert [each[0] for each in away(shown, "worker-1")][:2] == ["starting", "frozen"]
    assert away(shown, "worker-1")[1] == ("frozen", 1.316, 14.921, "SIGSTOP")


def test_the_stretch_that_lasts_is_not_among_them() -> None:
    shown = view(play("worker_killed_task_comes_back", "WorkerExited"))
    lane = shown["workers"]["worker-2"]
    assert (lane["state"], lane["since"], lane["why"]) == ("stopped", 4.534, "kill -9")
    assert [each["state"] for each in lane["away"]] == ["starting"]


def test_an_exit_knows_after_which_line_it_came_and_is_told_once() -> None:
    wire = Wire()
    wire.process()
    wire.say(ev.WorkerPrinted, worker="worker-1", line=" [*] Waiting")
    wire.say(ev.WorkerPrinted, worker="worker-1", line=" [!] No broker")
    wire.say(ev.WorkerExited, worker="worker-1", pid=4121, code=1, restart_in=0.5)
    wire.say(ev.WorkerExited, worker="worker-1", pid=4121, code=1, asked="stop")
    wire.process()
    wire.say(ev.WorkerPrinted, worker="worker-1", line=" [*] Waiting")
    lane = view(wire.state)["workers"]["worker-1"]
    assert lane["printed"] == len(lane["output"]) == 3
    assert lane["exits"] == [{"printed": 2, "why": "exit code 1"}]


def test_of_both_the_latest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "AWAY_KEPT", 2)
    monkeypatch.setattr(records, "EXITS_KEPT", 2)
    wire = Wire()
    for life in range(4):
        wire.process()
        wire.opened(life + 1, "worker-1")
        wire.consumes(life + 1)
        wire.closed(life + 1)
        wire.say(ev.WorkerExited, worker="worker-1", pid=4121, code=life)
    lane = view(wire.state)["workers"]["worker-1"]
    assert [each["state"] for each in lane["away"]] == ["starting", "cut"]
    assert [each["why"] for each in lane["exits"]] == ["exit code 2", "exit code 3"]


def test_a_fresh_run_begins_without_a_past() -> None:
    wire = Wire()
    wire.worker(1)
    wire.say(ev.WorkerPrinted, worker="worker-1", line=" [*] Waiting")
    wire.closed(1)
    wire.say(ev.WorkerExited, worker="worker-1", pid=4121, signal="SIGKILL", asked="reset")
    wire.say(ev.RunReset)
    lane = view(wire.state)["workers"]["worker-1"]
    assert (lane["away"], lane["exits"], lane["printed"], lane["output"]) == ([], [], 0, [])
    wire.worker(2)
    assert [each[0] for each in away(view(wire.state), "worker-1")] == ["starting"], "not what ended the run"


def test_a_setting_that_was_moved_says_when_and_the_others_do_not() -> None:
    wire = Wire()
    assert view(wire.state)["settings"]["moved"] == {}
    wire.say(ev.SettingsChanged, ack="auto", prefetch=1, queue="task_queue")
    wire.say(ev.SettingsChanged, ack="auto", prefetch=5, queue="task_queue")
    assert view(wire.state)["settings"]["moved"] == {"ack": 0.002, "prefetch": 0.003}
    assert "moved" not in report(wire.state)["settings"]
