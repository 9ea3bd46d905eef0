"""Who is there: connections, consumers, worker processes, and the lanes and producers they make up. Projectors; pure.

    WorkerStarted ──► local lane ◄── ConnectionOpened under its name
    ConnectionOpened ──► nobody yet ──► ConsumerStarted, Delivered ──► guest lane      ──► Published ──► producer

The end of a connection is the signal that this whole product is about: what was unacked on it is ready again, what it had under
auto-ack is lost. No timer is involved.
"""

from __future__ import annotations

import re
from collections.abc import Container

from webapp import events as ev
from webapp import stopwatch
from webapp.records import Conn, Fault, Held, Lane, Producer, Spot
from webapp.state import State

RESULTS = "results"  # the queue of the workers' results: no tasks of ours
GUESTS_KEPT = 16  # lanes of guests that have left, and guest producers that have
EXCLUSIVE_KEPT = 500  # queues of one connection that go with it
GHOSTS_KEPT = 50  # connections of each lane that it has not heard the end of
NAME_MAX = 40
OWN_PRODUCT = "Unacked"
PRODUCER = "producer"  # the name of our own
GUEST_ORDER = 1000  # lanes of guests stand below the local ones


# -- connections --------------------------------------------------------------------------------------------------


def connection_opened(state: State, e: ev.ConnectionOpened) -> None:
    if e.conn in state.conns:
        return
    conn = state.conns[e.conn] = Conn(e.conn, shown_name(e), e.product, e.heartbeat)
    state.newest_conn = max(state.newest_conn, e.conn)
    lane = state.workers.get(e.name)
    if lane and lane.kind == "local" and lane.alive and not _connected(lane):
        lane.cut = ""
        lane.consumed = False
        _join(lane, conn)


def _connected(lane: Lane) -> bool:
    """Its process has a connection. One of an earlier process may still be open: behind a black hole nobody hears of a death."""
    return any(conn.life == lane.life for conn in lane.conns.values())


def shown_name(e: ev.ConnectionOpened) -> str:
    """What to call a client: as it calls itself, else by product and port; fit for a URL and a lane."""
    port = e.peer.rpartition(":")[2]
    name = e.name or f"{e.product.partition(' ')[0] or 'client'}-{port}"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:NAME_MAX] or f"client-{e.conn}"


def connection_closed(
    state: State, e: ev.ConnectionClosed, noticed: str = "", fault: Fault | None = None
) -> None:
    """`noticed` and `fault`: where it is known better than the event tells."""
    conn = state.conns.pop(e.conn, None)
    if conn is None:
        return
    noticed = noticed or stopwatch.how_closed(state, conn, e)
    if e.by == "network" and e.text == "cut":
        conn.faults["cut"] = e.at
    if noticed == "broker_restart":
        fault = "broker", state.broker_stopped_at
    ended = give_back(state, conn, [*conn.unacked, *conn.at_risk], "connection_closed", e.at, noticed, fault)
    for task, attempt in conn.taken_away.values():
        attempt.end = "connection_closed"
        stopwatch.stop(task, attempt, conn, noticed, fault)
    if noticed == "connection_closed" and e.by == "broker" and not e.code:
        state.hung_up.extend((e.at, *held) for held in [*ended, *conn.taken_away.values()])
    state.counts["at_risk"] -= conn.nameless
    state.counts["lost"] += conn.nameless
    for name in conn.exclusive:
        state.delete_queue(name, e.at)
    if conn.lane:
        _leave(state, conn.lane, conn, e)
    if conn.producer:
        conn.producer.conns.discard(conn.number)
        _forget_producers(state)


def _join(lane: Lane, conn: Conn) -> None:
    conn.lane = lane
    conn.life = lane.life
    lane.conns[conn.number] = conn
    lane.product = conn.product


def _leave(state: State, lane: Lane, conn: Conn, e: ev.ConnectionClosed) -> None:
    """The lane has one connection less; if that was the last one, it says why."""
    lane.conns.pop(conn.number, None)
    hole = "blackhole" in conn.faults and e.by == "broker"
    if hole and (lane.kind == "guest" or lane.alive):
        lane.ghosts[conn.number] = conn
        if len(lane.ghosts) > GHOSTS_KEPT:
            del lane.ghosts[next(iter(lane.ghosts))]
    if lane.conns:
        return
    if hole and conn.life == lane.life:
        lane.cut, lane.exit = "black hole", ""
        lane.settle(e.at)
        return
    ended = {"client": "left", "broker": "closed by broker"}.get(e.by, "connection lost")
    cut = e.by == "network" and e.text == "cut"
    if lane.kind == "local":
        lane.cut = ("connection cut" if cut else ended) if e.by == "network" else ""
        if lane.removed:
            state.workers.pop(lane.name, None)
    else:
        lane.cut, lane.exit = ("connection cut", "") if cut else ("", ended)
        lane.settle(e.at)
        _forget_guests(state)


def channel_closed(state: State, e: ev.ChannelClosed) -> None:
    conn = state.conns.get(e.conn)
    if conn is None:
        return
    spots = [spot for held in (conn.unacked, conn.at_risk) for spot in held if spot[0] == e.channel]
    noticed = stopwatch.how_channel_closed(e)
    give_back(state, conn, spots, "channel_closed", e.at, noticed, given_up=e.by == "broker")
    # opened again, it counts its tags anew
    conn.thrown = {spot for spot in conn.thrown if spot[0] != e.channel}
    for spot in [spot for spot in conn.taken_away if spot[0] == e.channel]:
        task, attempt = conn.taken_away.pop(spot)
        attempt.end = "channel_closed"
        stopwatch.stop(task, attempt, conn, noticed)
    for consumer in [consumer for consumer in conn.consumers if consumer[0] == e.channel]:
        _consumer_leaves(state, conn, consumer, e.at)


def give_back(
    state: State,
    conn: Conn,
    spots: list[Spot],
    end: str,
    at: float,
    noticed: str,
    fault: Fault | None = None,
    *,
    given_up: bool = True,
) -> list[Held]:
    """Deliveries end unsettled: the broker still has its copy, so they are ready again; under auto-ack it has none: lost.

    `given_up`: the worker died, or was given up for dead, with them in hand."""
    over: list[Held] = []
    for spot in spots:
        held = conn.unacked.pop(spot, None) or conn.at_risk.pop(spot, None)
        if held:
            over.append(held)
            state.end(held, end, at, "lost" if held[1].auto_ack else "ready")
            stopwatch.stop(*held, conn, noticed, fault)
    nameless = conn.nameless if end == "connection_closed" else 0
    if conn.lane and given_up and conn.life == conn.lane.life:
        conn.lane.drop((task for task, _ in over), nameless)
    lost = sum(attempt.auto_ack for _, attempt in over) + nameless
    counts = {"unacked": sum(not attempt.auto_ack for _, attempt in over), "lost": lost}
    conn.cost = " ".join(f"{count} {word}" for word, count in counts.items() if count)
    return over


# -- consumers, lanes, producers ----------------------------------------------------------------------------------


def consumer_started(state: State, e: ev.ConsumerStarted) -> None:
    conn = state.conns.get(e.conn)
    if conn is None or e.queue == RESULTS:
        return
    conn.consumers[e.channel, e.consumer] = e.queue
    state.queue_named(e.queue)
    lane = lane_of(state, conn, e.at)
    lane.ack = "auto" if e.auto_ack else "manual"
    lane.prefetch = e.prefetch
    lane.queue = e.queue
    lane.consumed = True
    lane.pick_up()


def consumer_cancelled(state: State, e: ev.ConsumerCancelled) -> None:
    """It gets no more; what it has it may still ack."""
    conn = state.conns.get(e.conn)
    if conn:
        _consumer_leaves(state, conn, (e.channel, e.consumer), e.at)


def _consumer_leaves(state: State, conn: Conn, consumer: tuple[int, str], at: float) -> None:
    """With its last consumer an auto-delete queue goes. Of an exclusive one we know which is the last: nobody else may consume from
    it, and nobody else may ask the broker about it."""
    queue = conn.consumers.pop(consumer, "")
    if conn.exclusive.get(queue) and queue not in conn.consumers.values():
        state.delete_queue(queue, at)


def lane_of(state: State, conn: Conn, at: float) -> Lane:
    """The connection's lane; a guest gets one here, its old one where it comes back under the same name."""
    if conn.lane:
        return conn.lane
    taken = {lane.name for lane in state.workers.values() if lane.alive or lane.kind == "local"}
    name = _unique(conn.name, taken)
    lane = state.workers.get(name)
    if lane is None:
        state.orders += 1
        lane = state.workers[name] = Lane(name, "guest", GUEST_ORDER + state.orders, at)
    lane.cut = lane.exit = ""
    _join(lane, conn)
    return lane


def _unique(name: str, taken: Container[str]) -> str:
    """The name, or name-2, name-3 … where it is taken."""
    free, again = name, 1
    while free in taken:
        again += 1
        free = f"{name[: NAME_MAX - len(str(again)) - 1]}-{again}"
    return free


def _forget_guests(state: State) -> None:
    gone = [lane for lane in state.workers.values() if lane.kind == "guest" and not lane.alive]
    for lane in sorted(gone, key=lambda lane: lane.since)[:-GUESTS_KEPT]:
        del state.workers[lane.name]


def producer_of(state: State, conn: Conn) -> Producer:
    """The connection's producer, made where it has none; one that comes back under the same name is the same."""
    if conn.producer:
        return conn.producer
    local = conn.name == PRODUCER and OWN_PRODUCT in conn.product
    taken = {each.name for each in state.producers.values() if each.up} | {PRODUCER}
    name = PRODUCER if local else _unique(conn.name, taken)
    producer = state.producers.get(name)
    if producer is None:
        state.orders += 1
        producer = Producer(name, "local" if local else "guest", state.orders)
        state.producers[name] = producer
    producer.product = conn.product
    producer.conns.add(conn.number)
    conn.producer = producer
    return producer


def _forget_producers(state: State) -> None:
    gone = [each.name for each in state.producers.values() if each.kind == "guest" and not each.up]
    for name in gone[:-GUESTS_KEPT]:
        del state.producers[name]


# -- worker processes ---------------------------------------------------------------------------------------------


def worker_started(state: State, e: ev.WorkerStarted) -> None:
    lane = state.workers.get(e.worker)
    if lane and lane.kind == "guest":  # it came first, but the name is ours
        _make_way(state, lane)
        lane = None
    if lane is None:
        state.orders += 1
        number = re.fullmatch(r"worker-(\d{1,3})", e.worker)
        order = int(number[1]) if number else state.orders
        lane = state.workers[e.worker] = Lane(e.worker, "local", order, e.at)
    lane.pid = e.pid
    lane.life += 1
    lane.stuck = e.stuck
    lane.faults.clear()
    lane.ack, lane.prefetch, lane.queue = e.ack, e.prefetch, e.queue
    lane.frozen = lane.leaving = lane.dying = lane.removed = lane.consumed = False
    lane.cut = lane.exit = ""
    lane.restart_at = None
    lane.pick_up()


def _make_way(state: State, guest: Lane) -> None:
    del state.workers[guest.name]
    if guest.alive:
        guest.name = _unique(f"{guest.name}-2", state.workers)
        state.workers[guest.name] = guest
        for task in state.tasks.values():
            task.picture = None  # it may name the guest


def worker_printed(state: State, e: ev.WorkerPrinted) -> None:
    if lane := _local(state, e.worker):
        lane.output.append(e.line)
        lane.printed += 1


def worker_exited(state: State, e: ev.WorkerExited) -> None:
    lane = _local(state, e.worker)
    if lane is None:
        return
    lane.frozen = lane.leaving = lane.dying = False
    lane.faults.clear()
    lane.ghosts.clear()
    lane.cut = ""
    lane.restart_at = None if e.restart_in is None else e.at + e.restart_in
    if e.signal:
        lane.exited(SIGNALS.get(e.signal, e.signal))
    else:
        lane.exited("SIGTERM" if e.asked == "finish" and not e.code else f"exit code {e.code or 0}")


SIGNALS = {"SIGKILL": "kill -9"}  # as the page and every lecturer call it


def worker_asked(state: State, e: ev.WorkerAsked) -> None:
    lane = _local(state, e.worker)
    if lane is None or not lane.alive:
        return
    if e.action == "stop":
        lane.dying, lane.exit = True, SIGNALS["SIGKILL"]
        lane.faults["stop"] = e.at
    elif e.action == "finish":
        lane.leaving = True
        lane.faults["finish"] = e.at


def worker_frozen(state: State, e: ev.WorkerFrozen) -> None:
    lane = _local(state, e.worker)
    if lane and lane.alive:
        lane.frozen = True
        lane.faults["freeze"] = e.at


def worker_thawed(state: State, e: ev.WorkerThawed) -> None:
    if lane := _local(state, e.worker):
        lane.frozen = False
        lane.faults.pop("freeze", None)


def worker_removed(state: State, e: ev.WorkerRemoved) -> None:
    lane = _local(state, e.worker)
    if lane and lane.conns:
        lane.removed = True  # the end of its connection is still to come
    elif lane:
        del state.workers[lane.name]


def _local(state: State, name: str) -> Lane | None:
    lane = state.workers.get(name)
    return lane if lane and lane.kind == "local" else None
