"""What the facts mean: `apply(state, event)`.

    event ──► PROJECTORS[type(event)] ──► State

A fact's meaning is decided here and nowhere else: that the tasks of a closed connection are ready again, that those delivered
under auto-ack are lost. Deterministic, and pure in effect: it changes the state it is handed and nothing else. An event that makes no sense
(an ack of a delivery that was never seen) changes nothing and is no error: the wire is not ours to correct.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from webapp import events as ev
from webapp.routing import routes
from webapp.state import (
    AT_RISK_KEPT,
    ATTEMPTS_KEPT,
    GUESTS_KEPT,
    PRODUCERS_KEPT,
    RESULTS,
    Attempt,
    Broker,
    Conn,
    Lane,
    Producer,
    Settings,
    State,
    Task,
)

EXCHANGES_KEPT = 500
BINDINGS_KEPT = 500  # of each exchange
NAME_MAX = 40
OWN_PRODUCT = "Unacked"

__all__ = ["State", "apply"]


def apply(state: State, event: ev.Event) -> None:
    """Brings `state` up to date with one event. Never raises on an event of the vocabulary, whatever came before it."""
    state.seq = max(state.seq, event.seq)
    state.at = max(state.at, event.at)
    who = _who(state, event) if isinstance(event, ev.ConnectionClosed) else ""  # it is forgotten in a moment
    key = PROJECTORS[type(event)](state, event)
    if isinstance(event, _LOGGED):
        state.log.append((event, who or _who(state, event), key))
        state.logged += 1


# -- the run ----------------------------------------------------------------------------------------------------


def _run_started(state: State, e: ev.RunStarted) -> None:
    run = state.run + 1
    state.__init__()  # type: ignore[misc]
    state.run, state.seq, state.at = run, e.seq, e.at
    state.settings = Settings(e.ack, e.prefetch, e.queue)
    state.queue_named(e.queue)


def _run_reset(state: State, _: ev.RunReset) -> None:
    state.run += 1
    state.clear()
    kept = {}
    for name, queue in state.queues.items():
        kept[name] = fresh = type(queue)(name)
        fresh.kind, fresh.durable = queue.kind, queue.durable
    state.queues = kept
    for conn in state.conns.values():
        conn.held.clear()
        conn.taken_away.clear()
        conn.nameless = 0
    for lane in state.workers.values():
        lane.done = 0
        lane.dropped = []
        lane.output.clear()
    for producer in state.producers.values():
        producer.published = 0


def _settings_changed(state: State, e: ev.SettingsChanged) -> None:
    state.settings = Settings(e.ack, e.prefetch, e.queue)
    state.queue_named(e.queue)


# -- connections ------------------------------------------------------------------------------------------------


def _connection_opened(state: State, e: ev.ConnectionOpened) -> None:
    if e.conn in state.conns:
        return
    conn = state.conns[e.conn] = Conn(e.conn, e.name, e.product, e.peer)
    lane = state.workers.get(e.name)
    if lane and lane.kind == "local" and lane.alive and not lane.conns:
        conn.lane = lane.name
        lane.conns[conn.number] = conn
        lane.product = e.product
        lane.cut = False


def _connection_closed(state: State, e: ev.ConnectionClosed) -> None:
    conn = state.conns.pop(e.conn, None)
    if conn is None:
        return
    if conn.producer:
        state.producers[conn.producer].up = False
        _forget_producers(state)
    lane = state.workers.get(conn.lane) if conn.lane else None
    if lane:
        held = [task.key for task, _ in conn.held.values()]
        lane.dropped = held or lane.dropped
        lane.conns.pop(conn.number, None)
    _give_back(state, conn, list(conn.held), "connection_closed", e.at)
    for attempt in conn.taken_away.values():
        attempt.end = "connection_closed"
    state.counts["at_risk"] -= conn.nameless
    state.counts["lost"] += conn.nameless
    if lane and not lane.conns:
        _lane_lost_its_connection(state, lane, e)


def _lane_lost_its_connection(state: State, lane: Lane, e: ev.ConnectionClosed) -> None:
    if lane.kind == "guest":
        lane.alive = False
        lane.cut = e.by == "network" and e.text == "cut"
        lane.why = {"client": "left", "broker": e.text or "closed by the broker"}.get(e.by, "connection lost")
        if lane.cut:
            lane.why = "connection cut"
        lane.since = e.at
        _forget_guests(state)
    elif e.by == "network" and e.text == "cut" and lane.alive and not lane.frozen:
        lane.cut, lane.why, lane.since = True, "connection cut", e.at


def _channel_closed(state: State, e: ev.ChannelClosed) -> None:
    conn = state.conns.get(e.conn)
    if conn is None:
        return
    lane = state.workers.get(conn.lane) if conn.lane else None
    gone = [place for place in conn.held if place[0] == e.channel]
    if lane and gone and e.by == "broker":
        lane.dropped = [conn.held[place][0].key for place in gone]
    _give_back(state, conn, gone, "channel_closed", e.at)
    for place in [place for place in conn.taken_away if place[0] == e.channel]:
        conn.taken_away.pop(place).end = "channel_closed"
    for place_ in [place_ for place_ in conn.consumers if place_[0] == e.channel]:
        del conn.consumers[place_]


def _give_back(state: State, conn: Conn, places: list[tuple[int, int]], end: str, at: float) -> None:
    """Deliveries that end unsettled: the broker has its copy, or has forgotten it."""
    for place in places:
        task, attempt = conn.held.pop(place)
        _end(task, attempt, end, at)
        state.move(task, "lost" if attempt.auto_ack else "ready", at)


# -- queues and exchanges ---------------------------------------------------------------------------------------


def _exchange_declared(state: State, e: ev.ExchangeDeclared) -> None:
    if len(state.exchanges) < EXCHANGES_KEPT:
        state.exchanges[e.exchange] = e.kind


def _queue_declared(state: State, e: ev.QueueDeclared) -> None:
    if e.queue == RESULTS:
        return
    queue = state.queue_named(e.queue)
    queue.gone = False
    queue.touch()
    if e.kind is not None:
        queue.kind = e.kind
    if e.durable is not None:
        queue.durable = e.durable and not e.exclusive


def _queue_bound(state: State, e: ev.QueueBound) -> None:
    bound = state.bindings.setdefault(e.exchange, [])
    if (e.queue, e.routing_key) not in bound and len(bound) < BINDINGS_KEPT:
        bound.append((e.queue, e.routing_key))


def _queue_unbound(state: State, e: ev.QueueUnbound) -> None:
    bound = state.bindings.get(e.exchange, [])
    if (e.queue, e.routing_key) in bound:
        bound.remove((e.queue, e.routing_key))


def _queue_purged(state: State, e: ev.QueuePurged) -> None:
    _bury_ready(state, e.queue, e.at)


def _queue_deleted(state: State, e: ev.QueueDeleted) -> None:
    _bury_ready(state, e.queue, e.at)
    for conn in state.conns.values():
        for place, (task, attempt) in list(conn.held.items()):
            if task.queue == e.queue and not attempt.auto_ack:
                del conn.held[place]
                _end(task, attempt, "cancelled", e.at)
                state.move(task, "dead", e.at)
    _forget_queue(state, e.queue)


def _queue_counted(state: State, e: ev.QueueCounted) -> None:
    queue = state.queues.get(e.queue)
    if queue is None:
        return
    if not e.exists:
        _bury_ready(state, e.queue, e.at)
        if e.queue != state.settings.queue:
            _forget_queue(state, e.queue)
        return
    ours = len(queue)
    if queue.counted == e.ready:
        queue.difference = e.ready - ours
    queue.counted = e.ready


def _bury_ready(state: State, name: str, at: float) -> None:
    queue = state.queues.get(name)
    for task in list(queue or ()):
        state.move(task, "dead", at)


def _forget_queue(state: State, name: str) -> None:
    queue = state.queues.get(name)
    if queue is not None and not len(queue) and not queue.unacked:
        del state.queues[name]
    for bound in state.bindings.values():
        bound[:] = [each for each in bound if each[0] != name]


# -- consumers --------------------------------------------------------------------------------------------------


def _consumer_started(state: State, e: ev.ConsumerStarted) -> None:
    conn = state.conns.get(e.conn)
    if conn is None or e.queue == RESULTS:
        return
    conn.consumers[e.channel, e.consumer] = e
    lane = _lane_of(state, conn, e.at)
    lane.ack = "auto" if e.auto_ack else "manual"
    lane.prefetch = e.prefetch
    lane.queue = e.queue
    lane.dropped = []
    lane.why = ""
    lane.since = e.at
    queue = state.queue_named(e.queue)
    queue.gone = False


def _consumer_cancelled(state: State, e: ev.ConsumerCancelled) -> None:
    conn = state.conns.get(e.conn)
    if conn is None:
        return
    conn.consumers.pop((e.channel, e.consumer), None)


def _lane_of(state: State, conn: Conn, at: float) -> Lane:
    """The connection's lane; a guest gets one here, its old one where it comes back under the same name."""
    if conn.lane and conn.lane in state.workers:
        return state.workers[conn.lane]
    name = free = guest_name(conn)
    again = 2
    while free in state.workers and (state.workers[free].kind == "local" or state.workers[free].alive):
        free = f"{name}-{again}"
        again += 1
    lane = state.workers.get(free)
    if lane is None:
        state.orders += 1
        lane = state.workers[free] = Lane(free, "guest", 1000 + state.orders)
    lane.alive, lane.cut, lane.why, lane.since = True, False, "", at
    lane.product = conn.product
    lane.conns[conn.number] = conn
    conn.lane = lane.name
    return lane


def guest_name(conn: Conn) -> str:
    """A name for a connection that is not ours, fit for a lane and a URL: its own, else its product and port."""
    port = conn.peer.rpartition(":")[2]
    name = conn.name or f"{conn.product.split(' ')[0] or 'client'}-{port}"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:NAME_MAX] or f"client-{conn.number}"


def _forget_guests(state: State) -> None:
    gone = [lane for lane in state.workers.values() if lane.kind == "guest" and not lane.alive]
    for lane in sorted(gone, key=lambda lane: lane.since)[:-GUESTS_KEPT]:
        del state.workers[lane.name]


# -- messages ---------------------------------------------------------------------------------------------------


def _published(state: State, e: ev.Published) -> str | None:
    if not e.exchange and e.routing_key == RESULTS:
        return _result(state, e)
    conn = state.conns.get(e.conn)
    if conn:
        _producer_of(state, conn).published += 1
    found = [e.queue] if e.queue else routes(state.exchanges, state.bindings, e.exchange, e.routing_key)
    key = None
    for name in found:
        queue = state.queue_named(name)
        queue.touch()
        task = state.add_task(e.task, queue)
        task.body, task.size, task.persistent, task.published_at = e.body, e.size, e.persistent, e.at
        key = key or task.key
    return key


def _result(state: State, e: ev.Published) -> str | None:
    """A worker says what it made of a task: proof of work, whatever becomes of the ack."""
    if not e.result_of:
        return None
    copies = state.copies_of(e.result_of)
    conn = state.conns.get(e.conn)
    place = task = attempt = None
    for held, (each, its) in conn.held.items() if conn else ():
        if each.message_id == e.result_of and its.result_at is None:
            place, task, attempt = held, each, its
            break
    if task is None and copies:  # it finished what it no longer holds
        task = copies[0]
        attempt = next((its for its in task.attempts if its.conn == e.conn and its.result_at is None), None)
    if task is None:
        return None
    task.picture = None
    task.results += 1
    state.done_twice += task.results == 2
    if attempt:
        attempt.result_at = e.at
    if conn and place and attempt and attempt.auto_ack:
        del conn.held[place]
        _settle(state, conn, task, attempt, "result", e.at)
    return task.key


def _confirmed(state: State, e: ev.Confirmed) -> str | None:
    key = None
    for task in state.copies_of(e.task):
        if task.confirmed_at is None:
            key = task.key
            if e.ok:
                task.confirmed_at = e.at
                task.picture = None
            elif task.state == "ready":
                state.move(task, "dead", e.at)
    return key


def _returned(state: State, e: ev.Returned) -> str | None:
    for task in reversed(state.copies_of(e.task)):
        if task.state == "ready" and not task.attempts:
            state.move(task, "dead", e.at)
            return task.key
    return None


def _delivered(state: State, e: ev.Delivered) -> str | None:
    conn = state.conns.get(e.conn)
    if conn is None or e.queue == RESULTS or (e.channel, e.tag) in conn.held:
        return None
    task = _copy_in(state, e)
    if task is None:
        task = state.add_task(e.task, state.queue_named(e.queue))
        task.body, task.size, task.persistent = e.body, e.size, e.persistent
    elif task.state in ("unacked", "at_risk"):
        _take_away(state, task, e.at)
    lane = _lane_of(state, conn, e.at)
    attempt = Attempt(lane.name, conn.number, e.tag, e.at, e.auto_ack, e.redelivered)
    task.attempts.append(attempt)
    if len(task.attempts) > ATTEMPTS_KEPT:
        del task.attempts[0]
        task.skipped += 1
    if e.redelivered and not task.redelivered:
        task.redelivered = True
        state.redelivered += 1
    state.move(task, "at_risk" if e.auto_ack else "unacked", e.at)
    task.worker = lane.name
    conn.held[e.channel, e.tag] = task, attempt
    if e.auto_ack and len(conn.held) > AT_RISK_KEPT:
        _forget_oldest_at_risk(state, conn)
    if not e.consumer:
        lane.queue = lane.queue or e.queue
    return task.key


def _copy_in(state: State, e: ev.Delivered) -> Task | None:
    """The task that this delivery is of: a copy in this queue, one that can be delivered before one that should not."""
    here = [task for task in state.copies_of(e.task) if task.queue == e.queue or not e.queue]
    if len(here) < 2:
        return here[0] if here else None
    return min(here, key=lambda task: (task.state != "ready", bool(task.attempts) != e.redelivered, task.n))


def _take_away(state: State, task: Task, at: float) -> None:
    """It was delivered again before we saw why: two sockets, two orders. The close that follows fills in the cause."""
    for conn in state.conns.values():
        for place, (each, attempt) in conn.held.items():
            if each is task:
                del conn.held[place]
                _end(task, attempt, "requeued", at)
                conn.taken_away[place] = attempt
                lane = state.workers.get(conn.lane) if conn.lane else None
                if lane:
                    lane.dropped = [*lane.dropped, task.key]
                return


def _forget_oldest_at_risk(state: State, conn: Conn) -> None:
    for place, (task, attempt) in conn.held.items():
        if attempt.auto_ack:
            del conn.held[place]
            conn.nameless += 1
            state.forget_name(task)
            return


def _acked(state: State, e: ev.Acked) -> str | None:
    return _answered(state, e, lambda conn, task, attempt: _settle(state, conn, task, attempt, "acked", e.at))


def _nacked(state: State, e: ev.Nacked) -> str | None:
    return _turned_down(state, e, "nacked")


def _rejected(state: State, e: ev.Rejected) -> str | None:
    return _turned_down(state, e, "rejected")


def _turned_down(state: State, e: ev.Nacked | ev.Rejected, end: str) -> str | None:
    def turn_down(_: Conn, task: Task, attempt: Attempt) -> None:
        _end(task, attempt, end, e.at)
        state.move(task, "ready" if e.requeue else "dead", e.at)

    return _answered(state, e, turn_down)


def _answered(
    state: State, e: ev.Acked | ev.Nacked | ev.Rejected, then: Callable[[Conn, Task, Attempt], None]
) -> str | None:
    """The delivery that a client's answer speaks of leaves its hands."""
    conn = state.conns.get(e.conn)
    held = conn.held.get((e.channel, e.tag)) if conn else None
    if conn is None or held is None or held[1].auto_ack:
        return None
    del conn.held[e.channel, e.tag]
    then(conn, *held)
    return held[0].key


def _settle(state: State, conn: Conn, task: Task, attempt: Attempt, end: str, at: float) -> None:
    _end(task, attempt, end, at)
    state.move(task, "done", at)
    lane = state.workers.get(conn.lane) if conn.lane else None
    if lane:
        lane.done += 1


def _end(task: Task, attempt: Attempt, end: str, at: float) -> None:
    attempt.end, attempt.ended_at = end, at
    task.picture = None


def _producer_of(state: State, conn: Conn) -> Producer:
    if conn.producer and conn.producer in state.producers:
        return state.producers[conn.producer]
    local = conn.name == "producer" and OWN_PRODUCT in conn.product
    name = free = "producer" if local else guest_name(conn)
    again = 2
    while free in state.producers and state.producers[free].up:
        free = f"{name}-{again}"
        again += 1
    producer = state.producers.get(free)
    if producer is None:
        state.orders += 1
        producer = Producer(free, "local" if local else "guest", conn.product, state.orders)
        state.producers[free] = producer
    producer.up = True
    conn.producer = free
    return producer


def _forget_producers(state: State) -> None:
    gone = [each for each in state.producers.values() if not each.up and each.kind == "guest"]
    for producer in sorted(gone, key=lambda each: each.order)[:-PRODUCERS_KEPT]:
        del state.producers[producer.name]


# -- processes --------------------------------------------------------------------------------------------------


def _worker_started(state: State, e: ev.WorkerStarted) -> None:
    lane = state.workers.get(e.worker)
    if lane is None or lane.kind == "guest":
        state.orders += 1
        number = e.worker.rpartition("-")[2]
        order = int(number) if number.isdigit() and len(number) < 4 else state.orders
        lane = state.workers[e.worker] = Lane(e.worker, "local", order)
    lane.pid, lane.alive, lane.frozen, lane.cut, lane.asked = e.pid, True, False, False, ""
    lane.ack, lane.prefetch, lane.queue = e.ack, e.prefetch, e.queue
    lane.why, lane.since, lane.restart_at = "", e.at, None
    lane.dropped = []


def _worker_printed(state: State, e: ev.WorkerPrinted) -> None:
    lane = state.workers.get(e.worker)
    if lane:
        lane.output.append(e.line)


def _worker_exited(state: State, e: ev.WorkerExited) -> None:
    lane = state.workers.get(e.worker)
    if lane is None or lane.kind == "guest":
        return
    lane.alive = lane.frozen = lane.cut = False
    lane.pid, lane.since = None, e.at
    lane.restart_at = None if e.restart_in is None else e.at + e.restart_in
    if e.asked == "stop":
        lane.why = "kill -9"
    elif e.asked == "finish" and e.code == 0:
        lane.why = "SIGTERM"
    else:
        lane.why = e.signal or f"exit code {e.code}"


def _worker_asked(state: State, e: ev.WorkerAsked) -> None:
    lane = state.workers.get(e.worker)
    if lane:
        lane.asked = e.action


def _worker_frozen(state: State, e: ev.WorkerFrozen) -> None:
    lane = state.workers.get(e.worker)
    if lane:
        lane.frozen, lane.why, lane.since = True, "SIGSTOP", e.at


def _worker_thawed(state: State, e: ev.WorkerThawed) -> None:
    lane = state.workers.get(e.worker)
    if lane:
        lane.frozen, lane.why, lane.since = False, "", e.at


def _worker_removed(state: State, e: ev.WorkerRemoved) -> None:
    lane = state.workers.get(e.worker)
    if lane and not lane.conns:
        del state.workers[e.worker]


def _broker_started(state: State, e: ev.BrokerStarted) -> None:
    state.broker = Broker(e.kind, e.product, e.version, e.url, e.amqp_port, up=True)


def _broker_stopped(state: State, e: ev.BrokerStopped) -> None:
    state.broker = replace(state.broker, up=False)
    if e.kind == "external":
        return  # unreachable is not restarted: what it still has, its own count will tell
    for conn in state.conns.values():
        for place, (task, attempt) in list(conn.held.items()):
            if not _survives(state, task) and not attempt.auto_ack:
                del conn.held[place]
                _end(task, attempt, "broker_gone", e.at)
                state.move(task, "lost", e.at)
    for queue in list(state.queues.values()):
        for task in [task for task in queue if not _survives(state, task)]:
            state.move(task, "lost", e.at)
        if queue.durable is False and not queue.unacked:
            del state.queues[queue.name]


def _survives(state: State, task: Task) -> bool:
    """Durable queue and persistent message: both or nothing. A quorum queue keeps every message."""
    queue = state.queue_named(task.queue)
    return queue.durable is not False and (task.persistent or queue.kind == "quorum")


def _nothing(_: State, __: ev.Event) -> None:
    """Seen, logged, and of no consequence for the state."""


# -- the log ----------------------------------------------------------------------------------------------------

_LOGGED = (
    ev.ConnectionOpened,
    ev.ConnectionClosed,
    ev.ChannelClosed,
    ev.QueueDeclared,
    ev.QueuePurged,
    ev.QueueDeleted,
    ev.QueueBound,
    ev.ConsumerStarted,
    ev.ConsumerCancelled,
    ev.Published,
    ev.Confirmed,
    ev.Returned,
    ev.Delivered,
    ev.Acked,
    ev.Nacked,
    ev.Rejected,
    ev.Held,
    ev.Released,
    ev.WorkerStarted,
    ev.WorkerExited,
    ev.WorkerAsked,
    ev.WorkerFrozen,
    ev.WorkerThawed,
    ev.BrokerStarted,
    ev.BrokerStopped,
)


def _who(state: State, event: Any) -> str:
    """The client that a wire event is about, by the name the page gives it; a worker for a process event."""
    worker = getattr(event, "worker", None)
    if worker is not None:
        return str(worker)
    conn = state.conns.get(getattr(event, "conn", 0))
    if conn is None:
        return ""
    return conn.lane or conn.producer or guest_name(conn)


Projector: TypeAlias = Callable[[State, Any], "str | None"]

PROJECTORS: dict[type, Projector] = {
    ev.RunStarted: _run_started,
    ev.RunReset: _run_reset,
    ev.SettingsChanged: _settings_changed,
    ev.ConnectionOpened: _connection_opened,
    ev.ConnectionClosed: _connection_closed,
    ev.ChannelClosed: _channel_closed,
    ev.ExchangeDeclared: _exchange_declared,
    ev.QueueDeclared: _queue_declared,
    ev.QueueBound: _queue_bound,
    ev.QueueUnbound: _queue_unbound,
    ev.QueuePurged: _queue_purged,
    ev.QueueDeleted: _queue_deleted,
    ev.ConsumerStarted: _consumer_started,
    ev.ConsumerCancelled: _consumer_cancelled,
    ev.Published: _published,
    ev.Confirmed: _confirmed,
    ev.Returned: _returned,
    ev.Delivered: _delivered,
    ev.Acked: _acked,
    ev.Nacked: _nacked,
    ev.Rejected: _rejected,
    ev.Held: _nothing,
    ev.Released: _nothing,
    ev.QueueCounted: _queue_counted,
    ev.WorkerStarted: _worker_started,
    ev.WorkerPrinted: _worker_printed,
    ev.WorkerExited: _worker_exited,
    ev.WorkerAsked: _worker_asked,
    ev.WorkerFrozen: _worker_frozen,
    ev.WorkerThawed: _worker_thawed,
    ev.WorkerRemoved: _worker_removed,
    ev.BrokerStarted: _broker_started,
    ev.BrokerStopped: _broker_stopped,
}
