"""The rules of RabbitMQ's queues, as plainly as they can be written: lists, searched from the front, and nothing remembered that can
be counted. The models of the embedded broker are checked against this, step by step; it shares no code with them.

Sources: AMQP 0-9-1 (4.7 on order, basic.qos, basic.recover), RabbitMQ's guides on consumers, prefetch, quorum queues, TTL and dead letters,
and RabbitMQ 3.10 itself where those are silent: tests/broker holds it to the same.
"""

from dataclasses import dataclass, field


@dataclass(eq=False)
class Message:
    """`arrived` is its number in the queue; `returns` how often it came back; `expires` when it does, None for never."""

    body: str
    persistent: bool = True
    expires: float | None = None
    arrived: int = 0
    redelivered: bool = False
    returns: int = 0


@dataclass(eq=False)
class Channel:
    """`limit` is its global prefetch, 0 for none."""

    limit: int = 0
    consumers: list["Consumer"] = field(default_factory=list)


@dataclass(eq=False)
class Consumer:
    """`holds` are the messages it has been given and has not settled."""

    tag: str
    channel: Channel
    prefetch: int = 0
    auto_ack: bool = False
    paused: bool = False
    holds: list[Message] = field(default_factory=list)

    def has_room(self) -> bool:
        if self.paused or self.auto_ack:
            return not self.paused
        together = sum(len(each.holds) for each in self.channel.consumers)
        own_room = not self.prefetch or len(self.holds) < self.prefetch
        return own_room and (not self.channel.limit or together < self.channel.limit)


@dataclass(eq=False)
class Queue:
    """`returned` (quorum queues only) goes out before `ready`. `held` is what is out, in the order it went out, with who has it."""

    name: str = "q"
    quorum: bool = False
    limit: int | None = None
    ttl: float | None = None
    returned: list[Message] = field(default_factory=list)
    ready: list[Message] = field(default_factory=list)
    held: list[tuple[Message, Consumer | None]] = field(default_factory=list)
    line: list[Consumer] = field(default_factory=list)
    resting: list[Consumer] = field(default_factory=list)
    arrivals: int = 0

    def waiting(self) -> list[Message]:
        return self.returned + self.ready

    def publish(self, message: Message, now: float, own: float | None = None) -> None:
        """At the end. It expires after its own time or the queue's, whichever is shorter."""
        times = [time for time in (own, self.ttl) if time is not None]
        message.expires = now + min(times) if times else None
        self.arrivals += 1
        message.arrived = self.arrivals
        self.ready.append(message)

    def expire(self, now: float) -> list[Message]:
        """What has outlived its time goes, once it is first."""
        gone = []
        while self.waiting() and (at := self.waiting()[0].expires) is not None and at <= now:
            gone.append(self._pop())
        return gone

    def deliver(self) -> list[tuple[Consumer, Message]]:
        """Consumers take turns. Who has no room leaves the line (in a classic queue when its turn comes, in a quorum queue at once)
        and joins it again at the end when it has."""
        for consumer in [each for each in self.resting if each.has_room()]:
            self.resting.remove(consumer)
            self.line.append(consumer)
        out = []
        while self.waiting() and self.line:
            consumer = self.line.pop(0)
            if not consumer.has_room():
                self.resting.append(consumer)
                continue
            out.append((consumer, self.take(consumer, consumer.auto_ack)))
            full = self.quorum and not consumer.has_room()
            (self.resting if full else self.line).append(consumer)
        return out

    def take(self, consumer: Consumer | None = None, auto_ack: bool = False) -> Message:
        """The next message goes out; under auto-ack it is forgotten."""
        message = self._pop()
        if not auto_ack:
            self.held.append((message, consumer))
            if consumer:
                consumer.holds.append(message)
        return message

    def settle(self, message: Message) -> None:
        """Acknowledged, or rejected: gone."""
        (index,) = [at for at, (each, _) in enumerate(self.held) if each is message]
        _, consumer = self.held.pop(index)
        if consumer:
            consumer.holds.remove(message)

    def give_back(self, message: Message, asked: bool) -> bool:
        """A requeue (`asked`), or its channel is gone. False: it has come back too often, and is dead.

        Classic: to its old place. Quorum: to the front, behind those that returned before; where asked, and where nothing
        limits how often, to the end."""
        self.settle(message)
        message.redelivered = True
        message.returns += 1
        if not self.quorum:
            self.ready = sorted([*self.ready, message], key=lambda each: each.arrived)
        elif self.limit is not None and message.returns > self.limit:
            return False
        elif asked and self.limit is None:
            self.ready.append(message)
        else:
            self.returned.append(message)
        return True

    def leave(self, consumer: Consumer) -> None:
        """A consumer stops; what it holds it still holds."""
        for line in (self.line, self.resting):
            if consumer in line:
                line.remove(consumer)

    def purge(self) -> list[Message]:
        """What waits is thrown away; what is out is not."""
        gone, self.returned, self.ready = self.waiting(), [], []
        return gone

    def restart(self, killed: bool) -> list[Message]:
        """The broker starts again on what it had stored; returns who died of it. Nobody holds anything any more.

        Classic: only persistent messages; after a kill any of them may have been seen. Quorum: all, as if their channels had closed."""
        dead = []
        for message, _ in list(self.held):
            if not self.give_back(message, asked=False):
                dead.append(message)
        self.line, self.resting = [], []
        if not self.quorum:
            self.ready = [each for each in self.ready if each.persistent]
            for message in self.ready:
                message.redelivered = message.redelivered or killed
                message.returns = max(message.returns, int(killed))
        return dead

    def _pop(self) -> Message:
        return (self.returned or self.ready).pop(0)
