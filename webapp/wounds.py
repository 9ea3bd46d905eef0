"""What is done to a connection in the tap: holds, black holes, delays. Projectors, and what frames show of it; pure.

A fault belongs to a connection: a worker's next one is healthy. A connection that the broker has given up while its client sits
behind a black hole stays with its lane, as a ghost, until the client hears of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from webapp import events as ev
from webapp.records import Attempt, Conn, Hung, Lane, Task
from webapp.state import State

DELIVER = "basic.deliver"
ARMED_KEPT = 50  # methods of each connection; there are fewer


def hold_armed(state: State, e: ev.HoldArmed) -> None:
    conn = state.conns.get(e.conn)
    if conn and e.method not in conn.armed and len(conn.armed) < ARMED_KEPT:
        conn.armed.append(e.method)


def hold_disarmed(state: State, e: ev.HoldDisarmed) -> None:
    conn = state.conns.get(e.conn)
    if conn and e.method in conn.armed:
        conn.armed.remove(e.method)


def held(state: State, e: ev.Held) -> str | None:
    conn = state.conns.get(e.conn)
    if conn is None:
        return None
    if e.method in conn.armed:
        conn.armed.remove(e.method)
    delivery = conn.unacked.get((e.channel, e.tag)) or conn.at_risk.get((e.channel, e.tag))
    task = delivery[0] if delivery else next(state.copies_of(e.task), None)
    conn.hung[e.by, e.channel] = Hung(e.method, e.channel, e.tag, e.by, task.key if task else None, e.at)
    if delivery:
        delivery[1].hurt, delivery[1].stopped = ("hold", e.at), e.method
        delivery[0].picture = None
    return task.key if task else None


def released(state: State, e: ev.Released) -> str | None:
    conn = state.conn_or_ghost(e.conn)
    hung = conn.hung.pop((e.by, e.channel), None) if conn else None
    if conn is None or hung is None:
        return None
    delivery = conn.unacked.get((e.channel, e.tag)) or conn.at_risk.get((e.channel, e.tag))
    if delivery:
        delivery[1].hurt = ("drop", e.at) if e.dropped else None
        delivery[1].stopped = e.method if e.dropped else ""
        delivery[0].picture = None
    if e.by == "broker":
        if e.dropped and hung.method == DELIVER and delivery:
            conn.thrown.add((e.channel, e.tag))
        _arrive(_behind(conn, hung), conn, e.at)
    elif delivery and not e.dropped:
        delivery[1].released_at = e.at
    return hung.task


def blackholed(state: State, e: ev.Blackholed) -> None:
    if conn := state.conns.get(e.conn):
        conn.faults["blackhole"] = e.at


def restored(state: State, e: ev.Restored) -> None:
    conn = state.conn_or_ghost(e.conn)
    if conn is None:
        return
    began = conn.faults.pop("blackhole", None)
    if began is not None:
        _arrive(_since(conn, began), conn, e.at)
    lane = conn.lane
    if lane and lane.ghosts.pop(e.conn, None) and not lane.conns and not lane.ghosts:
        lane.cut = ""
        lane.exit = lane.exit or ("closed by broker" if lane.kind == "guest" else "")


def delayed(state: State, e: ev.Delayed) -> None:
    if conn := state.conns.get(e.conn):
        conn.delay = e.ms
        if e.ms:
            conn.faults["delay"] = e.at
        else:
            conn.faults.pop("delay", None)


def shown(lane: Lane) -> dict[str, Any]:
    """What is done to the connections of a lane now. Times in seconds of the run, `delay` in milliseconds."""
    wires = lane.wires
    holes = [at for conn in wires if (at := conn.faults.get("blackhole")) is not None]
    return {
        "blackholed": min(holes, default=None),
        "delay": max((conn.delay for conn in wires), default=0),
        "armed": sorted({method for conn in wires for method in conn.armed}),
        "held": [_hung(each) for conn in wires for each in conn.hung.values()],
    }


def on_the_wire(lane: Lane) -> list[str]:
    """Keys of tasks that the broker has sent to a worker and that have not come to it: they hang in the tap, wait behind what does, are in
    a black hole, or were thrown away."""
    found: dict[str, None] = {}
    for conn in lane.wires:
        if not (conn.hung or conn.thrown or "blackhole" in conn.faults):
            continue
        for hung in conn.hung.values():
            found.update((task.key, None) for task, _ in _behind(conn, hung))
        found.update((task.key, None) for spot in conn.thrown if (task := _sent(conn, spot)))
        if "blackhole" in conn.faults:
            found.update((task.key, None) for task, _ in _since(conn, conn.faults["blackhole"]))
    return list(found)


def _sent(conn: Conn, spot: tuple[int, int]) -> Task | None:
    delivery = conn.unacked.get(spot) or conn.at_risk.get(spot)
    return delivery[0] if delivery else None


def _deliveries(conn: Conn) -> Iterator[tuple[tuple[int, int], tuple[Task, Attempt]]]:
    yield from conn.unacked.items()
    yield from conn.at_risk.items()


def _behind(conn: Conn, hung: Hung) -> Iterator[tuple[Task, Attempt]]:
    """The delivery that hangs, and those the broker has sent after it on the same channel."""
    if hung.by != "broker":
        return
    for spot, (task, attempt) in _deliveries(conn):
        if spot[0] == hung.channel and spot[1] >= hung.tag:  # tags count up
            yield task, attempt


def _since(conn: Conn, began: float) -> Iterator[tuple[Task, Attempt]]:
    for _, (task, attempt) in _deliveries(conn):
        if attempt.delivered_at >= began:
            yield task, attempt


def _arrive(deliveries: Iterator[tuple[Task, Attempt]], conn: Conn, at: float) -> None:
    """These go on to the worker now, but for those that another fault keeps back, or threw away."""
    for task, attempt in list(deliveries):
        if attempt.spot not in conn.thrown:
            attempt.arrived_at = at
            task.picture = None


def heartbeat(lane: Lane) -> int | None:
    """Seconds, as its newest connection agreed on with the broker; 0 is off, None where it has no connection."""
    wires: list[Conn] = lane.wires
    return wires[-1].heartbeat if wires else None


def _hung(each: Hung) -> dict[str, Any]:
    return {
        "method": each.method,
        "channel": each.channel,
        "tag": each.tag,
        "by": each.by,
        "task": each.task,
        "at": each.at,
    }
