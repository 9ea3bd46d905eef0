"""The broker's one virtual host: its exchanges and queues, routing, and what of it is stored.

    Session ──► VHost ──► Exchange.routes ──► Queue.publish ──► Queue.dispatch ──► Channel.deliver ──► Session
                  │
                  └── Store (durable queues, persistent messages), committed once a turn of the loop

Knows no sockets: a consumer's owner has `deliver` and `cancelled`, that is all.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Protocol

from webapp.broker.arguments import check, same, word
from webapp.broker.errors import ChannelError, ConnectionError_, locked, not_found, not_implemented
from webapp.broker.exchanges import Binding, Exchange, predeclared, routes
from webapp.broker.letters import death, goes_round
from webapp.broker.memory import Memory, size
from webapp.broker.queues import Consumer, Delivery, Message, Queue
from webapp.broker.store import Store
from webapp.routing import MATCHES


class Owner(Protocol):
    """The channel a consumer belongs to."""

    def deliver(self, delivery: Delivery) -> None:
        """Send this delivery."""

    def cancelled(self, consumer: Consumer) -> None:
        """The consumer's queue is gone."""


class Timer(Protocol):
    """Something planned for later."""

    def cancel(self) -> None:
        """It is not to happen."""


class VHost:
    """Exchanges and queues. `soon` runs a function at the end of this turn of the loop, `later` after that many seconds; `clock`
    tells the seconds since 1970; `memory` counts what is kept."""

    def __init__(
        self,
        store: Store,
        soon: Callable[[Callable[[], None]], object],
        later: Callable[[float, Callable[[], None]], Timer],
        clock: Callable[[], float],
        memory: Memory | None = None,
    ) -> None:
        self.memory = memory or Memory()
        self.exchanges = predeclared()
        self.queues: dict[str, Queue] = {}
        self.store = store
        store.written = lambda: soon(store.commit)
        self._soon, self._later, self._clock = soon, later, clock
        self._due: dict[Queue, None] = {}  # not by name: a queue may be gone, and a new one have its name
        self._restore()

    # -- messages -----------------------------------------------------------------------------------------------

    def routes(self, exchange: str, key: str) -> list[Queue]:
        """The queues that a message goes to. Raises ChannelError 404 for an exchange that is not there."""
        if exchange:
            found = self.exchange(exchange)
            if found.internal:
                raise ChannelError(403, f"cannot publish to internal exchange '{exchange}' in vhost '/'")
        return self._routes(exchange, key)

    def _routes(self, exchange: str, key: str) -> list[Queue]:
        names = routes(self.exchanges, exchange, key) if exchange else [key]
        return [self.queues[name] for name in names if name in self.queues]

    def publish(
        self,
        queues: list[Queue],
        exchange: str,
        key: str,
        properties: bytes,
        body: bytes,
        persistent: bool,
        expiration: int | None = None,
    ) -> None:
        """Puts a copy of the message into each queue."""
        for queue in queues:
            message = Message(exchange, key, properties, body, persistent)
            if expiration is not None or queue.timed:
                message.expires = queue.expiry(self._clock(), expiration)
            queue.publish(message)
            self.memory.add(size(message))
            if queue.stored and (persistent or queue.kind == "quorum"):
                message.row = self.store.add_message(queue.name, message)
            if message.expires is not None and queue.ready == 1:
                self._deliver(queue)  # what a consumer takes at once does not expire, were its time zero
            self.dispatch(queue)

    def dispatch(self, queue: Queue) -> None:
        """Has the queue deliver what it can, once this turn's frames are read: a client that gives messages back and then cancels
        its consumer is not given them again in between. RabbitMQ's queues, processes of their own, are behind by as much."""
        if not self._due:
            self._soon(self.deliver)
        self._due[queue] = None

    def deliver(self, asked: Queue | None = None) -> None:
        """Delivers what can be delivered now; the `asked` queue is rid of what has expired, too."""
        if asked and asked.timed:
            self._due[asked] = None
        due, self._due = self._due, {}
        for queue in due:
            if self.queues.get(queue.name) is queue:
                self._look(queue)

    def _look(self, queue: Queue) -> None:
        """Expires, delivers, and sees to it that somebody looks again when it is time."""
        if queue.timed:
            self._bury(queue, queue.expired(self._clock()), "expired")
        self._deliver(queue)
        if queue.timed:
            self._plan_look(queue)

    def _deliver(self, queue: Queue) -> None:
        for delivery in queue.dispatch():
            assert delivery.consumer
            self.sent(delivery, auto_ack=delivery.consumer.auto_ack)
            delivery.consumer.owner.deliver(delivery)

    def sent(self, delivery: Delivery, *, auto_ack: bool) -> None:
        """A message is about to go out: under auto-ack it is forgotten, else it is written down that it went."""
        message = delivery.message
        if auto_ack:
            self._forget(message)
        elif message.row:
            self.store.moved(message.row, message.returns + 1, delivery.queue.place_of_return(message))

    def settle(self, deliveries: list[Delivery]) -> None:
        """Acknowledged: forgotten."""
        for delivery in deliveries:
            delivery.queue.settle(delivery)
            self._forget(delivery.message)
            self.dispatch(delivery.queue)

    def reject(self, deliveries: list[Delivery]) -> None:
        """Not wanted, and not to be requeued: dead letters."""
        for delivery in deliveries:
            delivery.queue.settle(delivery)
            self._bury(delivery.queue, [delivery.message], "rejected")
            self.dispatch(delivery.queue)

    def give_back(self, deliveries: list[Delivery], *, asked: bool = False) -> None:
        """Unacknowledged, or its requeue was asked for: each is ready again, for its queue to deliver on."""
        for delivery in deliveries:
            queue, message = delivery.queue, delivery.message
            if not queue.put_back(delivery, asked=asked):
                self._bury(queue, [message], "delivery_limit")
            elif self.queues.get(queue.name) is not queue:
                self._forget(message)
            elif message.row and queue.kind == "quorum":
                self.store.moved(message.row, message.returns, message.place)
            self.dispatch(queue)

    def _bury(self, queue: Queue, messages: list[Message], reason: str) -> None:
        """These have left the queue for good: they go to its dead-letter exchange, if it has one."""
        exchange = queue.arguments.get("x-dead-letter-exchange")
        alive = self.queues.get(queue.name) is queue and (not exchange or exchange in self.exchanges)
        for message in messages:
            if exchange is not None and alive:
                key = queue.arguments.get("x-dead-letter-routing-key", message.routing_key)
                properties, deaths = death(message, queue.name, reason, self._clock())
                targets = [each for each in self._routes(exchange, key) if not goes_round(deaths, each.name)]
                self.publish(targets, exchange, key, properties, message.body, message.persistent)
            self._forget(message)

    def _forget(self, message: Message) -> None:
        self.memory.add(-size(message))
        if message.row:
            self.store.remove_message(message.row)

    def _plan_look(self, queue: Queue) -> None:
        """Has somebody look at the queue when its time has come."""
        at = queue.next_change()
        if at is not None and (queue.wake is None or at < queue.wake):
            self._let_rest(queue)
            queue.wake = at
            queue.timer = self._later(max(0.0, at - self._clock()), lambda: self._time_has_come(queue))

    def _let_rest(self, queue: Queue) -> None:
        if queue.timer is not None:
            queue.timer.cancel()
            queue.wake = queue.timer = None

    def _time_has_come(self, queue: Queue) -> None:
        queue.wake = queue.timer = None
        if queue.lapsed(self._clock()):
            self.delete(queue)
        else:
            self._look(queue)

    def use(self, queue: Queue) -> None:
        """The queue was declared, asked for a message, or left by a consumer: its time starts anew."""
        queue.used = self._clock()
        if queue.timed:
            self._plan_look(queue)

    # -- queues -------------------------------------------------------------------------------------------------

    def queue(self, name: str, session: object) -> Queue:
        """The queue of this name. Raises ChannelError 404 or, for another connection's exclusive queue, 405."""
        queue = self.queues.get(name)
        if queue is None:
            raise not_found("queue", name)
        if queue.owner is not None and queue.owner is not session:
            raise locked(name)
        return queue

    def declare(self, method: Any, session: object) -> Queue:
        """queue.declare: the queue, made where there was none. Raises ChannelError 403, 404, 405 or 406."""
        name = method.queue
        if method.passive:
            return self._asked(self.queue(name, session))
        arguments = dict(method.arguments or {})
        if name in self.queues:
            there = self.queue(name, session)
            same(there, method, arguments)
            if bool(method.exclusive) != there.exclusive:
                raise locked(name)
            return self._asked(there)
        if name.startswith("amq."):
            raise ChannelError(403, f"queue name '{name}' contains reserved prefix 'amq.*'")
        check(name, method, arguments)
        name = name or "amq.gen-" + secrets.token_urlsafe(16)
        queue = self.queues[name] = Queue(
            name,
            durable=bool(method.durable),
            exclusive=bool(method.exclusive),
            auto_delete=bool(method.auto_delete),
            arguments=arguments,
            owner=session if method.exclusive else None,
        )
        if queue.stored:
            self.store.add_queue(name, queue.auto_delete, arguments)
        self.use(queue)
        return queue

    def _asked(self, queue: Queue) -> Queue:
        """Its counts are those of now."""
        self.use(queue)
        self.deliver(queue)
        return queue

    def delete(self, queue: Queue) -> int:
        """Deletes the queue with its messages and bindings, cancels its consumers; how many messages were ready."""
        count = queue.ready
        self.purge(queue)
        self._let_rest(queue)
        del self.queues[queue.name]
        for exchange in list(self.exchanges.values()):
            if exchange.unbind(True, queue.name):
                self._drop_if_unused(exchange)
        if queue.stored:
            self.store.remove_queue(queue.name)
        for consumer in list(queue.consumers):
            queue.remove(consumer)
            consumer.owner.cancelled(consumer)
        return count

    def purge(self, queue: Queue) -> int:
        """Throws away the ready messages; how many they were."""
        messages = queue.purge()
        for message in messages:
            self._forget(message)
        return len(messages)

    def leave(self, queue: Queue, consumer: Consumer) -> None:
        """A consumer goes; with the last one an auto-delete queue goes too."""
        if consumer in queue.consumers:
            queue.remove(consumer)
            self.use(queue)
        if queue.abandoned and self.queues.get(queue.name) is queue:
            self.delete(queue)

    def session_ended(self, session: object) -> None:
        """A connection is over: its exclusive queues go with it."""
        for queue in [queue for queue in self.queues.values() if queue.owner is session]:
            self.delete(queue)

    # -- exchanges ----------------------------------------------------------------------------------------------

    def exchange(self, name: str) -> Exchange:
        exchange = self.exchanges.get(name)
        if exchange is None:
            raise not_found("exchange", name)
        return exchange

    def declare_exchange(self, method: Any) -> None:
        """exchange.declare. Raises ChannelError 403, 404, 406, or ConnectionError_ 503 for a type that does not exist."""
        name, kind = method.exchange, method.type or "direct"
        if not name:
            raise ChannelError(403, "operation not permitted on the default exchange")
        there = self.exchanges.get(name)
        if method.passive:
            if there is None:
                raise not_found("exchange", name)
            return
        if kind not in MATCHES:
            if kind == "headers":
                raise not_implemented("headers exchanges are not part of this broker")
            raise ConnectionError_(503, f"unknown exchange type '{kind}'")
        if there is not None:
            for option, got, current in (
                ("type", kind, there.kind),
                ("durable", bool(method.durable), there.durable),
                ("auto_delete", bool(method.auto_delete), there.auto_delete),
                ("internal", bool(method.internal), there.internal),
            ):
                if got != current:
                    raise ChannelError(
                        406,
                        f"inequivalent arg '{option}' for exchange '{name}' in vhost '/': "
                        f"received '{word(got)}' but current is '{word(current)}'",
                    )
            return
        if "alternate-exchange" in (method.arguments or {}):
            raise not_implemented("alternate-exchange is not part of this broker")
        if name.startswith("amq."):
            raise ChannelError(403, f"exchange name '{name}' contains reserved prefix 'amq.*'")
        exchange = self.exchanges[name] = Exchange(
            name,
            kind,
            bool(method.durable),
            bool(method.auto_delete),
            bool(method.internal),
            method.arguments or {},
        )
        if exchange.stored:
            self.store.add_exchange(name, kind, exchange.auto_delete, exchange.internal, exchange.arguments)

    def delete_exchange(self, method: Any) -> None:
        """exchange.delete; deleting what is not there is no error."""
        name = method.exchange
        exchange = self.exchanges.get(name)
        if not name:
            raise ChannelError(403, "operation not permitted on the default exchange")
        if name.startswith("amq."):
            raise ChannelError(403, f"deletion of system exchange '{name}' in vhost '/' not allowed")
        if exchange is None:
            return
        if method.if_unused and exchange.bindings:
            raise ChannelError(406, f"exchange '{name}' in vhost '/' in use")
        self._drop(exchange)

    def bind(self, source: str, target: Queue | Exchange, key: str) -> None:
        """Binds a queue or an exchange to the source. Raises ChannelError 403 or 404."""
        if not source or not target.name:
            raise ChannelError(403, "operation not permitted on the default exchange")
        exchange, binding = self.exchange(source), Binding(isinstance(target, Queue), target.name, key)
        exchange.bindings[binding] = None
        if target.stored and exchange.stored:
            self.store.bind(source, binding)

    def unbind(self, source: str, target: Binding) -> None:
        """Undoes a binding, if it is there. Raises ChannelError 403."""
        if not source or not target.name:
            raise ChannelError(403, "operation not permitted on the default exchange")
        exchange = self.exchanges.get(source)
        if exchange and exchange.bindings.pop(target, 0) is None:
            self.store.unbind(source, target)
            self._drop_if_unused(exchange)

    def _drop_if_unused(self, exchange: Exchange) -> None:
        if exchange.auto_delete and not exchange.bindings:
            self._drop(exchange)

    def _drop(self, exchange: Exchange) -> None:
        self.exchanges.pop(exchange.name, None)
        for source in list(self.exchanges.values()):
            if source.unbind(False, exchange.name):
                self._drop_if_unused(source)
        if exchange.stored:
            self.store.remove_exchange(exchange.name)

    # -- the store ----------------------------------------------------------------------------------------------

    def _restore(self) -> None:
        store = self.store
        for name, kind, auto_delete, internal, arguments in store.exchanges():
            self.exchanges[name] = Exchange(name, kind, True, auto_delete, internal, arguments)
        for name, auto_delete, arguments in store.queues():
            self.queues[name] = Queue(name, durable=True, auto_delete=auto_delete, arguments=arguments)
        for exchange, binding in store.bindings():
            if exchange in self.exchanges:
                self.exchanges[exchange].bindings[binding] = None
        if store.killed:  # then a classic queue of RabbitMQ's trusts nobody not to have seen a message
            for queue in self.queues.values():
                if queue.kind == "classic":
                    store.seen(queue.name)
        worn = []
        for queue_name, message in store.messages():
            queue = self.queues[queue_name]
            if store.killed and queue.kind == "classic":
                message.returns = max(1, message.returns)  # as in `seen`
            message.redelivered = message.returns > 0
            self.memory.add(size(message))
            if queue.worn(message):
                worn.append((queue, message))
                continue
            place = message.place
            queue.restore(message)
            if message.place != place:
                store.moved(message.row, message.returns, message.place)
        for queue, message in worn:
            self._bury(queue, [message], "delivery_limit")
        for queue in self.queues.values():
            self.use(queue)
