"""Queues, exchanges and bindings as they come and go. Projectors; pure.

What was declared before the tap was there is unknown: then the deliveries tell.
"""

from __future__ import annotations

from webapp import events as ev
from webapp.peers import EXCLUSIVE_KEPT, RESULTS
from webapp.queues import Queue
from webapp.state import State

EXCHANGES_KEPT = 500
BINDINGS_KEPT = 500  # of each exchange


def exchange_declared(state: State, e: ev.ExchangeDeclared) -> None:
    if e.exchange in state.exchanges or len(state.exchanges) < EXCHANGES_KEPT:
        state.exchanges[e.exchange] = e.kind


def queue_bound(state: State, e: ev.QueueBound) -> None:
    if e.exchange not in state.bindings and len(state.bindings) >= EXCHANGES_KEPT:
        return
    bound = state.bindings.setdefault(e.exchange, [])
    if (e.queue, e.routing_key) not in bound and len(bound) < BINDINGS_KEPT:
        bound.append((e.queue, e.routing_key))


def queue_unbound(state: State, e: ev.QueueUnbound) -> None:
    bound = state.bindings.get(e.exchange, [])
    if (e.queue, e.routing_key) in bound:
        bound.remove((e.queue, e.routing_key))
    if not bound:
        state.bindings.pop(e.exchange, None)


def queue_declared(state: State, e: ev.QueueDeclared) -> None:
    if e.queue == RESULTS:
        return
    queue = state.queue_named(e.queue)
    queue.touch()
    if e.kind is not None:
        queue.kind = e.kind
    if e.durable is not None:
        queue.durable = e.durable and not e.exclusive
    conn = state.conns.get(e.conn)
    if conn and e.exclusive and len(conn.exclusive) < EXCLUSIVE_KEPT:
        conn.exclusive[e.queue] = e.auto_delete


def queue_purged(state: State, e: ev.QueuePurged) -> None:
    """What was delivered and is unacked stays: a purge takes ready messages only."""
    if queue := state.queues.get(e.queue):
        state.bury(queue, e.at)


def queue_deleted(state: State, e: ev.QueueDeleted) -> None:
    """Everything in it goes, the unacked ones too; their consumers are cancelled."""
    state.delete_queue(e.queue, e.at)


def queue_counted(state: State, e: ev.QueueCounted) -> None:
    """The broker's own count. A queue that is not there has nothing ready, whatever was published to it."""
    queue = state.queues.get(e.queue)
    if queue is None:
        return
    if not e.exists:
        state.bury(queue, e.at)
        state.forget_queue(queue)
        return
    queue.count(e.ready)
    if queue.doubtful_to is not None and queue.certain and state.broker.up:
        _went_with_the_broker(state, queue, queue.doubtful_to, e)


def _went_with_the_broker(state: State, queue: Queue, last: int, e: ev.QueueCounted) -> None:
    """The broker died, and is back with fewer tasks than we saw to be published. Those it never confirmed nobody was promised: the
    newest of them are lost. One that was not lost after all lives again once it is delivered, and another is missing then."""
    missing = max(0, -queue.difference)
    doubtful = [
        task
        for task in queue
        if task.confirmed_at is None and not task.attempts and task.published_on <= last
    ]
    gone = doubtful[-missing:] if missing else []
    if not gone:
        queue.doubtful_to = None
    for task in gone:
        state.move(task, "lost", e.at)
    if gone:
        queue.count(e.ready)  # twice: what was touched are our own books
        queue.count(e.ready)
