"""The broker's one virtual host: its exchanges and queues, routing, and what of it is stored.

    Session ──► VHost ──► Exchange.routes ──► Queue.publish ──► Queue.dispatch ──► Channel.deliver ──► Session
                  │
                  └── Store (durable queues, persistent messages), committed once a turn of the loop

Knows no sockets: a consumer's owner has `deliver` and `cancelled`, that is all.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from typing import Any, Protocol

from webapp.broker.errors import ChannelError, ConnectionError_, locked, not_found
from webapp.broker.exchanges import Exchange, predeclared
from webapp.broker.queues import Consumer, Delivery, Message, Queue
from webapp.broker.store import Store
from webapp.routing import MATCHES

COMPARED = (  # arguments that a second declare has to repeat
    "x-expires",
    "x-message-ttl",
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
    "x-queue-type",
    "x-delivery-limit",
)
CLASSIC_ONLY = ("x-max-priority", "x-queue-mode")
QUORUM_ONLY = ("x-delivery-limit", "x-dead-letter-strategy", "x-quorum-initial-group-size")
NOT_IMPLEMENTED = (
    "x-dead-letter-strategy",
    "x-max-length",
    "x-max-length-bytes",
    "x-overflow",
    "x-max-priority",
    "x-single-active-consumer",
)


class Owner(Protocol):
    """The channel a consumer belongs to."""

    def deliver(self, delivery: Delivery) -> None:
        """Send this delivery."""

    def cancelled(self, consumer: Consumer) -> None:
        """The consumer's queue is gone."""


class VHost:
    """Exchanges and queues. `soon` runs a function at the end of this turn of the loop."""

    def __init__(self, store: Store, soon: Callable[[Callable[[], None]], object]) -> None:
        self.exchanges = predeclared()
        self.queues: dict[str, Queue] = {}
        self._store = store
        self._soon = soon
        self._commit_planned = False
        self._after_commit: list[Callable[[], None]] = []
        self._due: dict[str, Queue] = {}
        self._restore()

    # -- messages -----------------------------------------------------------------------------------------------

    def routes(self, exchange: str, key: str) -> list[Queue]:
        """The queues that a message goes to. Raises ChannelError 404 for an exchange that is not there."""
        if not exchange:
            queue = self.queues.get(key)
            return [] if queue is None else [queue]
        found = self.exchanges.get(exchange)
        if found is None:
            raise not_found("exchange", exchange)
        if found.internal:
            raise ChannelError(403, f"cannot publish to internal exchange '{exchange}' in vhost '/'")
        return [self.queues[name] for name in found.routes(key) if name in self.queues]

    def publish(
        self, queues: list[Queue], exchange: str, key: str, properties: bytes, body: bytes, persistent: bool
    ) -> bool:
        """Puts a copy of the message into each queue; true where a copy has to reach the disk before it is safe."""
        stored = False
        for queue in queues:
            message = Message(exchange, key, properties, body, persistent or queue.kind == "quorum")
            queue.publish(message)
            if queue.durable and message.persistent and not queue.exclusive:
                message.row = self._store.add_message(
                    queue.name, message.place, exchange, key, properties, body, message.persistent
                )
                stored = True
            self.dispatch(queue)
        if stored:
            self._plan_commit()
        return stored

    def dispatch(self, queue: Queue) -> None:
        """Has the queue deliver what it can, once this turn's frames are read: a client that gives messages back and then cancels
        its consumer is not given them again in between. RabbitMQ's queues, processes of their own, are behind by as much."""
        if not self._due:
            self._soon(self.deliver)
        self._due[queue.name] = queue

    def deliver(self) -> None:
        """Delivers what can be delivered now."""
        due, self._due = self._due, {}
        for queue in due.values():
            if self.queues.get(queue.name) is not queue:
                continue
            for delivery in queue.dispatch():
                assert delivery.consumer
                self.sent(delivery, auto_ack=delivery.consumer.auto_ack)
                delivery.consumer.owner.deliver(delivery)

    def sent(self, delivery: Delivery, *, auto_ack: bool) -> None:
        """A message is about to go out: under auto-ack it is forgotten, else it is written down that it went."""
        row = delivery.message.row
        if row:
            if auto_ack:
                self._store.remove_message(row)
            else:
                self._store.delivered(row, delivery.message.returns + 1)
            self._plan_commit()

    def settle(self, delivery: Delivery) -> None:
        """Acknowledged, or rejected for good: forgotten."""
        delivery.queue.settle(delivery)
        if delivery.message.row:
            self._store.remove_message(delivery.message.row)
            self._plan_commit()

    def give_back(self, deliveries: list[Delivery], *, asked: bool = False) -> None:
        """Unacknowledged, or its requeue was asked for: each is ready again, for its queue to deliver on."""
        queues = {}
        for delivery in deliveries:
            delivery.queue.put_back(delivery, asked=asked)
            queues[delivery.queue.name] = delivery.queue
        for queue in queues.values():
            self.dispatch(queue)

    def when_stored(self, then: Callable[[], None]) -> None:
        """Runs `then` once everything so far is on disk."""
        self._after_commit.append(then)
        self._plan_commit()

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
        self.deliver()  # so that the counts in the answer are those of now
        if method.passive:
            return self.queue(name, session)
        arguments = dict(method.arguments or {})
        there = self.queues.get(name) if name else None
        if there is not None:
            if there.owner is not None and there.owner is not session:
                raise locked(name)
            _same(there, method, arguments)
            return there
        if name.startswith("amq."):
            raise ChannelError(403, f"queue name '{name}' contains reserved prefix 'amq.*'")
        _check_arguments(name, method, arguments)
        name = name or "amq.gen-" + secrets.token_urlsafe(16)
        queue = self.queues[name] = Queue(
            name,
            durable=bool(method.durable),
            exclusive=bool(method.exclusive),
            auto_delete=bool(method.auto_delete),
            arguments=arguments,
            owner=session if method.exclusive else None,
        )
        if queue.durable and not queue.exclusive:
            self._store.add_queue(name, queue.auto_delete, arguments)
            self._plan_commit()
        return queue

    def delete(self, queue: Queue) -> int:
        """Deletes the queue with its messages and bindings, cancels its consumers; how many messages were ready."""
        count = queue.ready
        self.purge(queue)
        del self.queues[queue.name]
        for exchange in list(self.exchanges.values()):
            bound = any(name == queue.name for name, _ in exchange.bindings)
            exchange.unbind(queue.name)
            if bound:
                self._drop_if_unused(exchange)
        if queue.durable:
            self._store.remove_queue(queue.name)
            self._plan_commit()
        for consumer in list(queue.consumers):
            queue.remove(consumer)
            consumer.owner.cancelled(consumer)
        return count

    def purge(self, queue: Queue) -> int:
        """Throws away the ready messages; how many they were."""
        messages = queue.purge()
        for message in messages:
            if message.row:
                self._store.remove_message(message.row)
                self._plan_commit()
        return len(messages)

    def leave(self, queue: Queue, consumer: Consumer) -> None:
        """A consumer goes; with the last one an auto-delete queue goes too."""
        if consumer in queue.consumers:
            queue.remove(consumer)
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
                raise ConnectionError_(540, "headers exchanges are not part of this broker")
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
                        f"received '{_word(got)}' but current is '{_word(current)}'",
                    )
            return
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
        if exchange.durable:
            self._store.add_exchange(name, kind, exchange.auto_delete, exchange.internal, exchange.arguments)
            self._plan_commit()

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

    def bind(self, queue: Queue, exchange: str, key: str) -> None:
        if not exchange:
            raise ChannelError(403, "operation not permitted on the default exchange")
        found = self.exchange(exchange)
        found.bindings[queue.name, key] = None
        if queue.durable and found.durable:
            self._store.bind(queue.name, exchange, key)
            self._plan_commit()

    def unbind(self, queue: Queue, exchange: str, key: str) -> None:
        if not exchange:
            raise ChannelError(403, "operation not permitted on the default exchange")
        found = self.exchanges.get(exchange)
        if found and found.bindings.pop((queue.name, key), 0) is None:
            self._store.unbind(queue.name, exchange, key)
            self._plan_commit()
            self._drop_if_unused(found)

    def _drop_if_unused(self, exchange: Exchange) -> None:
        if exchange.auto_delete and not exchange.bindings:
            self._drop(exchange)

    def _drop(self, exchange: Exchange) -> None:
        self.exchanges.pop(exchange.name, None)
        if exchange.durable:
            self._store.remove_exchange(exchange.name)
            self._plan_commit()

    # -- the store ----------------------------------------------------------------------------------------------

    def _plan_commit(self) -> None:
        if not self._commit_planned:
            self._commit_planned = True
            self._soon(self._commit)

    def _commit(self) -> None:
        self._commit_planned = False
        if self._store.dirty:
            self._store.commit()
        waiting, self._after_commit = self._after_commit, []
        for then in waiting:
            then()

    def _restore(self) -> None:
        store = self._store
        for name, kind, auto_delete, internal, arguments in store.exchanges():
            self.exchanges[name] = Exchange(name, kind, True, auto_delete, internal, arguments)
        for name, auto_delete, arguments in store.queues():
            self.queues[name] = Queue(name, durable=True, auto_delete=auto_delete, arguments=arguments)
        for bound, exchange, key in store.bindings():
            if exchange in self.exchanges:
                self.exchanges[exchange].bindings[bound, key] = None
        for queue_name, stored in itertools.groupby(store.messages(), lambda stored: stored.queue):
            queue = self.queues[queue_name]
            for each in stored:
                message = Message(
                    each.exchange, each.routing_key, each.properties, each.body, bool(each.persistent)
                )
                message.place, message.row, message.returns = each.place, each.row, each.deliveries
                # After a kill a classic queue of RabbitMQ's trusts nobody not to have seen a message.
                message.redelivered = each.deliveries > 0 or (store.killed and queue.kind == "classic")
                queue.restore(message)


def _same(there: Queue, method: Any, arguments: dict[str, Any]) -> None:
    """A declare of a queue that exists must ask for the same. Raises ChannelError 406 in RabbitMQ's words."""
    for option, got, current in (
        ("durable", bool(method.durable), there.durable),
        ("auto_delete", bool(method.auto_delete), there.auto_delete),
    ):
        if got != current:
            raise _unequal(option, there.name, f"received '{_word(got)}' but current is '{_word(current)}'")
    if bool(method.exclusive) != there.exclusive:
        raise locked(there.name)
    for key in COMPARED:
        value, before = arguments.get(key), there.arguments.get(key)
        if key == "x-queue-type" and (value or "classic") == (before or "classic"):
            continue
        if value != before:
            both = value is not None and before is not None
            words = [f"'{_word(each)}'" if both else _typed(each) for each in (value, before)]
            raise _unequal(key, there.name, "received {} but current is {}".format(*words))


def _unequal(option: str, queue: str, how: str) -> ChannelError:
    return ChannelError(406, f"inequivalent arg '{option}' for queue '{queue}' in vhost '/': {how}")


def _check_arguments(name: str, method: Any, arguments: dict[str, Any]) -> None:
    kind = arguments.get("x-queue-type", "classic")
    if kind == "stream":
        raise ConnectionError_(540, "streams are not part of this broker")
    where = f"for queue '{name}' in vhost '/'"
    if kind not in ("classic", "quorum"):
        raise ChannelError(406, f"invalid arg 'x-queue-type' {where}: \"unsupported queue type '{kind}'\"")
    for key in QUORUM_ONLY if kind == "classic" else CLASSIC_ONLY:
        if key in arguments:
            raise ChannelError(406, f"invalid arg '{key}' {where} of queue type rabbit_{kind}_queue")
    for key in NOT_IMPLEMENTED:
        if key in arguments:
            raise ConnectionError_(540, f"{key} is not part of this broker")
    if kind == "quorum":
        for wrong, word in (
            (not method.durable, "non-durable"),
            (method.auto_delete, "auto-delete"),
            (method.exclusive, "exclusive-owner"),
        ):
            if wrong:
                raise ChannelError(406, f"invalid property '{word}' {where}")


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _typed(value: object) -> str:
    if value is None:
        return "none"
    kinds = {str: "longstr", bool: "bool", int: "signedint", float: "double"}
    return f"the value '{_word(value)}' of type '{kinds.get(type(value), 'table')}'"
