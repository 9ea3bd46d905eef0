"""The broker's one virtual host: its exchanges and queues, routing, and what of it is stored.

    Session ──► VHost ──► Exchange.routes ──► Queue.publish ──► Queue.dispatch ──► Channel.deliver ──► Session
                  │
                  └── Store (durable queues, persistent messages), committed once a turn of the loop

Knows no sockets: a consumer's owner has `deliver` and `cancelled`, that is all.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from webapp.broker.arguments import check, same, same_queue
from webapp.broker.errors import ChannelError, ConnectionError_, left_out, locked, not_default, not_found
from webapp.broker.exchanges import Binding, Exchange, predeclared, routes
from webapp.broker.letters import death, goes_round
from webapp.broker.memory import Memory, size
from webapp.broker.queues import Consumer, Delivery, Message, Queue
from webapp.broker.store import Store
from webapp.routing import MATCHES


class VHost:
    """Exchanges and queues. `soon` runs a function at the end of this turn of the loop, `later` after that many seconds, unless what
    it returned is cancelled; `clock` tells the seconds since 1970; `memory` counts what is kept."""

    def __init__(
        self,
        store: Store,
        soon: Callable[[Callable[[], None]], object],
        later: Callable[[float, Callable[[], None]], Any],
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
        if exchange and self.exchange(exchange).internal:
            raise ChannelError(403, f"cannot publish to internal exchange '{exchange}' in vhost '/'")
        return self._routes(exchange, key)

    def _routes(self, exchange: str, key: str) -> list[Queue]:
        names = routes(self.exchanges, exchange, key) if exchange else [key]
        return [self.queues[name] for name in names if name in self.queues]

    def publish(self, queues: list[Queue], original: Message, expiration: int | None = None) -> None:
        """Puts a copy of the message into each queue; `expiration` is its own, in milliseconds."""
        for queue in queues:
            message = original.copy()
            message.expires = queue.expiry(self._clock(), expiration)
            queue.publish(message)
            self.memory.add(size(message))
            if queue.stored and (message.persistent or queue.kind == "quorum"):
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
        if asked:
            self._due[asked] = None
        due, self._due = self._due, {}
        for queue in due:
            if self.queues.get(queue.name) is queue:
                self._look(queue)

    def _look(self, queue: Queue) -> None:
        """Expires, delivers, and looks again when it is time; a queue that nobody has used for too long is deleted."""
        now = self._clock()
        if queue.lapsed(now):
            self.delete(queue)
            return
        self._bury(queue, queue.expired(now), "expired")
        self._deliver(queue)
        self._let_rest(queue)
        at = queue.next_change()
        if at is not None:
            queue.timer = self._later(max(0.0, at - now), lambda: self.dispatch(queue))

    def _let_rest(self, queue: Queue) -> None:
        if queue.timer is not None:
            queue.timer.cancel()
            queue.timer = None

    def _deliver(self, queue: Queue) -> None:
        for delivery in queue.dispatch():
            assert delivery.consumer
            self.sent(delivery)
            delivery.consumer.owner.deliver(delivery)

    def sent(self, delivery: Delivery) -> None:
        """A message is about to go out: under auto-ack it is forgotten, else it is written down that it went."""
        message = delivery.message
        if delivery.auto_ack:
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
                self.publish(targets, Message(exchange, key, properties, message.body, message.persistent))
            self._forget(message)

    def _forget(self, message: Message) -> None:
        self.memory.add(-size(message))
        if message.row:
            self.store.remove_message(message.row)

    def use(self, queue: Queue) -> None:
        """The queue was declared, asked for a message, or left by a consumer: its time starts anew."""
        queue.used = self._clock()
        self.dispatch(queue)

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
            return self.asked(self.queue(name, session))
        if name in self.queues:
            there = self.queue(name, session)
            same_queue(there, method)
            if method.exclusive != there.exclusive:
                raise locked(name)
            return self.asked(there)
        if name.startswith("amq."):
            raise ChannelError(403, f"queue name '{name}' contains reserved prefix 'amq.*'")
        check(name, method)
        name = name or "amq.gen-" + secrets.token_urlsafe(16)
        owner = session if method.exclusive else None
        queue = Queue(name, method.durable, method.auto_delete, method.arguments, owner)
        self.queues[name] = queue
        if queue.stored:
            self.store.add_queue(queue)
        self.use(queue)
        return queue

    def asked(self, queue: Queue) -> Queue:
        """A queue somebody asks for: used, and rid of what has expired; what its consumers can take is theirs."""
        self.use(queue)
        self.deliver(queue)
        return queue

    def delete(self, queue: Queue) -> int:
        """Deletes the queue, if it is still there, with its messages and bindings, and cancels its consumers; how many messages
        were ready."""
        count = self.purge(queue)
        self._let_rest(queue)
        self.queues.pop(queue.name, None)
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
        name = method.exchange
        not_default(name)
        if method.passive:
            self.exchange(name)
            return
        if method.type == "headers":
            raise left_out("headers exchanges are")
        if method.type not in MATCHES:
            wrong = "unknown" if method.type else "invalid"
            raise ConnectionError_(503, f"{wrong} exchange type '{method.type}'")
        if name in self.exchanges:
            same("exchange", self.exchanges[name], method, ("type", "durable", "auto_delete", "internal"))
            return
        if "alternate-exchange" in method.arguments:
            raise left_out("alternate-exchange is")
        if name.startswith("amq."):
            raise ChannelError(403, f"exchange name '{name}' contains reserved prefix 'amq.*'")
        exchange = Exchange(
            name, method.type, method.durable, method.auto_delete, method.internal, method.arguments
        )
        self.exchanges[name] = exchange
        if exchange.stored:
            self.store.add_exchange(exchange)

    def delete_exchange(self, method: Any) -> None:
        """exchange.delete; deleting what is not there is no error."""
        name = method.exchange
        not_default(name)
        exchange = self.exchanges.get(name)
        if name.startswith("amq."):
            raise ChannelError(403, f"deletion of system exchange '{name}' in vhost '/' not allowed")
        if exchange is None:
            return
        if method.if_unused and exchange.bindings:
            raise ChannelError(406, f"exchange '{name}' in vhost '/' in use")
        self._drop(exchange)

    def bind(self, source: str, binding: Binding) -> None:
        """Binds a queue, which has to be there, or an exchange to the source. Raises ChannelError 403 or 404."""
        not_default(source, binding.name)
        exchange = self.exchange(source)
        target = self.queues[binding.name] if binding.to_queue else self.exchange(binding.name)
        exchange.bindings[binding] = None
        if target.stored and exchange.stored:
            self.store.bind(source, binding)

    def unbind(self, source: str, binding: Binding) -> None:
        """Undoes a binding, if it is there. Raises ChannelError 403."""
        not_default(source, binding.name)
        exchange = self.exchanges.get(source)
        if exchange and exchange.bindings.pop(binding, 0) is None:
            self.store.unbind(source, binding)
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
        self.exchanges |= {exchange.name: exchange for exchange in store.exchanges()}
        self.queues |= {queue.name: queue for queue in store.queues()}
        for exchange, binding in store.bindings():
            if exchange in self.exchanges:
                self.exchanges[exchange].bindings[binding] = None
        worn = []
        for queue_name, message in store.messages():
            queue = self.queues[queue_name]
            before = message.returns, message.place
            if store.killed and queue.kind == "classic":
                message.returns = max(1, message.returns)  # RabbitMQ then trusts nobody not to have seen it
            message.redelivered = message.returns > 0
            self.memory.add(size(message))
            if queue.worn(message):
                worn.append((queue, message))
                continue
            queue.restore(message)
            if (message.returns, message.place) != before:
                store.moved(message.row, message.returns, message.place)
        for queue, message in worn:
            self._bury(queue, [message], "delivery_limit")
        for queue in self.queues.values():
            self.use(queue)
