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


def line(event: ev.Event, client: str, task: str | None, note: str = "") -> dict[str, Any]:
    """The event as a line. `client` is the page's name for the connection or worker it is about, `note` a word more."""
    who, to, method, detail, tone = LINES[type(event)](event, client)
    detail = f"{detail} {note}".strip() if note else detail
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


def skipped(count: int, last: ev.Event) -> dict[str, Any]:
    """A line that says that `count` of them, `last` being the latest, were left out."""
    return {
        "seq": last.seq,
        "at": last.at,
        "who": "",
        "to": "",
        "method": "…",
        "detail": f"{count} more",
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
        return client, BROKER, "basic.publish", e.routing_key, ""
    where = f"{e.exchange} {e.routing_key}".strip()
    return client, BROKER, "basic.publish", f"{where} {'persistent' if e.persistent else 'transient'}", ""


def _closed(e: ev.ConnectionClosed, client: str) -> Line:
    """Without a connection.close it was only the sockets that were seen to go. A client's own may well have code 0."""
    ends = (BROKER, client) if e.by == "broker" else (client, BROKER)
    if e.by == "network" or (e.by == "broker" and not e.code):
        return *ends, "tcp closed", e.text, "bad"
    return *ends, "connection.close", f"{e.code} {e.text}".strip(), "bad" if e.by == "broker" else ""


def _channel_closed(e: ev.ChannelClosed, client: str) -> Line:
    bad = e.by == "broker"
    ends = (BROKER, client) if bad else (client, BROKER)
    return *ends, "channel.close", f"{e.code} {e.text}".strip(), "bad" if bad else ""


def _consumer_started(e: ev.ConsumerStarted, client: str) -> Line:
    ack = "no-ack" if e.auto_ack else f"prefetch={e.prefetch or 'no limit'}"
    return client, BROKER, "basic.consume", f"{e.queue} {ack}", ""


def _consumer_cancelled(e: ev.ConsumerCancelled, client: str) -> Line:
    ends = (BROKER, client) if e.by == "broker" else (client, BROKER)
    return *ends, "basic.cancel", e.consumer, "bad" if e.by == "broker" else ""


def _queue_declared(e: ev.QueueDeclared, client: str) -> Line:
    if e.durable is None:
        return client, BROKER, "queue.declare", f"{e.queue} passive", ""
    words = [e.queue, e.kind or "classic", "durable" if e.durable else "transient"]
    words += ["exclusive"] * e.exclusive
    return client, BROKER, "queue.declare", " ".join(words), ""


def _bound(method: str) -> Callable[[Any, str], Line]:
    def line(e: ev.QueueBound | ev.QueueUnbound, client: str) -> Line:
        return client, BROKER, method, f"{e.queue} {e.exchange} {e.routing_key}".strip(), ""

    return line


def _emptied(method: str) -> Callable[[Any, str], Line]:
    def line(e: ev.QueuePurged | ev.QueueDeleted, client: str) -> Line:
        return client, BROKER, method, f"{e.queue} messages={e.count}", "bad" if e.count else ""

    return line


def _turned_down(method: str) -> Callable[[Any, str], Line]:
    def line(e: ev.Nacked | ev.Rejected, client: str) -> Line:
        words = f"tag={e.tag} requeue={str(e.requeue).lower()}"
        return client, BROKER, method, words, "again" if e.requeue else "bad"

    return line


def _confirmed(e: ev.Confirmed, client: str) -> Line:
    if e.ok:
        return BROKER, client, "basic.ack", "confirm", "ok"
    return BROKER, client, "basic.nack", "confirm", "bad"


def _exited(e: ev.WorkerExited, client: str) -> Line:
    how = e.signal or f"exit code {e.code or 0}"
    return client, "", "process exited", how, "bad" if e.signal or e.code else ""


def _asked(e: ev.WorkerAsked, client: str) -> Line:
    signal = {"stop": "kill -9", "finish": "SIGTERM"}.get(e.action, e.action)
    return ENGINE, client, signal, "", "bad" if e.action == "stop" else ""


def _held(word: str, tone: str) -> Callable[[Any, str], Line]:
    def line(e: ev.Held | ev.Released, client: str) -> Line:
        return ENGINE, client, e.method, f"tag={e.tag} {word}" if e.tag else word, tone

    return line


LINES: dict[type, Callable[[Any, str], Line]] = {
    ev.ConnectionOpened: lambda e, c: (BROKER, c, "connection.open-ok", f"heartbeat={e.heartbeat}", ""),
    ev.ConnectionClosed: _closed,
    ev.ChannelClosed: _channel_closed,
    ev.ExchangeDeclared: lambda e, c: (c, BROKER, "exchange.declare", f"{e.exchange} {e.kind}", ""),
    ev.QueueDeclared: _queue_declared,
    ev.QueueBound: _bound("queue.bind"),
    ev.QueueUnbound: _bound("queue.unbind"),
    ev.QueuePurged: _emptied("queue.purge"),
    ev.QueueDeleted: _emptied("queue.delete"),
    ev.ConsumerStarted: _consumer_started,
    ev.ConsumerCancelled: _consumer_cancelled,
    ev.Published: _published,
    ev.Confirmed: _confirmed,
    ev.Returned: lambda e, c: (BROKER, c, "basic.return", f"{e.code} {e.text}", "bad"),
    ev.Delivered: _delivered,
    ev.Acked: lambda e, c: (c, BROKER, "basic.ack", f"tag={e.tag}", "ok"),
    ev.Nacked: _turned_down("basic.nack"),
    ev.Rejected: _turned_down("basic.reject"),
    ev.HoldArmed: lambda e, c: (ENGINE, c, "hold", f"the next {e.method}", ""),
    ev.HoldDisarmed: lambda e, c: (ENGINE, c, "hold", f"no {e.method} any more", ""),
    ev.Held: _held("held", "bad"),
    ev.Released: lambda e, c: _held("dropped" if e.dropped else "released", "bad" if e.dropped else "")(e, c),
    ev.Blackholed: lambda _, c: (ENGINE, c, "black hole", "nothing gets through", "bad"),
    ev.Restored: lambda e, c: (ENGINE, c, "black hole", "over" + ", too late" * e.gone, ""),
    ev.Delayed: lambda e, c: (ENGINE, c, "delay", f"{e.ms} ms" if e.ms else "off", "bad" if e.ms else ""),
    ev.WorkerStarted: lambda e, c: (ENGINE, c, "process started", f"pid {e.pid}", ""),
    ev.WorkerExited: _exited,
    ev.WorkerAsked: _asked,
    ev.WorkerFrozen: lambda _, c: (ENGINE, c, "SIGSTOP", "", "bad"),
    ev.WorkerThawed: lambda _, c: (ENGINE, c, "SIGCONT", "", ""),
    ev.BrokerStarted: lambda e, _: (BROKER, "", "broker started", f"{e.product} {e.version}", "ok"),
    ev.BrokerStopped: lambda e, _: (BROKER, "", "broker stopped", e.detail, "bad"),
}
