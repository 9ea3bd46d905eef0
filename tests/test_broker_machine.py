"""The queue model of the embedded broker, given anything in any order, against the rules written plainly: after every step both say the same."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests import rules
from webapp.broker.queues import Consumer, Delivery, Limit, Message, Queue

STEPS = 50  # of one example
CHANNELS = 3
SHAPES: list[dict[str, Any]] = [
    {},
    {"x-message-ttl": 3000},
    {"x-queue-type": "quorum"},
    {"x-queue-type": "quorum", "x-delivery-limit": 0},
    {"x-queue-type": "quorum", "x-delivery-limit": 2, "x-message-ttl": 4000},
]
any_of = st.integers(0, 99)  # which of those that there are
few = st.integers(0, 3)


class QueueMachine(RuleBasedStateMachine):
    """One queue, both ways. Its clock only goes when a rule says so, in seconds."""

    steps = 0

    @initialize(shape=st.sampled_from(SHAPES))
    def declare(self, shape: dict[str, Any]) -> None:
        ttl = shape.get("x-message-ttl")
        self.now = 1000.0
        self.published = 0
        self.queue = Queue("q", durable=True, arguments=shape)
        self.plain = rules.Queue(
            quorum="x-queue-type" in shape,
            limit=shape.get("x-delivery-limit"),
            ttl=None if ttl is None else ttl / 1000,
        )
        self.channels = [(Limit(), rules.Channel()) for _ in range(CHANNELS)]
        self.consumers: list[tuple[Consumer, rules.Consumer]] = []  # those in the queue
        self.out: list[
            tuple[Delivery, rules.Message, int | None]
        ] = []  # unacked; the channel, None for basic.get

    # -- messages -----------------------------------------------------------------------------------------------

    @rule(own=st.sampled_from([None, None, None, 0, 1000, 5000]), count=few, dispatch=st.booleans())
    def publish(self, own: int | None, count: int, dispatch: bool) -> None:
        for _ in range(count):
            self.published += 1
            message = Message("", "q", b"", str(self.published).encode())
            message.expires = self.queue.expiry(self.now, own)
            self.queue.publish(message)
            plain = rules.Message(str(self.published))
            self.plain.publish(plain, self.now, None if own is None else own / 1000)
        self._maybe(dispatch)

    @rule()
    def deliver(self) -> None:
        deliveries = list(self.queue.dispatch())
        plain = self.plain.deliver()
        assert [(each.consumer and each.consumer.tag, *seen(each)) for each in deliveries] == [
            (consumer.tag, *seen(message)) for consumer, message in plain
        ]
        for delivery, (consumer, message) in zip(deliveries, plain, strict=True):
            if not consumer.auto_ack:
                self.out.append((delivery, message, self._channel(consumer)))

    @rule(auto_ack=st.booleans())
    def get(self, auto_ack: bool) -> None:
        delivery = self.queue.take(auto_ack=auto_ack)
        if not self.plain.waiting():
            assert delivery is None
            return
        message = self.plain.take(auto_ack=auto_ack)
        assert delivery
        assert seen(delivery) == seen(message)
        if not auto_ack:
            self.out.append((delivery, message, None))

    @precondition(lambda self: self.out)
    @rule(which=any_of, count=st.integers(1, 4), dispatch=st.booleans())
    def settle(self, which: int, count: int, dispatch: bool) -> None:
        """ack, or reject without requeue: to the queue it is the same."""
        for delivery, message, _ in self._some(which, count):
            self.queue.settle(delivery)
            self.plain.settle(message)
        self._maybe(dispatch)

    @precondition(lambda self: self.out)
    @rule(which=any_of, count=st.integers(1, 4), dispatch=st.booleans())
    def requeue(self, which: int, count: int, dispatch: bool) -> None:
        """nack, reject, recover."""
        for delivery, message, _ in self._some(which, count):
            assert self.queue.put_back(delivery, asked=True) == self.plain.give_back(message, asked=True)
        self._maybe(dispatch)

    @rule()
    def purge(self) -> None:
        assert bodies(self.queue.purge()) == [each.body for each in self.plain.purge()]

    @rule(seconds=st.sampled_from([0.0, 0.5, 2.0, 6.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        head = self.plain.waiting()[:1]
        assert self.queue.next_change() == (head[0].expires if head else None)
        assert bodies(self.queue.expired(self.now)) == [each.body for each in self.plain.expire(self.now)]

    # -- consumers ----------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.consumers) < 6)
    @rule(channel=st.integers(0, CHANNELS - 1), prefetch=few, auto_ack=st.sampled_from([False, False, True]))
    def consume(self, channel: int, prefetch: int, auto_ack: bool) -> None:
        shared, plain_channel = self.channels[channel]
        tag = f"{channel}.{len(plain_channel.consumers)}"
        consumer = Consumer(tag, channel, auto_ack, Limit(prefetch), shared)
        plain = rules.Consumer(tag, plain_channel, prefetch, auto_ack)
        self.queue.add(consumer)
        plain_channel.consumers.append(plain)
        self.plain.line.append(plain)
        self.consumers.append((consumer, plain))

    @precondition(lambda self: self.consumers)
    @rule(which=any_of)
    def cancel(self, which: int) -> None:
        self._leave(self.consumers[which % len(self.consumers)])

    @rule(channel=st.integers(0, CHANNELS - 1), dispatch=st.booleans())
    def close_channel(self, channel: int, dispatch: bool) -> None:
        for pair in [each for each in self.consumers if each[0].owner == channel]:
            self._leave(pair)
        for delivery, message, _ in self._taken(lambda at: at == channel):
            assert self.queue.put_back(delivery) == self.plain.give_back(message, asked=False)
        self.channels[channel] = Limit(), rules.Channel()
        self._maybe(dispatch)

    @rule(channel=st.integers(0, CHANNELS - 1), limit=few)
    def global_prefetch(self, channel: int, limit: int) -> None:
        shared, plain = self.channels[channel]
        shared.size = plain.limit = limit

    @precondition(lambda self: self.consumers)
    @rule(which=any_of)
    def full_socket(self, which: int) -> None:
        consumer, plain = self.consumers[which % len(self.consumers)]
        consumer.paused = plain.paused = not consumer.paused

    # -- what holds at any time ---------------------------------------------------------------------------------

    @invariant()
    def both_say_the_same(self) -> None:
        type(self).steps += 1
        ready = list(self.queue)
        assert [seen(each) for each in ready] == [seen(each) for each in self.plain.waiting()]
        assert self.queue.ready == len(ready)
        assert self.queue.unacked == len(self.plain.held) == len(self.out)
        assert [each.tag for each in self.queue.consumers] == [
            each.tag for each in self.plain.line + self.plain.resting
        ]
        for consumer, plain in self.consumers:
            assert consumer.own.out == len(plain.holds)
        for shared, plain_channel in self.channels:
            assert shared.out == sum(len(each.holds) for each in plain_channel.consumers)

    @invariant()
    def nobody_has_more_than_allowed(self) -> None:
        """From the outside: by what was given to whom, whoever counts it."""
        for consumer, _ in self.consumers:
            held = [each for each, _, _ in self.out if each.consumer is consumer]
            assert not consumer.own.size or len(held) <= consumer.own.size

    @invariant()
    def a_message_is_in_one_place_only(self) -> None:
        everywhere = bodies(list(self.queue)) + bodies([each.message for each, _, _ in self.out])
        assert len(everywhere) == len(set(everywhere))

    # -- how ----------------------------------------------------------------------------------------------------

    def _maybe(self, dispatch: bool) -> None:
        if dispatch:
            self.deliver()

    def _some(self, which: int, count: int) -> list[tuple[Delivery, rules.Message, int | None]]:
        at = which % len(self.out)
        some = self.out[at : at + count]
        del self.out[at : at + count]
        return some

    def _taken(
        self, belongs: Callable[[int | None], bool]
    ) -> list[tuple[Delivery, rules.Message, int | None]]:
        taken = [each for each in self.out if belongs(each[2])]
        self.out = [each for each in self.out if not belongs(each[2])]
        return taken

    def _channel(self, consumer: rules.Consumer) -> int:
        (index,) = [at for at, (_, channel) in enumerate(self.channels) if channel is consumer.channel]
        return index

    def _leave(self, pair: tuple[Consumer, rules.Consumer]) -> None:
        self.consumers.remove(pair)
        self.queue.remove(pair[0])
        self.plain.leave(pair[1])


def seen(thing: Delivery | Message | rules.Message) -> tuple[str, bool, int]:
    """What a consumer is shown of a message: body, redelivered, how often it came back."""
    message = thing.message if isinstance(thing, Delivery) else thing
    body = message.body if isinstance(message.body, str) else message.body.decode()
    return body, message.redelivered, message.returns


def bodies(messages: list[Message]) -> list[str]:
    return [each.body.decode() for each in messages]


def run(examples: int, steps: int) -> None:
    """Runs that many examples, and believes only the steps that were really made."""
    QueueMachine.steps = 0
    run_state_machine_as_test(
        QueueMachine,
        settings=settings(max_examples=examples, stateful_step_count=STEPS, report_multiple_bugs=False),
    )
    assert QueueMachine.steps >= steps


def test_the_queue_model_keeps_the_rules() -> None:
    run(250, steps=5_000)


@pytest.mark.long
def test_the_queue_model_keeps_the_rules_for_thirty_thousand_steps() -> None:
    run(1_200, steps=30_000)
