"""The delivery acknowledgement timeout, here five seconds: who holds a message longer loses the channel. All wait at the same time."""

import pika.frame
import pytest
from pika import spec

from tests.broker.client import Client, Inbox, wait_for
from tests.broker.nodes import ACK_TIMEOUT
from tests.broker.raw import Raw

TEXT = (
    "PRECONDITION_FAILED - delivery acknowledgement on channel {} timed out. Timeout value used: "
    f"{ACK_TIMEOUT * 1000} ms. This timeout value can be configured, see consumers doc guide to learn more"
)
LATE = {"classic": "ab", "quorum": "ab", "one of two acknowledged": "b", "got": "a"}  # and what each holds
UNHURT = ["auto-ack", "acknowledged", "idle"]


class Holder(Raw):
    """A connection with a queue of its own."""

    def __init__(self, client, queue):
        super().__init__(client.port)
        self.queue = queue
        self.open_channel(1)

    def take(self, count=1, channel=1, **more):
        self.call(channel, spec.Basic.Consume(queue=self.queue, **more), spec.Basic.ConsumeOk)
        for _ in range(count):
            self.expect(spec.Basic.Deliver)
            self.content()


@pytest.fixture(scope="module")
def holders(broker):
    """Those who hold on too long, and those who do not; returned when the first are past their time."""
    with Client(broker.port) as client:
        holders = {}
        for name in [*LATE, *UNHURT]:
            arguments = {"x-queue-type": "quorum"} if name == "quorum" else {}
            queue = client.queue(arguments, durable=True)
            client.publish(queue, "a", "b")
            holders[name] = Holder(client, queue)
        holders["classic"].take(2)
        holders["quorum"].call(7, spec.Channel.Open(), spec.Channel.OpenOk)
        holders["quorum"].take(2, 7)
        holders["one of two acknowledged"].take(2)
        holders["one of two acknowledged"].send(1, spec.Basic.Ack(1))
        holders["auto-ack"].take(2, no_ack=True)
        holders["acknowledged"].take(2)
        holders["acknowledged"].send(1, spec.Basic.Ack(2, multiple=True))
        holders["got"].call(1, spec.Basic.Get(queue=holders["got"].queue), spec.Basic.GetOk)
        holders["got"].content()
        client.closes = {name: holders[name].frame() for name in LATE}
        holders["classic"].send(1, spec.Basic.Ack(1))
        for name, frame in client.closes.items():
            holders[name].send(frame.channel_number, spec.Channel.CloseOk())
        client.holders = holders
        yield client
        for holder in holders.values():
            holder.close()


@pytest.mark.parametrize("name", LATE)
def test_who_holds_a_message_too_long_loses_the_channel_with_406(holders, name):
    frame = holders.closes[name]
    number = 7 if name == "quorum" else 1
    close = frame.method
    assert isinstance(close, spec.Channel.Close)
    assert (frame.channel_number, close.reply_code, close.reply_text) == (number, 406, TEXT.format(number))
    assert (close.class_id, close.method_id) == (0, 0)


@pytest.mark.parametrize("name", LATE)
def test_what_it_held_comes_back_redelivered_even_if_it_acknowledges_late(holders, name):
    bodies = "ab" if name == "got" else LATE[name]
    wait_for(lambda: holders.ready(holders.holders[name].queue) == len(bodies))
    reader = holders.channel()
    for body in bodies:
        method, _, got = reader.basic_get(holders.holders[name].queue)
        assert (method.redelivered, got.decode()) == (body in LATE[name], body)
    assert reader.basic_get(holders.holders[name].queue)[0] is None
    reader.connection.close()


def answer_to(holder, channel, method):
    """RabbitMQ says channel.close anew at each look until close-ok has come: those are passed over."""
    holder.send(channel, method)
    while isinstance(frame := holder.frame(), pika.frame.Method) and isinstance(
        frame.method, spec.Channel.Close
    ):
        pass
    return frame.channel_number, type(frame.method)


def test_the_channels_number_can_be_used_again(holders):
    assert answer_to(holders.holders["classic"], 1, spec.Channel.Open()) == (1, spec.Channel.OpenOk)


def test_the_connection_and_its_other_channels_stay(holders):
    assert answer_to(holders.holders["quorum"], 1, spec.Basic.Qos()) == (1, spec.Basic.QosOk)


@pytest.mark.parametrize("name", UNHURT)
def test_who_holds_nothing_too_long_keeps_the_channel(holders, name):
    holders.holders[name].call(1, spec.Basic.Qos(), spec.Basic.QosOk)


def test_a_queue_or_a_consumer_may_ask_for_a_timeout_of_its_own(client, kind):
    """Since RabbitMQ 3.12; the consumer's goes before the queue's. RabbitMQ 3.10 takes no notice of either."""
    queues = [client.queue({"x-consumer-timeout": milliseconds}) for milliseconds in (1000, 600_000)]
    holders = [Holder(client, queue) for queue in queues]
    for holder, arguments in zip(holders, ({}, {"x-consumer-timeout": 1500}), strict=True):
        client.publish(holder.queue, "a")
        holder.take(arguments=arguments)
    for holder, milliseconds in zip(holders, (1000, 1500), strict=True):
        _, text, _, _ = holder.refused(spec.Channel.Close)
        value = ACK_TIMEOUT * 1000 if kind == "rabbitmq" else milliseconds
        assert f"Timeout value used: {value} ms." in text
        holder.close()


@pytest.mark.parametrize("value", ["soon", -1, True, None])
def test_a_timeout_that_makes_no_sense_changes_nothing(client, value):
    queue = client.queue({"x-consumer-timeout": value})
    client.publish(queue, "a")
    channel = client.channel()
    Inbox(channel, queue).wait(1)
    channel.basic_ack(1)
    wait_for(lambda: client.ready(queue) == 0)
