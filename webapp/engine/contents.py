"""A message that went by whole, as the event it is: published, delivered, returned. Pure."""

from __future__ import annotations

from collections.abc import Callable

from pika import spec

from webapp import events as ev
from webapp.engine import wire
from webapp.engine.channels import PENDING_MAX, Channel, Content

RESULTS = "results"  # the routing key under which a worker publishes what it made of a task


def published(conn: int, channel: Channel, content: Content) -> ev.Event | None:
    """basic.publish. None where it has no id that it could be followed by."""
    method, header = content.method, content.header
    assert header is not None
    if channel.publish_seq is not None:
        channel.publish_seq += 1
        if len(channel.unconfirmed) < PENDING_MAX:
            channel.unconfirmed[channel.publish_seq] = content.task
    if not content.task:
        return None  # its header had no room for a message_id: it passes, untraced
    to_default = not method.exchange
    return ev.Published(
        conn=conn,
        channel=channel.number,
        task=content.task,
        queue=method.routing_key if to_default else "",
        exchange=method.exchange,
        routing_key=method.routing_key,
        persistent=header.persistent,
        body=_preview(content.body),
        size=header.body_size,
        dots=content.dots,
        result_of=header.correlation_id if to_default and method.routing_key == RESULTS else "",
    )


def delivered(conn: int, channel: Channel, content: Content) -> ev.Event | None:
    """basic.deliver, and basic.get-ok, which says neither queue nor ack mode: its request did."""
    method, header = content.method, content.header
    assert header is not None
    if isinstance(method, spec.Basic.GetOk):
        consumer = ""
        request = channel.gets.popleft() if channel.gets else None
        queue, auto_ack = (request.queue or channel.queue, request.no_ack) if request else ("", True)
    else:
        consumer = method.consumer_tag
        queue, auto_ack = channel.consumers.get(consumer, ("", False))
    task = content.task or f"untracked-{conn}-{channel.number}-{method.delivery_tag}"
    if not auto_ack:
        channel.unacked[method.delivery_tag] = task
    return ev.Delivered(
        conn=conn,
        channel=channel.number,
        tag=method.delivery_tag,
        task=task,
        queue=queue,
        consumer=consumer,
        auto_ack=auto_ack,
        redelivered=bool(method.redelivered),
        exchange=method.exchange,
        routing_key=method.routing_key,
        body=_preview(content.body),
        size=header.body_size,
        dots=content.dots,
        persistent=header.persistent,
        delivery_count=header.delivery_count,
    )


def returned(conn: int, channel: Channel, content: Content) -> ev.Event | None:
    """basic.return. None where the message was never traced."""
    method = content.method
    if not content.task:
        return None
    return ev.Returned(
        conn=conn,
        channel=channel.number,
        task=content.task,
        code=method.reply_code,
        text=method.reply_text,
    )


def _preview(body: bytes) -> str:
    return wire.text(body)[: ev.PREVIEW]


# the method that a content came with -> what it means
CONTENTS: dict[type, Callable[[int, Channel, Content], ev.Event | None]] = {
    spec.Basic.Publish: published,
    spec.Basic.Deliver: delivered,
    spec.Basic.GetOk: delivered,
    spec.Basic.Return: returned,
}
