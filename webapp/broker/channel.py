"""One channel: its consumers, what they hold, its confirms; and the table from AMQP method to what the broker does.

    Session ──methods, content──────► Channel ──► VHost
            ◄──answers, deliveries───

Source: AMQP 0-9-1 and RabbitMQ's extensions (confirms, basic.nack, consumer cancel notification).
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import pika.frame
from pika import spec
from pika.compat import long

from webapp.broker.arguments import expiration
from webapp.broker.content import Incoming, content, deliver
from webapp.broker.errors import ChannelError, ConnectionError_, left_out, no_method, not_implemented
from webapp.broker.exchanges import Binding
from webapp.broker.properties import join, split, with_headers
from webapp.broker.queues import Consumer, Delivery, Limit, Message, Queue, ack_timeout
from webapp.engine import wire

if TYPE_CHECKING:
    from webapp.broker.session import Session


class Channel:
    """A channel of a session. Everything it is told comes from its session, in the order of the wire."""

    def __init__(self, session: Session, number: int) -> None:
        self.session = session
        self.vhost = session.vhost
        self.number = number
        self.closing = False  # we have sent channel.close: all but close-ok is ignored
        self.held: OrderedDict[int, Delivery] = OrderedDict()  # by tag: what waits for its ack
        self._consumers: OrderedDict[str, tuple[Consumer, Queue]] = OrderedDict()
        self._last_tag = 0
        self._prefetch = 0
        self._shared = Limit()
        self._last_queue = ""
        self.incoming: Incoming | None = None  # the publish under way
        self._confirms = False
        self._published = self._confirmed = 0  # publishes since confirm.select

    # -- frames -------------------------------------------------------------------------------------------------

    def method(self, method: Any) -> None:
        """Carries out a method, and answers it where it wants that. Raises AmqpError."""
        if self.incoming is not None:
            raise self.incoming.unexpected()
        handler = METHODS.get(type(method))
        if handler is None:
            raise ConnectionError_(503, "unimplemented method")
        answer = handler(self, method)
        if answer is not None and not getattr(method, "nowait", False):
            self.session.send(self.number, answer)

    def content(self, frame: wire.Frame) -> None:
        """A content header or body frame. Raises AmqpError."""
        incoming = self.incoming
        if incoming is None:
            raise no_method()
        if frame.kind == wire.HEADER:
            incoming.add_header(frame.raw)
        else:
            incoming.add_body(frame.payload)
            self.vhost.memory.add(len(frame.payload))
        if incoming.whole:
            self._publish(incoming)
            self._drop_incoming()

    # -- what the vhost asks of a consumer's owner ---------------------------------------------------------------

    def deliver(self, delivery: Delivery) -> None:
        """basic.deliver."""
        consumer = delivery.consumer
        assert consumer
        tag = self._hold(delivery)
        self.session.write(deliver(self.number, tag, consumer.tag, delivery) + self._content(delivery))

    def cancelled(self, consumer: Consumer) -> None:
        """The consumer's queue is gone: tell it, as RabbitMQ does (consumer cancel notification)."""
        self._consumers.pop(consumer.tag, None)
        if self.session.hears("consumer_cancel_notify"):
            self.session.send(self.number, spec.Basic.Cancel(consumer_tag=consumer.tag, nowait=True))

    # -- the session's own business -----------------------------------------------------------------------------

    def pause(self, paused: bool) -> None:
        """Its connection cannot take more (true), or can again: then its queues deliver on."""
        for consumer, queue in list(self._consumers.values()):
            consumer.paused = paused
            if not paused:
                self.vhost.dispatch(queue)

    def overdue(self) -> Delivery | None:
        """A delivery whose ack has not come in time, if there is one."""
        now = time.monotonic()
        return next((each for each in self.held.values() if each.since + each.allowed < now), None)

    def end(self) -> list[Delivery]:
        """The channel is over: its consumers leave; what they held is returned, to be given back."""
        for consumer, queue in list(self._consumers.values()):
            consumer.paused = True
            self.vhost.leave(queue, consumer)
        self._consumers.clear()
        held = list(self.held.values())
        self.held.clear()
        self._drop_incoming()
        return held

    # -- publishing ---------------------------------------------------------------------------------------------

    def _publish_begins(self, method: Any) -> None:
        if method.immediate:
            raise not_implemented("immediate=true")
        self.incoming = Incoming(method)

    def _publish(self, incoming: Incoming) -> None:
        method, properties, body = incoming.method, incoming.properties, bytes(incoming.body)
        queues = self.vhost.routes(method.exchange, method.routing_key)
        user = incoming.user_id
        if user not in (None, "guest"):
            raise ChannelError(406, f"user_id property set to '{user}' but authenticated user was 'guest'")
        ttl = None if incoming.expiration is None else expiration(incoming.expiration)
        if method.mandatory and not queues:
            returned = spec.Basic.Return(312, "NO_ROUTE", method.exchange, method.routing_key)
            self.session.send(self.number, returned)
            self.session.write(content(self.number, properties, body, self.session.frame_max))
        message = Message(method.exchange, method.routing_key, properties, body, incoming.persistent)
        self.vhost.publish(queues, message, ttl)
        if self._confirms:
            self._published += 1
            self.session.confirm(self)

    def confirmation(self) -> bytes:
        """The frame that confirms every publish since the last one."""
        many = self._published - self._confirmed > 1
        self._confirmed = self._published
        return frame_of(self.number, spec.Basic.Ack(self._published, multiple=many))

    def _drop_incoming(self) -> None:
        if self.incoming:
            self.vhost.memory.add(-len(self.incoming.body))
            self.incoming = None

    def _confirm_select(self, _: Any) -> Any:
        self._confirms = True
        return spec.Confirm.SelectOk()

    # -- consuming ----------------------------------------------------------------------------------------------

    def _qos(self, method: Any) -> Any:
        if method.prefetch_size:
            raise not_implemented(f"prefetch_size!=0 ({method.prefetch_size})")
        if method.global_qos:
            self._shared.size = method.prefetch_count
            self._dispatch_all()
        else:
            self._prefetch = method.prefetch_count
        return spec.Basic.QosOk()

    def _consume(self, method: Any) -> Any:
        if method.queue == "amq.rabbitmq.reply-to":
            raise left_out("direct reply-to is")
        queue = self._queue(method.queue)
        if "x-priority" in method.arguments:
            raise left_out("x-priority is")
        tag = method.consumer_tag or f"amq.ctag-{secrets.token_urlsafe(16)}"
        if tag in self._consumers:
            raise ConnectionError_(530, f"attempt to reuse consumer tag '{tag}'")
        if any(each.exclusive for each in queue.consumers) or (method.exclusive and queue.consumers):
            raise ChannelError(403, f"queue '{queue.name}' in vhost '/' in exclusive use")
        if queue.kind == "quorum" and self._shared.size:
            raise not_implemented(f"queue '{queue.name}' in vhost '/' does not support global qos")
        consumer = Consumer(tag, self, method.no_ack, Limit(self._prefetch), self._shared, method.exclusive)
        own = ack_timeout(method.arguments)
        consumer.ack_timeout = queue.ack_timeout if own is None else own
        consumer.paused = self.session.paused
        self._consumers[tag] = consumer, queue
        queue.add(consumer)
        self.vhost.dispatch(queue)
        return spec.Basic.ConsumeOk(consumer_tag=tag)

    def _cancel(self, method: Any) -> Any:
        found = self._consumers.pop(method.consumer_tag, None)
        if found:
            consumer, queue = found
            self.vhost.leave(queue, consumer)
        return spec.Basic.CancelOk(consumer_tag=method.consumer_tag)

    def _get(self, method: Any) -> Any:
        queue = self.vhost.asked(self._queue(method.queue))
        delivery = queue.take(auto_ack=method.no_ack)
        if delivery is None:
            return spec.Basic.GetEmpty()
        self.vhost.sent(delivery)
        tag, message = self._hold(delivery), delivery.message
        answer = spec.Basic.GetOk(
            tag, message.redelivered, message.exchange, message.routing_key, queue.ready
        )
        self.session.send(self.number, answer)
        self.session.write(self._content(delivery, counted=True))
        self.vhost.dispatch(queue)  # what stands at the head now may expire
        return None

    def _ack(self, method: Any) -> None:
        taken = self._taken(method)
        self._room_for_all()
        self.vhost.settle(taken)

    def _nack(self, method: Any) -> None:
        """basic.nack and basic.reject."""
        taken = self._taken(method)
        self._room_for_all()
        if method.requeue:
            self.vhost.give_back(taken, asked=True)
        else:
            self.vhost.reject(taken)

    def _recover(self, method: Any) -> Any:
        if not method.requeue:
            raise not_implemented("requeue=false")
        held = list(self.held.values())
        self.held.clear()
        self.vhost.give_back(held, asked=True)
        self._room_for_all()
        return spec.Basic.RecoverOk() if isinstance(method, spec.Basic.Recover) else None

    # -- queues and exchanges -----------------------------------------------------------------------------------

    def _queue_declare(self, method: Any) -> Any:
        queue = self.vhost.declare(method, self.session)
        self._last_queue = queue.name
        return spec.Queue.DeclareOk(queue.name, queue.ready, len(queue.consumers))

    def _queue_bind(self, method: Any) -> Any:
        queue = self._queue(method.queue)
        self.vhost.bind(method.exchange, Binding(True, queue.name, method.routing_key))
        return spec.Queue.BindOk()

    def _queue_unbind(self, method: Any) -> Any:
        queue = self._queue(method.queue)
        self.vhost.unbind(method.exchange, Binding(True, queue.name, method.routing_key))
        return spec.Queue.UnbindOk()

    def _queue_purge(self, method: Any) -> Any:
        queue = self._queue(method.queue)
        self.vhost.deliver(queue)
        return spec.Queue.PurgeOk(self.vhost.purge(queue))

    def _queue_delete(self, method: Any) -> Any:
        name = method.queue or self._last_queue
        if name and name not in self.vhost.queues:  # RabbitMQ: deleting what is not there is no error
            return spec.Queue.DeleteOk(0)
        queue = self._queue(name)
        self.vhost.deliver(queue)
        for asked, word in ((method.if_unused, "if-unused"), (method.if_empty, "if-empty")):
            if asked and queue.kind == "quorum":
                raise not_implemented(
                    f"cannot delete queue '{name}' in vhost '/'. "
                    f"queue.delete operations with {word} flag set are not supported by quorum queues"
                )
        if method.if_unused and queue.consumers:
            raise ChannelError(406, f"queue '{name}' in vhost '/' in use")
        if method.if_empty and queue.ready:
            raise ChannelError(406, f"queue '{name}' in vhost '/' not empty")
        return spec.Queue.DeleteOk(self.vhost.delete(queue))

    def _exchange_declare(self, method: Any) -> Any:
        self.vhost.declare_exchange(method)
        return spec.Exchange.DeclareOk()

    def _exchange_delete(self, method: Any) -> Any:
        self.vhost.delete_exchange(method)
        return spec.Exchange.DeleteOk()

    def _exchange_bind(self, method: Any) -> Any:
        self.vhost.bind(method.source, Binding(False, method.destination, method.routing_key))
        return spec.Exchange.BindOk()

    def _exchange_unbind(self, method: Any) -> Any:
        self.vhost.unbind(method.source, Binding(False, method.destination, method.routing_key))
        return spec.Exchange.UnbindOk()

    def _close(self, _: Any) -> Any:
        self.session.close_channel(self)
        return spec.Channel.CloseOk()

    def _opened_again(self, _: Any) -> None:
        raise ConnectionError_(504, "second 'channel.open' seen")

    def _flow(self, method: Any) -> Any:
        if not method.active:
            raise not_implemented("active=false")
        return spec.Channel.FlowOk(active=True)

    def _access_request(self, _: Any) -> Any:
        return spec.Access.RequestOk(1)

    def _left_out(self, method: Any) -> None:
        raise left_out(f"{method.NAME.lower()} is")

    # -- odds ---------------------------------------------------------------------------------------------------

    def _queue(self, name: str) -> Queue:
        """The queue meant: an empty name is the last one declared on this channel. Raises ChannelError 404 or 405."""
        if not (name or self._last_queue):
            raise ChannelError(404, "no previously declared queue")
        return self.vhost.queue(name or self._last_queue, self.session)

    def _hold(self, delivery: Delivery) -> int:
        """The tag of a delivery that goes out now."""
        self._last_tag += 1
        if not delivery.auto_ack:
            asked = (delivery.consumer or delivery.queue).ack_timeout
            delivery.allowed = self.session.ack_timeout if asked is None else asked
            delivery.since = time.monotonic()
            self.held[self._last_tag] = delivery
        return self._last_tag

    def _taken(self, method: Any) -> list[Delivery]:
        """The deliveries that a client's answer speaks of. Raises ChannelError 406 for a tag that is not out."""
        tag, multiple = method.delivery_tag, getattr(method, "multiple", False)  # basic.reject has none
        if tag not in self.held and (tag or not multiple):
            raise ChannelError(406, f"unknown delivery tag {tag}")
        if not multiple:
            return [self.held.pop(tag)]
        taken = []
        while self.held and (not tag or next(iter(self.held)) <= tag):
            taken.append(self.held.popitem(last=False)[1])
        return taken

    def _room_for_all(self) -> None:
        """Under the limit of the whole channel an answer to one consumer's delivery makes room for every other's, by turns."""
        if self._shared.size and self._consumers:
            self._consumers.move_to_end(next(iter(self._consumers)))
            self._dispatch_all()

    def _dispatch_all(self) -> None:
        for _, queue in list(self._consumers.values()):
            self.vhost.dispatch(queue)

    def _content(self, delivery: Delivery, *, counted: bool = False) -> bytes:
        """The message's header and body frames; a quorum queue adds how often it has come back, `counted` also where it never has."""
        message, properties = delivery.message, delivery.message.properties
        if delivery.queue.kind == "quorum" and (counted or message.returns):
            properties = join(with_headers(split(properties), {"x-delivery-count": long(message.returns)}))
        return content(self.number, properties, message.body, self.session.frame_max)


def frame_of(number: int, method: Any) -> bytes:
    """A method as a frame on this channel."""
    return bytes(pika.frame.Method(number, method).marshal())


Handler: TypeAlias = Callable[[Channel, Any], Any]  # returns the answer

METHODS: dict[type, Handler] = {
    spec.Channel.Open: Channel._opened_again,
    spec.Channel.Close: Channel._close,
    spec.Channel.Flow: Channel._flow,
    spec.Exchange.Declare: Channel._exchange_declare,
    spec.Exchange.Delete: Channel._exchange_delete,
    spec.Exchange.Bind: Channel._exchange_bind,
    spec.Exchange.Unbind: Channel._exchange_unbind,
    spec.Queue.Declare: Channel._queue_declare,
    spec.Queue.Bind: Channel._queue_bind,
    spec.Queue.Unbind: Channel._queue_unbind,
    spec.Queue.Purge: Channel._queue_purge,
    spec.Queue.Delete: Channel._queue_delete,
    spec.Basic.Qos: Channel._qos,
    spec.Basic.Consume: Channel._consume,
    spec.Basic.Cancel: Channel._cancel,
    spec.Basic.Publish: Channel._publish_begins,
    spec.Basic.Get: Channel._get,
    spec.Basic.Ack: Channel._ack,
    spec.Basic.Nack: Channel._nack,
    spec.Basic.Reject: Channel._nack,
    spec.Basic.Recover: Channel._recover,
    spec.Basic.RecoverAsync: Channel._recover,
    spec.Confirm.Select: Channel._confirm_select,
    spec.Tx.Select: Channel._left_out,
    spec.Tx.Commit: Channel._left_out,
    spec.Tx.Rollback: Channel._left_out,
    spec.Access.Request: Channel._access_request,
}
