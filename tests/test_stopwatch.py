"""From the fault to the redelivery: how each delivery's end was noticed, what was the matter, and what the frames show meanwhile."""

from __future__ import annotations

import pytest

from tests.history import Wire, audit, ends, play
from webapp import events as ev
from webapp import frames
from webapp.records import Attempt
from webapp.state import State
from webapp.stopwatch import CAUSES, FINDERS

HEALTHY = {"blackholed": None, "delay": 0, "armed": [], "held": []}


def first(state: State, task: str = "t1") -> Attempt:
    return state.tasks[task].attempts[0]


def shown(state: State, worker: str = "worker-1") -> dict[str, object]:
    found: dict[str, object] = frames.view(state)["workers"][worker]
    return found


@pytest.mark.parametrize(
    ("history", "noticed", "fault"),
    [
        ("worker_killed_task_comes_back", "connection_closed", ("stop", 4.533)),
        ("frozen_worker_heartbeat", "heartbeat", ("freeze", 1.316)),
        ("black_hole_worker_restored_too_late", "heartbeat", ("blackhole", 1.4)),
        ("ack_held_worker_killed_done_twice", "connection_closed", ("stop", 5.0)),
        ("ack_timeout_channel_closed", "ack_timeout", None),
        ("engine_killed_run_goes_on", "engine_restart", ("engine", 0.815)),
        ("nack_requeue_keeps_place", "nack", None),
    ],
)
def test_each_history_says_how_it_was_noticed_and_what_was_the_matter(
    history: str, noticed: str, fault: tuple[str, float] | None
) -> None:
    attempts = [each for task in play(history).tasks.values() for each in task.attempts]
    unsettled = [each for each in attempts if each.noticed]
    assert unsettled
    assert {(each.noticed, each.fault) for each in unsettled} == {(noticed, fault)}
    assert all(not each.noticed for each in attempts if each.end == "acked")


def test_a_stuck_workers_fault_began_with_the_delivery() -> None:
    state = play("stuck_worker_ack_timeout")
    attempt = first(state)
    assert (attempt.noticed, attempt.fault) == ("ack_timeout", ("stuck", attempt.delivered_at))
    assert attempt.deadline == attempt.delivered_at + 60
    assert shown(state)["stuck"] is True
    assert state.ledger["done_twice"] == 1


def test_a_held_ack_is_in_the_picture_until_it_is_let_go() -> None:
    state = play("ack_held_worker_killed_done_twice", "HoldArmed")
    assert shown(state)["faults"] == {**HEALTHY, "armed": ["basic.ack"]}
    state = play("ack_held_worker_killed_done_twice", "Held")
    hung = {"method": "basic.ack", "channel": 1, "tag": 1, "by": "client", "task": "t1", "at": 2.821}
    assert shown(state)["faults"] == {**HEALTHY, "held": [hung]}
    assert state.tasks["t1"].state == "unacked"
    assert shown(play("ack_held_worker_killed_done_twice"))["faults"] == HEALTHY
    assert ends(play("ack_held_worker_killed_done_twice").tasks["t1"]) == [
        ("worker-1", "connection_closed"),
        ("worker-2", "acked"),
    ]


def test_a_held_delivery_and_those_behind_it_have_not_come_to_the_worker() -> None:
    wire = Wire()
    wire.worker(1)
    for task in ("t1", "t2", "t3"):
        wire.published(task)
    wire.delivered("t1", 1)
    wire.say(ev.HoldArmed, conn=1, method="basic.deliver")
    wire.delivered("t2", 1)
    wire.delivered("t3", 1)  # in one segment with it
    stopped = {"conn": 1, "channel": 1, "method": "basic.deliver", "tag": 2, "task": "t2", "by": "broker"}
    wire.say(ev.Held, **stopped)
    assert shown(wire.state)["on_the_wire"] == ["t2", "t3"]
    picture = frames.view(wire.state)["tasks"]["t2"]
    attempt = picture["attempts"][0]
    assert (attempt["fault"]["kind"], attempt["stopped"]) == ("hold", "basic.deliver")
    wire.say(ev.Released, **stopped, dropped=True)
    assert shown(wire.state)["on_the_wire"] == ["t2"], "thrown away: it never comes"
    arrived = [first(wire.state, task).arrived_at for task in ("t1", "t2", "t3")]
    assert arrived == [None, None, wire.state.at]


@pytest.mark.parametrize("how", ["dropped, closed", "closed, dropped"])
def test_a_channel_that_is_opened_again_has_thrown_nothing_away(how: str) -> None:
    wire = Wire()
    wire.worker(1)
    wire.published("t1")
    wire.delivered("t1", 1)
    stopped = {"conn": 1, "channel": 1, "method": "basic.deliver", "tag": 1, "task": "t1", "by": "broker"}
    wire.say(ev.Held, **stopped)
    for step in how.split(", "):
        if step == "dropped":
            wire.say(ev.Released, **stopped, dropped=True)
        else:  # the client does not hear of it while something hangs before it
            wire.say(
                ev.ChannelClosed, conn=1, channel=1, by="broker", code=406, text="delivery acknowledgement"
            )
    wire.tags.clear()
    wire.delivered("t1", 1, again=True)
    assert shown(wire.state)["on_the_wire"] == []


def test_a_reset_forgets_what_was_thrown_away() -> None:
    wire = Wire()
    wire.worker(1)
    wire.published("t1")
    wire.delivered("t1", 1)
    stopped = {"conn": 1, "channel": 1, "method": "basic.deliver", "tag": 1, "task": "t1", "by": "broker"}
    wire.say(ev.Held, **stopped)
    wire.say(ev.Released, **stopped, dropped=True)
    assert wire.state.conns[1].thrown
    wire.say(ev.RunReset)
    assert not wire.state.conns[1].thrown


def test_what_is_sent_into_a_black_hole_comes_when_it_is_over() -> None:
    wire = Wire()
    wire.worker(1)
    wire.published("t1")
    wire.say(ev.Blackholed, conn=1)
    wire.delivered("t1", 1)
    assert shown(wire.state)["on_the_wire"] == ["t1"]
    wire.say(ev.Restored, conn=1)
    assert shown(wire.state)["on_the_wire"] == []
    assert first(wire.state).arrived_at == wire.state.at


def test_an_ack_that_was_let_go_says_when() -> None:
    wire = Wire()
    wire.worker(1)
    wire.published("t1")
    wire.delivered("t1", 1)
    stopped = {"conn": 1, "channel": 1, "method": "basic.ack", "tag": 1, "task": "t1"}
    wire.say(ev.Held, **stopped)
    wire.say(ev.Released, **stopped)
    assert first(wire.state).released_at == wire.state.at
    assert (first(wire.state).hurt, first(wire.state).stopped) == (None, "")


def test_silence_has_a_countdown_from_the_heartbeat_until_it_is_noticed() -> None:
    state = play("black_hole_worker_restored_too_late", "Blackholed")
    window = {"since": 1.4, "heartbeat": 4, "earliest": 7.4, "latest": 13.4}
    assert shown(state)["silence"] == window
    assert shown(play("frozen_worker_heartbeat", "WorkerFrozen"))["silence"] == {
        "since": 1.316, "heartbeat": 4, "earliest": 7.316, "latest": 13.316,
    }  # fmt: skip
    assert shown(play("frozen_worker_heartbeat", "ConnectionClosed"))["silence"] is None


def test_a_worker_given_up_behind_a_black_hole_does_not_know_it_until_the_hole_is_over() -> None:
    name = "black_hole_worker_restored_too_late"
    state = play(name, "ConnectionClosed")
    assert (shown(state)["state"], shown(state)["why"]) == ("cut", "black hole")
    assert shown(state)["faults"] == {**HEALTHY, "blackholed": 1.4}
    assert state.conns_of("worker-1") == [2], "it can be restored"
    state = play(name, "Restored")
    assert (shown(state)["state"], shown(state)["faults"]) == ("starting", HEALTHY)
    state = play(name)
    assert (shown(state)["state"], shown(state)["faults"]) == ("idle", HEALTHY)


def test_a_worker_started_anew_while_its_old_connection_is_still_open_is_well_and_has_its_own_lane() -> None:
    wire = Wire()
    wire.worker(1)
    wire.published("t1")
    wire.delivered("t1", 1)
    wire.say(ev.Blackholed, conn=1)
    wire.say(ev.WorkerExited, worker="worker-1", pid=4121, code=1)
    wire.worker(2)
    assert set(wire.state.workers) == {"worker-1"}
    assert shown(wire.state)["faults"] == HEALTHY
    assert [task.key for task in wire.state.workers["worker-1"].holding()] == ["t1"], "the broker thinks so"
    wire.closed(1, by="broker")
    assert shown(wire.state)["dropped"] == []
    assert (shown(wire.state)["state"], shown(wire.state)["holding"]) == ("idle", [])


def test_what_is_done_to_a_new_process_is_not_why_the_old_ones_connection_ended() -> None:
    wire = Wire()
    wire.worker(1)
    wire.published("t1")
    wire.delivered("t1", 1)
    wire.say(ev.Blackholed, conn=1)
    wire.say(ev.WorkerExited, worker="worker-1", pid=4121, code=1)
    wire.worker(2)
    wire.say(ev.WorkerAsked, worker="worker-1", action="stop")
    wire.closed(1)
    assert (first(wire.state).noticed, first(wire.state).fault) == ("connection_closed", None)


def test_without_a_heartbeat_silence_is_never_noticed() -> None:
    wire = Wire()
    wire.worker(1)
    wire.say(ev.Blackholed, conn=1)
    silence = frames.view(wire.state)["workers"]["worker-1"]["silence"]
    assert (silence["heartbeat"], silence["earliest"], silence["latest"]) == (0, None, None)


def test_a_dropped_ack_is_the_matter_when_the_timeout_comes() -> None:
    wire = Wire()
    wire.worker(1)
    wire.published("t1")
    tag = wire.delivered("t1", 1)
    frame = {"conn": 1, "channel": 1, "method": "basic.ack", "task": "t1", "tag": tag}
    wire.say(ev.Held, **frame)
    wire.say(ev.Released, **frame, dropped=True)
    dropped = wire.state.at
    wire.say(
        ev.ChannelClosed,
        conn=1,
        channel=1,
        by="broker",
        code=406,
        text="… delivery acknowledgement on channel 1 …",
    )
    assert (first(wire.state).noticed, first(wire.state).fault) == ("ack_timeout", ("drop", dropped))


def test_a_broker_killed_by_somebody_else_is_found_out_after_its_sockets_went() -> None:
    wire = Wire(guests=("app",))
    wire.say(ev.BrokerStarted, kind="rabbitmq", product="", version="", url="", amqp_port=1)
    wire.published("t1")
    wire.delivered("t1", 1)
    wire.closed(1, by="broker")
    assert first(wire.state).noticed == "connection_closed"
    wire.say(ev.BrokerStopped, kind="rabbitmq")
    assert (first(wire.state).noticed, first(wire.state).fault) == (
        "broker_restart",
        ("broker", wire.state.at),
    )


def test_a_cut_is_named_and_a_guest_that_hangs_up_has_no_fault_that_we_know() -> None:
    for text, fault in (("cut", "cut"), ("socket closed", None)):
        wire = Wire(guests=("app",))
        wire.published("t1")
        wire.delivered("t1", 1)
        wire.closed(1, text=text)
        assert first(wire.state).noticed == "connection_closed"
        assert (first(wire.state).fault or (None,))[0] == fault


def test_the_engines_end_loses_what_only_memory_had() -> None:
    wire = Wire()
    wire.worker(1)
    wire.say(ev.QueueDeclared, conn=1, queue="q", durable=False, kind="classic")
    wire.published("kept")
    wire.published("gone", queue="q")
    wire.delivered("at risk", 1, auto=True)
    wire.say(ev.RunStarted, started="2026-11-24T10:00:00+00:00", resumed=True)
    assert {key: task.state for key, task in wire.state.tasks.items()} == {
        "kept": "ready", "gone": "lost", "at risk": "lost",
    }  # fmt: skip
    assert wire.state.conns == {}
    audit(wire.state)


def test_every_cause_can_be_found() -> None:
    assert {kind for kinds in CAUSES.values() for kind in kinds} == set(FINDERS)
