"""What the facts mean: `apply(state, event)`.

    event ──► PROJECTORS[type(event)] ──► State ──► frames.py

A fact's meaning is decided in the projectors and nowhere else: those of messages in `messages.py`, of connections, lanes and
processes in `peers.py`, of queues in `topology.py`, of the run here. All are deterministic and pure in effect: they change the
state they are handed and nothing else. An event that makes no sense (an ack of a delivery that was never seen) changes nothing
and is no error: the wire is not ours to correct.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from webapp import events as ev
from webapp import messages, peers, stopwatch, topology, wounds
from webapp.records import Broker, Fault, Settings, Task
from webapp.state import State
from webapp.wirelog import LINES

__all__ = ["State", "apply"]


def apply(state: State, event: ev.Event) -> None:
    """Brings `state` up to date with one event. Never raises on an event of the vocabulary, whatever came before it."""
    kind = type(event)
    number = getattr(event, "conn", None)
    conn = state.conn_or_ghost(number) if number is not None else None
    key = PROJECTORS[kind](state, event)
    state.seq = max(state.seq, event.seq)
    state.at = max(state.at, event.at)
    if number is not None:
        # an open one comes before one of that number behind a black hole
        conn = state.conns.get(number) or conn
        lane, who = (conn.lane, conn.label) if conn else (None, "")
    else:
        who = getattr(event, "worker", "")
        lane = state.workers.get(who) if who else None
    if lane:
        lane.settle(event.at)
    if kind in LINES:
        state.log.append((event, who, key, conn.cost if conn and kind in _CLOSINGS else ""))
        state.logged += 1


_CLOSINGS = (ev.ConnectionClosed, ev.ChannelClosed)


def _run_started(state: State, e: ev.RunStarted) -> None:
    if e.resumed:
        _resume(state, e)
    else:
        state.restart()
    _settings(state, e)


def _run_reset(state: State, e: ev.RunReset) -> None:
    state.reset()
    state.settle_lanes(e.at)


def _resume(state: State, e: ev.RunStarted) -> None:
    """The engine had died, and its end was everybody's: the broker's, the workers', that of everything that went through the tap."""
    fault = "engine", state.at
    state.broker = replace(state.broker, up=False)
    _forget_transient(state, e.at, "engine_restart", fault)
    for number in list(state.conns):
        closed = ev.ConnectionClosed(conn=number, by="network", text="the engine ended", at=e.at)
        peers.connection_closed(state, closed, "engine_restart", fault)
    for lane in state.workers.values():
        lane.ghosts.clear()
        if lane.kind == "local" and lane.pid is not None:
            gone = ev.WorkerExited(worker=lane.name, pid=lane.pid, signal="SIGKILL", restart_in=0.0, at=e.at)
            peers.worker_exited(state, gone)
    state.newest_conn = 0  # the tap begins to count anew
    for queue in state.queues.values():
        queue.doubtful_to = None
    for task in state.tasks.values():
        task.published_on = 0
        for attempt in task.attempts:
            attempt.conn = 0
    state.settle_lanes(e.at)


def _settings_changed(state: State, e: ev.SettingsChanged) -> None:
    _settings(state, e)


def _settings(state: State, e: ev.RunStarted | ev.SettingsChanged) -> None:
    before = vars(state.settings)
    state.settings = Settings(e.ack, e.prefetch, e.queue, e.durable, e.kind, e.idempotent)
    if isinstance(e, ev.SettingsChanged):
        state.moved |= {name: e.at for name, value in vars(state.settings).items() if value != before[name]}
    state.queue_named(e.queue)


def _broker_started(state: State, e: ev.BrokerStarted) -> None:
    state.broker = Broker(
        e.kind, e.product, e.version, e.url, e.amqp_port, up=True, ack_timeout=e.ack_timeout
    )


def _broker_stopped(state: State, e: ev.BrokerStopped) -> None:
    """What is in memory only is gone. What survives is ready again once its connection is seen to close, as ever. What it never got
    whole it will not count once it is back."""
    state.broker = replace(state.broker, up=False)
    state.broker_stopped_at = e.at
    stopwatch.broker_gone(state, e.at)
    _forget_transient(state, e.at, "broker_restart", ("broker", e.at))
    for queue in state.queues.values():
        queue.doubtful_to = state.newest_conn


def _forget_transient(state: State, at: float, noticed: str, fault: Fault) -> None:
    """The broker was killed: what was in its memory only is gone."""
    for conn in state.conns.values():
        gone = [spot for spot, (task, _) in conn.unacked.items() if not _survives(state, task)]
        held = [conn.unacked.pop(spot) for spot in gone]
        for each in held:
            state.end(each, "broker_gone", at, "lost")
            stopwatch.stop(*each, conn, noticed, fault)
        if conn.lane:
            conn.lane.drop(task for task, _ in held)
    for queue in list(state.queues.values()):
        for task in [task for task in queue if not _survives(state, task)]:
            state.move(task, "lost", at)
        if queue.durable is False:
            state.forget_queue(queue)
    state.settle_lanes(at)


def _survives(state: State, task: Task) -> bool:
    """Durable queue and persistent message: both or nothing. A quorum queue keeps every message."""
    queue = state.queue_named(task.queue)
    return queue.durable is not False and (task.persistent or queue.kind == "quorum")


Projector: TypeAlias = Callable[[State, Any], "str | None"]  # the key of the task it is about

PROJECTORS: dict[type, Projector] = {
    ev.RunStarted: _run_started,
    ev.RunReset: _run_reset,
    ev.SettingsChanged: _settings_changed,
    ev.ConnectionOpened: peers.connection_opened,
    ev.ConnectionClosed: peers.connection_closed,
    ev.ChannelClosed: peers.channel_closed,
    ev.ExchangeDeclared: topology.exchange_declared,
    ev.QueueDeclared: topology.queue_declared,
    ev.QueueBound: topology.queue_bound,
    ev.QueueUnbound: topology.queue_unbound,
    ev.QueuePurged: topology.queue_purged,
    ev.QueueDeleted: topology.queue_deleted,
    ev.ConsumerStarted: peers.consumer_started,
    ev.ConsumerCancelled: peers.consumer_cancelled,
    ev.Published: messages.published,
    ev.Confirmed: messages.confirmed,
    ev.Returned: messages.returned,
    ev.Delivered: messages.delivered,
    ev.Acked: messages.acked,
    ev.Nacked: messages.nacked,
    ev.Rejected: messages.rejected,
    ev.HoldArmed: wounds.hold_armed,
    ev.HoldDisarmed: wounds.hold_disarmed,
    ev.Held: wounds.held,
    ev.Released: wounds.released,
    ev.Blackholed: wounds.blackholed,
    ev.Restored: wounds.restored,
    ev.Delayed: wounds.delayed,
    ev.QueueCounted: topology.queue_counted,
    ev.WorkerStarted: peers.worker_started,
    ev.WorkerPrinted: peers.worker_printed,
    ev.WorkerExited: peers.worker_exited,
    ev.WorkerAsked: peers.worker_asked,
    ev.WorkerFrozen: peers.worker_frozen,
    ev.WorkerThawed: peers.worker_thawed,
    ev.WorkerRemoved: peers.worker_removed,
    ev.BrokerStarted: _broker_started,
    ev.BrokerStopped: _broker_stopped,
}
