"""What a client's request means once the broker has granted it: events, and what is known of the channel from then on. Pure.

Each function is told the connection's number, the channel, what was asked, and the broker's answer; None for that where the client wanted
none (no-wait).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from pika import spec

from webapp import events as ev
from webapp.engine.channels import Channel

Grant: TypeAlias = Callable[[int, Channel, Any, Any], Iterable[ev.Event]]


def qos(_: int, channel: Channel, asked: Any, __: Any) -> Iterable[ev.Event]:
    if asked.global_qos:
        channel.prefetch_shared = asked.prefetch_count
    else:
        channel.prefetch = asked.prefetch_count
    return ()


def consume(conn: int, channel: Channel, asked: Any, got: Any) -> Iterable[ev.Event]:
    consumer = got.consumer_tag if got else asked.consumer_tag
    queue = asked.queue or channel.queue
    channel.consumes(consumer, queue, bool(asked.no_ack))
    limits = [limit for limit in (channel.prefetch, channel.prefetch_shared) if limit]
    yield ev.ConsumerStarted(
        conn=conn,
        channel=channel.number,
        queue=queue,
        consumer=consumer,
        auto_ack=bool(asked.no_ack),
        prefetch=min(limits, default=0),
    )


def cancel(conn: int, channel: Channel, asked: Any, got: Any) -> Iterable[ev.Event]:
    channel.cancelled(asked.consumer_tag, heard=got is not None)
    yield ev.ConsumerCancelled(conn=conn, channel=channel.number, consumer=asked.consumer_tag, by="client")


def declare(conn: int, channel: Channel, asked: Any, got: Any) -> Iterable[ev.Event]:
    queue = got.queue if got else asked.queue
    channel.queue = queue
    kind = str((asked.arguments or {}).get("x-queue-type", "classic"))
    yield ev.QueueDeclared(
        conn=conn,
        queue=queue,
        durable=None if asked.passive else bool(asked.durable),
        kind=None if asked.passive else kind,
        exclusive=bool(asked.exclusive),
        auto_delete=bool(asked.auto_delete),
        ready=got.message_count if got else 0,
        consumers=got.consumer_count if got else 0,
    )


def bind(conn: int, channel: Channel, asked: Any, _: Any) -> Iterable[ev.Event]:
    kind = ev.QueueBound if isinstance(asked, spec.Queue.Bind) else ev.QueueUnbound
    yield kind(
        conn=conn,
        queue=asked.queue or channel.queue,
        exchange=asked.exchange,
        routing_key=asked.routing_key,
    )


def purge(conn: int, channel: Channel, asked: Any, got: Any) -> Iterable[ev.Event]:
    count = got.message_count if got else 0
    yield ev.QueuePurged(conn=conn, queue=asked.queue or channel.queue, count=count)


def delete(conn: int, channel: Channel, asked: Any, got: Any) -> Iterable[ev.Event]:
    count = got.message_count if got else 0
    yield ev.QueueDeleted(conn=conn, queue=asked.queue or channel.queue, count=count)


def declare_exchange(conn: int, _: Channel, asked: Any, __: Any) -> Iterable[ev.Event]:
    if not asked.passive:
        yield ev.ExchangeDeclared(conn=conn, exchange=asked.exchange, kind=asked.type or "direct")


def recover(conn: int, channel: Channel, asked: Any, _: Any) -> Iterable[ev.Event]:
    unacked, channel.unacked = channel.unacked, {}
    if not asked.requeue:
        return
    for tag, task in unacked.items():
        yield ev.Nacked(conn=conn, channel=channel.number, tag=tag, task=task, requeue=True)


# request -> (number of its answer, what it means once granted)
GRANTS: dict[type, tuple[int, Grant]] = {
    spec.Exchange.Declare: (spec.Exchange.DeclareOk.INDEX, declare_exchange),
    spec.Queue.Declare: (spec.Queue.DeclareOk.INDEX, declare),
    spec.Queue.Bind: (spec.Queue.BindOk.INDEX, bind),
    spec.Queue.Unbind: (spec.Queue.UnbindOk.INDEX, bind),
    spec.Queue.Purge: (spec.Queue.PurgeOk.INDEX, purge),
    spec.Queue.Delete: (spec.Queue.DeleteOk.INDEX, delete),
    spec.Basic.Qos: (spec.Basic.QosOk.INDEX, qos),
    spec.Basic.Consume: (spec.Basic.ConsumeOk.INDEX, consume),
    spec.Basic.Cancel: (spec.Basic.CancelOk.INDEX, cancel),
    spec.Basic.Recover: (spec.Basic.RecoverOk.INDEX, recover),
}
