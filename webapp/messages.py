"""A message's way: published, confirmed, delivered, answered, and what the worker made of it. Projectors; pure.

    Published ──► ready ──Delivered──► unacked ──Acked──► done            Nacked, Rejected ──► ready again, or dead
                                   └─► at_risk ──its result──► done       (under auto-ack; the broker has no copy left)

Each returns the key of the task it is about, for the wire log. A delivery is joined to its answer by connection, channel and tag;
a publish to its deliveries by the message_id and the queue.
"""

from __future__ import annotations

from webapp import events as ev
from webapp import stopwatch
from webapp.peers import RESULTS, lane_of, producer_of
from webapp.queues import Queue
from webapp.records import Attempt, Conn, Held, Task, TaskState
from webapp.routing import routes
from webapp.state import State

ATTEMPTS_KEPT = 20  # of each task
AT_RISK_KEPT = 5_000  # auto-acked tasks that stay by name, of each connection; older ones stay as a number
TAKEN_KEPT = 1_000  # deliveries of each connection that went elsewhere, until we see why
NOWHERE = "?"  # a queue whose name nobody said


def published(state: State, e: ev.Published) -> str | None:
    if not e.exchange and e.routing_key == RESULTS:
        return _result(state, e)
    conn = state.conns.get(e.conn)
    if conn:
        producer_of(state, conn).published += 1
    names = [e.queue] if e.queue else routes(state.exchanges, state.bindings, e.exchange, e.routing_key)
    first = None
    for name in names:
        if name != RESULTS:
            task = state.add_task(e.task, state.queue_named(name))
            task.body, task.dots, task.size = e.body, e.dots, e.size
            task.persistent, task.published_at, task.published_on = e.persistent, e.at, e.conn
            first = first or task.key
    return first


def confirmed(state: State, e: ev.Confirmed) -> str | None:
    """One confirm is for one publish: for every copy that came of it."""
    first: Task | None = None
    for task in list(state.copies_of(e.task)):
        if task.confirmed_at is not None or task.published_at is None:
            continue
        if first is not None and task.published_at != first.published_at:
            continue
        first = first or task
        if e.ok:
            task.confirmed_at = e.at
            task.picture = None
        elif task.state == "ready":
            state.move(task, "dead", e.at)
    return first.key if first else None


def returned(state: State, e: ev.Returned) -> str | None:
    for task in state.copies_of(e.task):
        if task.state == "ready" and not task.attempts and task.confirmed_at is None:
            state.move(task, "dead", e.at)
            return task.key
    return None


# -- deliveries ---------------------------------------------------------------------------------------------------


def delivered(state: State, e: ev.Delivered) -> str | None:
    conn = state.conns.get(e.conn)
    name = e.queue or ("" if e.exchange else e.routing_key) or NOWHERE
    spot = e.channel, e.tag
    if conn is None or name == RESULTS or spot in conn.unacked or spot in conn.at_risk:
        return None
    task = _copy(state, e, name)
    if task is None:
        task = _unseen(state, e, state.queue_named(name))
    elif task.state == "unacked":
        _take_away(state, task, e.at)
    lane = lane_of(state, conn, e.at)
    attempt = Attempt(lane, conn.number, spot, e.at, auto_ack=e.auto_ack, redelivered=e.redelivered)
    if state.broker.ack_timeout is not None and not e.auto_ack:
        attempt.deadline = e.at + state.broker.ack_timeout
    task.attempts.append(attempt)
    if len(task.attempts) > ATTEMPTS_KEPT:
        del task.attempts[0]
        task.skipped += 1
    if e.redelivered and not task.redelivered:
        task.redelivered = True
        state.redelivered += 1
    task.lane = lane
    if e.auto_ack:
        conn.at_risk[spot] = task, attempt
        state.move(task, "at_risk", e.at)
        if len(conn.at_risk) > AT_RISK_KEPT:
            conn.nameless += 1
            state.forget_name(conn.at_risk.popitem(last=False)[1][0])
    else:
        conn.unacked[spot] = task, attempt
        state.move(task, "unacked", e.at)
    if not e.consumer:  # fetched with basic.get
        lane.queue = lane.queue or name
        if lane.dropped and not lane.consumed:
            lane.pick_up()
    return task.key


# How likely a delivery is of a copy in this condition, likeliest first; in none of them, it is of a copy we never saw.
# "again" is a ready copy that was delivered before, "new" one that was not. Under auto-ack the broker has no copy to deliver.
# Without the flag it is not of one that somebody holds or has done: the same message_id was published where we could not see.
_LIKELY: dict[bool, tuple[str, ...]] = {
    False: ("new", "again", "dead", "lost"),
    True: ("again", "unacked", "new", "dead", "done", "lost"),
}


def _copy(state: State, e: ev.Delivered, queue: str) -> Task | None:
    """The copy in this queue that a delivery is of."""
    likely = _LIKELY[e.redelivered]
    best, at = None, len(likely)
    for task in state.copies_of(e.task):
        if task.queue != queue:
            continue
        condition: str = task.state
        if condition == "ready":
            condition = "again" if task.attempts else "new"
        elif condition == "lost" and task.attempts and task.attempts[-1].auto_ack:
            continue
        if condition in likely[:at]:
            best, at = task, likely.index(condition)
            if at == 0:
                break
    return best


def _unseen(state: State, e: ev.Delivered, queue: Queue) -> Task:
    """A task whose publish went by before us, or elsewhere."""
    task = state.add_task(e.task, queue, queue.rank_at_head(state.n + 1))
    task.body, task.dots, task.size, task.persistent = e.body, e.dots, e.size, e.persistent
    return task


def _take_away(state: State, task: Task, at: float) -> None:
    """It is delivered again before we saw why: two sockets, two orders. What ends the old delivery will be seen in a moment."""
    attempt = task.attempts[-1]
    attempt.end, attempt.ended_at = "requeued", at
    conn = state.conns.get(attempt.conn)
    held = conn.unacked.pop(attempt.spot, None) if conn else None
    if conn and held:
        conn.taken_away[attempt.spot] = held
        if len(conn.taken_away) > TAKEN_KEPT:
            del conn.taken_away[next(iter(conn.taken_away))]
    attempt.lane.drop([task])
    attempt.lane.settle(at)


# -- answers ------------------------------------------------------------------------------------------------------


def acked(state: State, e: ev.Acked) -> str | None:
    return _answered(state, e, "acked", "done")


def nacked(state: State, e: ev.Nacked) -> str | None:
    return _answered(state, e, "nacked", "ready" if e.requeue else "dead")


def rejected(state: State, e: ev.Rejected) -> str | None:
    return _answered(state, e, "rejected", "ready" if e.requeue else "dead")


def _answered(
    state: State, e: ev.Acked | ev.Nacked | ev.Rejected, end: str, becomes: TaskState
) -> str | None:
    """The delivery that a client's answer speaks of leaves its hands."""
    conn = state.conns.get(e.conn)
    if conn is None:
        return None
    spot = e.channel, e.tag
    held = conn.unacked.pop(spot, None)
    if held is None:
        return _answered_late(conn, spot, end, becomes)
    state.end(held, end, e.at, becomes)
    if becomes == "ready":
        stopwatch.stop(*held, conn, "nack")
    if becomes == "done" and conn.lane:
        conn.lane.done += 1
    return held[0].key


def _answered_late(conn: Conn, spot: tuple[int, int], end: str, becomes: TaskState) -> str | None:
    """The task is elsewhere already. An ack came too late; but had it been given back, that was why."""
    if becomes == "done" or spot not in conn.taken_away:
        return None
    task, attempt = conn.taken_away.pop(spot)
    attempt.end = end
    stopwatch.stop(task, attempt, conn, "nack")
    if conn.lane:
        conn.lane.pick_up(task.key)
    return task.key


# -- results ------------------------------------------------------------------------------------------------------


def _result(state: State, e: ev.Published) -> str | None:
    """A worker says what it made of a task: proof of work, whatever becomes of the ack."""
    conn = state.conns.get(e.conn)
    held = _author(state, e)
    if held is None:
        task = next(state.copies_of(e.result_of), None)
        if task is None:
            if e.result_of and conn and conn.nameless:
                _nameless_done(state, conn)
            return None
    else:
        task, attempt = held
        attempt.result_at = e.at
    task.picture = None
    task.results += 1
    state.done_twice += task.results == 2
    # Only of a delivery that lasts: on a channel opened again, another one may have this tag now.
    if held and held[1].end is None and conn and conn.at_risk.pop(held[1].spot, None):
        state.end(held, "result", e.at, "done")
        if conn.lane:
            conn.lane.done += 1
    return task.key


def _author(state: State, e: ev.Published) -> Held | None:
    """The delivery that this result comes of: one on the same connection, rather one that lasts and has had no result."""
    found = [
        (attempt.end is None, attempt.result_at is None, index, task, attempt)
        for index, task in enumerate(state.copies_of(e.result_of))
        for attempt in task.attempts
        if attempt.conn == e.conn
    ]
    if not found:
        return None
    *_, task, attempt = max(found, key=lambda each: (each[0], each[1], -each[2]))
    return task, attempt


def _nameless_done(state: State, conn: Conn) -> None:
    """One of those at risk that are only a number is done."""
    conn.nameless -= 1
    state.counts["at_risk"] -= 1
    state.counts["done"] += 1
    if conn.lane:
        conn.lane.done += 1
