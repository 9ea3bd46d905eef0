"""Events as lines of the wire log: who spoke, to whom, which AMQP method, and the arguments that matter. Pure.

Each line is `{seq, at, who, to, method, detail, task, tone}`; `tone` is "" | ok | bad | again, `task` a task's key or None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from webapp import events as ev

BROKER = "broker"
ENGINE = "unacked"

# who, to, method, detail, tone
Line: TypeAlias = tuple[str, str, str, str, str]


def line(event: ev.Event, client: str, task: str | None) -> dict[str, Any]:
    """The event as a line. `client` is the page's name for the connection or worker it is about."""
    who, to, method, detail, tone = LINES[type(event)](event, client)
    return {
        "seq": event.seq,
        "at": event.at,
        "who": who,
        "to": to,
        "method": method,
        "detail": detail,
        "task": task,
        "tone": tone,
    }


def skipped(count: int, before: dict[str, Any]) -> dict[str, Any]:
    """A line that says that `count` lines were left out before this one."""
    return {
        **before,
        "who": "",
        "to": "",
        "method": "",
        "detail": f"… {count} more",
        "task": None,
        "tone": "",
    }


def _delivered(e: ev.Delivered, client: str) -> Line:
    words = [f"tag={e.tag}"]
    if e.redelivered:
        words.append("redelivered")
    if e.auto_ack:
        words.append("no-ack")
    if e.delivery_count:
        words.append(f"x-delivery-count={e.delivery_count}")
    method = "basic.deliver" if e.consumer else "basic.get-ok"
    return BROKER, client, method, " ".join(words), "again" if e.redelivered else ""


def _published(e: ev.Published, client: str) -> Line:
    if e.result_of:
        return client, BROKER, "basic.publish", "results", ""
    where = f"{e.exchange} {e.routing_key}".strip()
    return client, BROKER, "basic.publish", where + (" persistent" if e.persistent else " transient"), ""


def _closed(e: ev.ConnectionClosed, client: str) -> Line:
    words = " ".join(str(part) for part in (e.code or "", e.text) if part)
    if e.by == "network" or not e.code:
        ends = (client, BROKER) if e.by == "network" else (BROKER, client)
        return *ends, "tcp closed", e.text, "bad"
    ends = (client, BROKER) if e.by == "client" else (BROKER, client)
    return *ends, "connection.close", words, "bad" if e.by == "broker" else ""


def _channel_closed(e: ev.ChannelClosed, client: str) -> Line:
    ends = (client, BROKER) if e.by == "client" else (BROKER, client)
    return *ends, "channel.close", f"{e.code} {e.text}".strip(), "bad" if e.by == "broker" else ""


def _consumer_started(e: ev.ConsumerStarted, client: str) -> Line:
    ack = "no-ack" if e.auto_ack else f"manual ack prefetch={e.prefetch or 'no limit'}"
    return client, BROKER, "basic.consume", f"{e.queue} {ack}", ""


def _queue_declared(e: ev.QueueDeclared, client: str) -> Line:
    words = [e.queue]
    if e.durable is None:
        words.append("passive")
    else:
        words += [e.kind or "classic", "durable" if e.durable else "transient"]
    return client, BROKER, "queue.declare", " ".join(words), ""


def _turned_down(method: str) -> Callable[[Any, str], Line]:
    def line(e: ev.Nacked | ev.Rejected, client: str) -> Line:
        return (
            client,
            BROKER,
            method,
            f"tag={e.tag} requeue={str(e.requeue).lower()}",
            "again" if e.requeue else "bad",
        )

    return line


def _exited(e: ev.WorkerExited, client: str) -> Line:
    how = e.signal or f"exit code {e.code}"
    return client, "", "process exited", how, "bad" if e.signal or e.code else ""


_SIGNALS = {"stop": "kill -9", "finish": "SIGTERM"}

LINES: dict[type, Callable[[Any, str], Line]] = {
    ev.ConnectionOpened: lambda e, c: (BROKER, c, "connection.open-ok", f"heartbeat={e.heartbeat}", ""),
    ev.ConnectionClosed: _closed,
    ev.ChannelClosed: _channel_closed,
    ev.QueueDeclared: _queue_declared,
    ev.QueuePurged: lambda e, c: (c, BROKER, "queue.purge", f"{e.queue} {e.count} messages", "bad"),
    ev.QueueDeleted: lambda e, c: (c, BROKER, "queue.delete", f"{e.queue} {e.count} messages", "bad"),
    ev.QueueBound: lambda e, c: (
        c,
        BROKER,
        "queue.bind",
        f"{e.queue} to {e.exchange} {e.routing_key}".strip(),
        "",
    ),
    ev.ConsumerStarted: _consumer_started,
    ev.ConsumerCancelled: lambda e, c: (
        *((c, BROKER) if e.by == "client" else (BROKER, c)),
        "basic.cancel",
        "",
        "",
    ),
    ev.Published: _published,
    ev.Confirmed: lambda e, c: (
        BROKER,
        c,
        "basic.ack" if e.ok else "basic.nack",
        "confirm",
        "ok" if e.ok else "bad",
    ),
    ev.Returned: lambda e, c: (BROKER, c, "basic.return", f"{e.code} {e.text}", "bad"),
    ev.Delivered: _delivered,
    ev.Acked: lambda e, c: (c, BROKER, "basic.ack", f"tag={e.tag}", "ok"),
    ev.Nacked: _turned_down("basic.nack"),
    ev.Rejected: _turned_down("basic.reject"),
    ev.Held: lambda e, c: (ENGINE, c, e.method, "held", "bad"),
    ev.Released: lambda e, c: (ENGINE, c, e.method, "dropped" if e.dropped else "released", ""),
    ev.WorkerStarted: lambda e, c: (ENGINE, c, "process started", f"pid {e.pid}", ""),
    ev.WorkerExited: _exited,
    ev.WorkerAsked: lambda e, c: (
        ENGINE,
        c,
        _SIGNALS.get(e.action, e.action),
        "",
        "bad" if e.action == "stop" else "",
    ),
    ev.WorkerFrozen: lambda _, c: (ENGINE, c, "SIGSTOP", "", "bad"),
    ev.WorkerThawed: lambda _, c: (ENGINE, c, "SIGCONT", "", ""),
    ev.BrokerStarted: lambda e, _: (BROKER, "", "broker started", f"{e.product} {e.version}", "ok"),
    ev.BrokerStopped: lambda e, _: (BROKER, "", "broker stopped", e.detail, "bad"),
}
