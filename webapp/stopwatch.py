"""From the fault to the redelivery: how the broker noticed that a delivery will not be settled, and what was the matter. Pure.

    connection_closed   the client's socket ended, or it said goodbye: within milliseconds
    heartbeat           the client was silent for two heartbeats and more: the broker closes its socket, without a word
    ack_timeout         406 PRECONDITION_FAILED on the channel, in the broker's own words
    channel_closed      any other end of the channel
    nack                the client gave it back
    broker_restart      the broker itself was gone
    engine_restart      the tap was, and everything that went through it

RabbitMQ looks once in a heartbeat whether anything came, and closes the connection at the second look in vain (rabbit_heartbeat.erl); a
client that lives says something at least twice in a heartbeat. So silence is noticed between EARLIEST and LATEST heartbeats after
it began. The embedded broker does the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from webapp import events as ev
from webapp.records import Attempt, Conn, Fault, Lane, Task
from webapp.state import State

EARLIEST, LATEST = 1.5, 3.0  # heartbeats
SILENT = 1.5  # heartbeats without a word from the client, after which a socket closed without a word was closed for that
TIMED_OUT = "delivery acknowledgement"  # in the text of the 406
FORCED = 320  # CONNECTION_FORCED: a broker that goes says so, where it has the time
SAME_MOMENT = 1.0  # seconds between the end of a broker's sockets and our notice that it is gone

Find: TypeAlias = Callable[[Lane | None, Conn, Attempt], "float | None"]


def _on_conn(kind: str) -> Find:
    return lambda _, conn, __: conn.faults.get(kind)


def _on_lane(kind: str) -> Find:
    return lambda lane, conn, _: lane.faults.get(kind) if lane and conn.life == lane.life else None


FINDERS: Mapping[str, Find] = {
    "cut": _on_conn("cut"),
    "blackhole": _on_conn("blackhole"),
    "delay": _on_conn("delay"),
    "stop": _on_lane("stop"),
    "finish": _on_lane("finish"),
    "freeze": _on_lane("freeze"),
    "stuck": lambda lane, _, attempt: attempt.delivered_at if lane and lane.stuck else None,
}
# How it was noticed -> what that can have been, the likeliest first.
CAUSES: Mapping[str, tuple[str, ...]] = {
    "connection_closed": ("cut", "stop", "finish"),
    "heartbeat": ("blackhole", "freeze", "delay"),
    "ack_timeout": ("stuck", "blackhole", "freeze", "delay"),
    # under auto-ack, with what came between its cancel and the broker's answer
    "channel_closed": ("finish",),
    "nack": ("finish",),
}


def how_closed(state: State, conn: Conn, e: ev.ConnectionClosed) -> str:
    """How the broker noticed what ends with this connection."""
    if e.by != "broker":
        return "connection_closed"
    if e.code == FORCED or not state.broker.up:
        return "broker_restart"
    if not e.code and conn.heartbeat and e.quiet >= conn.heartbeat * SILENT:
        return "heartbeat"
    return "connection_closed"


def how_channel_closed(e: ev.ChannelClosed) -> str:
    return "ack_timeout" if e.by == "broker" and e.code == 406 and TIMED_OUT in e.text else "channel_closed"


def stop(task: Task, attempt: Attempt, conn: Conn, noticed: str, fault: Fault | None = None) -> None:
    """The broker has noticed: the delivery will not be settled."""
    attempt.noticed = noticed
    attempt.fault = fault or _cause(conn, attempt, noticed)
    task.picture = None


def _cause(conn: Conn, attempt: Attempt, noticed: str) -> Fault | None:
    if attempt.hurt and noticed == "ack_timeout":
        return attempt.hurt
    for kind in CAUSES.get(noticed, ()):
        at = FINDERS[kind](conn.lane, conn, attempt)
        if at is not None:
            return kind, at
    return None


def broker_gone(state: State, at: float) -> None:
    """Its sockets are often seen to end before it is: what ended with them just now ended for this."""
    for ended, task, attempt in state.hung_up:
        if at - ended <= SAME_MOMENT:
            attempt.noticed, attempt.fault = "broker_restart", ("broker", at)
            task.picture = None
    state.hung_up.clear()


def silence(lane: Lane) -> dict[str, Any] | None:
    """Since when the broker has heard nothing of this lane although it is connected, and when it will notice; None while it hears.

    `earliest` and `latest` are None where the connection has no heartbeat: then it never does."""
    found: dict[str, Any] | None = None
    for conn in lane.conns.values():
        frozen = lane.faults.get("freeze") if conn.life == lane.life else None
        began = [at for at in (conn.faults.get("blackhole"), frozen) if at is not None]
        if not began:
            continue
        since, beat = min(began), conn.heartbeat
        due = (since + beat * EARLIEST, since + beat * LATEST) if beat else (None, None)
        each = {"since": since, "heartbeat": beat, "earliest": due[0], "latest": due[1]}
        if found is None or (due[0] is not None and (found["earliest"] or due[0] + 1) > due[0]):
            found = each
    return found
