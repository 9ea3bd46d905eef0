"""The queue model: messages in their order, consumers taking turns, and what happens to a message nobody acknowledged.

    publish ─► ready ──take──► Delivery (unacked) ──settle──► gone
                 ▲                  │
                 └────put_back──────┘   at its original place, marked redelivered

Pure: no sockets, no clock, no storage; times come in as arguments, in seconds since 1970. Whoever calls `dispatch` gets the
deliveries to make, in order; whoever calls `expired` the messages that have outlived their time.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# Places of a quorum queue. What arrives counts up from 0, what returned from FRONT, what is out from OUT: it will return later.
FRONT, OUT = -(2**62), -(2**61)


@dataclass(slots=True)
class Message:
    """One message in one queue. `properties` are the bytes of its property list as they came (flags and values); `row` is its
    number in the store, 0 where it is not stored; `returns` counts how often it came back unsettled; `expires` is when it does."""

    exchange: str
    routing_key: str
    properties: bytes
    body: bytes
    persistent: bool = False
    place: int = 0
    row: int = 0
    redelivered: bool = False
    returns: int = 0
    expires: float | None = None

    def copy(self) -> Message:
        """The same message for another queue."""
        return Message(self.exchange, self.routing_key, self.properties, self.body, self.persistent)

    def __lt__(self, other: Message) -> bool:
        return self.place < other.place


@dataclass(slots=True)
class Limit:
    """How many unacked messages may be out: prefetch. 0 is no limit."""

    size: int = 0
    out: int = 0

    @property
    def open(self) -> bool:
        return not self.size or self.out < self.size


@dataclass(eq=False, slots=True)
class Consumer:
    """Somebody who takes messages from a queue. `owner` is the session's channel; `shared` the limit of the whole channel.
    Under auto-ack no limit applies: nothing is ever out."""

    tag: str
    owner: Any
    auto_ack: bool
    own: Limit
    shared: Limit
    exclusive: bool = False
    paused: bool = False  # its connection cannot take more at the moment
    ack_timeout: float | None = None  # seconds that an ack may take, where somebody asked

    @property
    def can_take(self) -> bool:
        return not self.paused and (self.auto_ack or (self.own.open and self.shared.open))


@dataclass(eq=False, slots=True)
class Delivery:
    """A message in somebody's hands. `consumer` is None for basic.get. The channel that has it writes down `since` when, on its own
    clock, and how many seconds its ack is `allowed` to take."""

    message: Message
    queue: Queue
    consumer: Consumer | None
    auto_ack: bool
    since: float = 0.0
    allowed: float = 0.0


def ack_timeout(arguments: Mapping[str, object]) -> float | None:
    """`x-consumer-timeout` of a queue or a consumer, in seconds; None where it does not say. RabbitMQ has it since 3.12, and 3.10
    takes no notice of it: so nothing is refused for it."""
    value = arguments.get("x-consumer-timeout")
    return value / 1000 if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


@dataclass(eq=False)
class Queue:
    """A queue. `owner` is the connection an exclusive queue belongs to; `arguments` are those of its declare; `used` is when it
    was last declared, asked for a message, or left by a consumer; `timer` is there where somebody will look at it again by then."""

    name: str
    durable: bool = False
    auto_delete: bool = False
    arguments: dict[str, Any] = field(default_factory=dict)
    owner: Any = None
    had_consumers: bool = False
    unacked: int = 0
    used: float = 0.0
    timer: Any = None
    _line: deque[Consumer] = field(default_factory=deque)
    _resting: list[Consumer] = field(default_factory=list)  # had no room, and are out of the line
    _fresh: deque[Message] = field(default_factory=deque)
    _returned: list[Message] = field(default_factory=list)
    _places: int = 0
    _front: int = FRONT
    _outs: int = OUT

    def __post_init__(self) -> None:
        self.kind = str(self.arguments.get("x-queue-type", "classic"))
        self.ack_timeout = ack_timeout(self.arguments)
        limit = self.arguments.get("x-delivery-limit")
        self._limit = limit if isinstance(limit, int) else None

    @property
    def exclusive(self) -> bool:
        return self.owner is not None

    @property
    def stored(self) -> bool:
        """Whether it survives a restart."""
        return self.durable and not self.exclusive

    @property
    def consumers(self) -> list[Consumer]:
        """Everybody who takes messages from it; those first whose turn is next."""
        return [*self._line, *self._resting]

    @property
    def ready(self) -> int:
        """How many messages wait for a consumer."""
        return len(self._fresh) + len(self._returned)

    def __iter__(self) -> Iterator[Message]:
        """The ready messages, the next to go out first."""
        yield from sorted(self._returned)
        yield from self._fresh

    def publish(self, message: Message) -> None:
        """A message arrives at the end."""
        self._places += 1
        message.place = self._places
        self._fresh.append(message)

    def take(self, consumer: Consumer | None = None, *, auto_ack: bool = False) -> Delivery | None:
        """The next message leaves for `consumer` (None: for basic.get); None where the queue has nothing ready."""
        if not self.ready:
            return None
        message = self._behead()
        if not auto_ack:
            self.unacked += 1
            if consumer:
                consumer.own.out += 1
                consumer.shared.out += 1
        return Delivery(message, self, consumer, auto_ack)

    def dispatch(self) -> Iterator[Delivery]:
        """The deliveries that can be made now: consumers take turns. Who has no room when its turn comes leaves the line, and
        joins it at the end once it has room again; in a quorum queue it leaves at once (RabbitMQ 3.10)."""
        line, resting = self._line, self._resting
        if resting:
            line.extend(each for each in resting if each.can_take)
            resting[:] = [each for each in resting if not each.can_take]
        while line and self.ready:
            consumer = line.popleft()
            if not consumer.can_take:
                resting.append(consumer)
                continue
            delivery = self.take(consumer, auto_ack=consumer.auto_ack)
            assert delivery
            if self.kind == "quorum" and not consumer.can_take:
                resting.append(consumer)
            else:
                line.append(consumer)
            yield delivery

    def settle(self, delivery: Delivery) -> None:
        """A delivery was acknowledged (or thrown away): its place in the limits is free again."""
        self.unacked -= 1
        if delivery.consumer:
            delivery.consumer.own.out -= 1
            delivery.consumer.shared.out -= 1

    def put_back(self, delivery: Delivery, *, asked: bool = False) -> bool:
        """A delivery was not acknowledged, or its requeue was `asked` for: the message is ready again, marked redelivered.

        In a classic queue it stands where it stood. In a quorum queue it stands at the front, behind those that returned before
        it; an asked one at the end, unless there is a delivery limit (RabbitMQ 3.10). False where the limit is passed: then it is
        out of the queue."""
        self.settle(delivery)
        message = delivery.message
        message.redelivered = True
        message.returns += 1
        if self.kind == "quorum":
            if asked and self._limit is None:
                self.publish(message)
                return True
            if self.worn(message):
                return False
            self._front += 1
            message.place = self._front
        heapq.heappush(self._returned, message)
        return True

    def worn(self, message: Message) -> bool:
        """Whether the message has come back more often than the delivery limit allows."""
        return self._limit is not None and message.returns > self._limit

    def place_of_return(self, message: Message) -> int:
        """Where a message that has just gone out will stand should a restart bring it back: in a classic queue where it stood, in
        a quorum queue at the front, behind those that return before it does."""
        if self.kind != "quorum":
            return message.place
        self._outs += 1
        return self._outs

    def restore(self, message: Message) -> None:
        """A stored message comes back after a restart, in the order of its place."""
        if message.place < 0:
            self._front += 1
            message.place = self._front
            self._returned.append(message)
        else:
            self._places = max(self._places, message.place)
            self._fresh.append(message)

    # -- time ---------------------------------------------------------------------------------------------------

    def expiry(self, now: float, own: int | None) -> float | None:
        """When a message that arrives now expires; `own` is its own expiration in milliseconds."""
        allowed = [each for each in (own, self.arguments.get("x-message-ttl")) if each is not None]
        return now + min(allowed) / 1000 if allowed else None

    def expired(self, now: float) -> list[Message]:
        """Takes out the messages that have outlived their time and stand at the head: one behind a lasting one has to wait."""
        messages = []
        while (head := self._head()) and head.expires is not None and head.expires <= now:
            messages.append(self._behead())
        return messages

    def lapsed(self, now: float) -> bool:
        """Whether nobody has used the queue for as long as `x-expires` allows."""
        ends = self._lease()
        return ends is not None and ends <= now

    def next_change(self) -> float | None:
        """When the queue has to be looked at again, though nothing else happens."""
        head = self._head()
        times = (head.expires if head else None, self._lease())
        return min((at for at in times if at is not None), default=None)

    def _lease(self) -> float | None:
        allowed = self.arguments.get("x-expires")
        return None if allowed is None or self.consumers else self.used + allowed / 1000

    def _head(self) -> Message | None:
        waiting = self._returned or self._fresh  # what was out once stood before what never was
        return waiting[0] if waiting else None

    def _behead(self) -> Message:
        return heapq.heappop(self._returned) if self._returned else self._fresh.popleft()

    # -- the rest -----------------------------------------------------------------------------------------------

    def purge(self) -> list[Message]:
        """Takes out every ready message."""
        messages = list(self)
        self._fresh.clear()
        self._returned.clear()
        return messages

    def add(self, consumer: Consumer) -> None:
        self._line.append(consumer)
        self.had_consumers = True

    def remove(self, consumer: Consumer) -> None:
        """A consumer leaves; what it holds stays unacked."""
        (self._line if consumer in self._line else self._resting).remove(consumer)

    @property
    def abandoned(self) -> bool:
        """True once the last consumer of an auto-delete queue has left."""
        return self.auto_delete and self.had_consumers and not self.consumers
