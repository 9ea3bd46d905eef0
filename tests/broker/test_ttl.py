"""Time to live: of a queue's messages, of one message, of the queue itself."""

import contextlib
import time

import pytest
from pika import spec
from pika.exceptions import ChannelClosedByBroker

from tests.broker.client import Inbox, channel_closed, drain, settled, wait_for
from tests.broker.raw import Raw

QUORUM = {"x-queue-type": "quorum"}
KINDS = pytest.mark.parametrize("more", [{}, QUORUM], ids=["classic", "quorum"])


@KINDS
def test_a_queues_messages_expire(client, more):
    grave = client.queue()
    letters = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": grave}
    queue = client.queue({"x-message-ttl": 150, **letters, **more}, durable=True)
    client.publish(queue, "a", "b")
    wait_for(lambda: client.ready(grave) == 2)  # so they were there
    wait_for(lambda: client.ready(queue) == 0)
    assert drain(client.channel(), queue) == []


def test_a_message_expires_no_sooner_than_it_says(client, queue):
    began = time.monotonic()
    client.publish(queue, "a", expiration="300")
    wait_for(lambda: client.ready(queue) == 0)
    assert time.monotonic() - began >= 0.3


@KINDS
def test_a_messages_own_expiration_expires_it(client, more):
    queue = client.queue(more, durable=True)
    client.publish(queue, "short", expiration="100")
    client.publish(queue, "lasting")
    wait_for(lambda: client.ready(queue) == 1)
    assert drain(client.channel(), queue) == ["lasting"]


def test_the_smaller_of_both_times_counts(client):
    queue = client.queue({"x-message-ttl": 60_000})
    client.publish(queue, "a", expiration="100")
    wait_for(lambda: client.ready(queue) == 0)
    queue = client.queue({"x-message-ttl": 100})
    client.publish(queue, "a", expiration="60000")
    wait_for(lambda: client.ready(queue) == 0)


@KINDS
def test_an_expired_message_behind_a_lasting_one_still_counts_and_goes_when_it_is_first(client, more):
    queue = client.queue(more, durable=True)
    gone = client.queue()
    client.publish(queue, "lasting")
    client.publish(queue, "short", expiration="50")
    client.publish(gone, "clock", expiration="150")
    wait_for(lambda: client.ready(gone) == 0)
    assert client.ready(queue) == 2
    channel = client.channel()
    assert channel.basic_get(queue)[2] == b"lasting"
    wait_for(lambda: client.ready(queue) == 0)
    assert channel.basic_get(queue)[0] is None


@pytest.mark.parametrize("arguments", [{"x-message-ttl": 0}, {}], ids=["queue", "message"])
def test_a_time_of_zero_lets_through_what_a_consumer_takes_at_once(client, channel, arguments):
    queue = client.queue(arguments)
    properties = {} if arguments else {"expiration": "0"}
    client.publish(queue, "nobody there", **properties)
    inbox = Inbox(channel, queue)
    client.publish(queue, "at once", **properties)
    assert inbox.wait(1) == [(1, False, "at once")]


def test_what_somebody_holds_does_not_expire_before_it_is_given_back(client, channel, queue):
    inbox = Inbox(channel, queue)
    client.publish(queue, "held", expiration="100")
    assert inbox.wait(1) == [(1, False, "held")]
    channel.basic_cancel(inbox.tag)
    client.publish(queue, "clock", expiration="150")
    wait_for(lambda: client.ready(queue) == 0)
    channel.basic_nack(1)
    settled(channel)
    assert channel.basic_get(queue)[0] is None


def test_an_expired_message_given_back_is_not_delivered_again(client, channel, queue):
    inbox = Inbox(channel, queue)
    clock = client.queue()
    client.publish(queue, "held", expiration="100")
    client.publish(clock, "clock", expiration="150")
    inbox.wait(1)
    wait_for(lambda: client.ready(clock) == 0)
    channel.basic_nack(1)
    settled(channel)
    assert inbox.got == [(1, False, "held")]


def test_the_expiration_stays_on_the_message(client, channel, queue):
    client.publish(queue, "a", expiration="60000")
    assert channel.basic_get(queue)[1].expiration == "60000"


@pytest.mark.parametrize(
    ("expiration", "words"),
    [
        ("abc", "no_integer"),
        ("", "no_integer"),
        ("12x", '{leftover_string,"x"}'),
        ("1.5", '{leftover_string,".5"}'),
        ("-1", "{value_negative,-1}"),
        ("315360000001", "{value_too_large,315360000001}"),
    ],
)
def test_an_expiration_that_is_no_number_of_milliseconds_is_refused_with_406(
    client, queue, expiration, words
):
    with channel_closed(406, f"PRECONDITION_FAILED - invalid expiration '{expiration}': {words}"):
        client.publish(queue, "a", expiration=expiration)


@pytest.mark.parametrize("key", ["x-message-ttl", "x-expires"])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-1, "{value_negative,-1}"),
        ("1000", '"expected integer, got longstr"'),
        (315360000001, "{value_too_large,315360000001}"),
    ],
)
def test_a_time_that_is_no_number_of_milliseconds_is_refused_with_406(client, channel, key, value, words):
    name = client.name()
    with channel_closed(
        406, f"PRECONDITION_FAILED - invalid arg '{key}' for queue '{name}' in vhost '/': {words}"
    ):
        channel.queue_declare(name, arguments={key: value})


def test_an_unused_queue_cannot_live_for_no_time_at_all(client, channel):
    name = client.name()
    with channel_closed(
        406,
        f"PRECONDITION_FAILED - invalid arg 'x-expires' for queue '{name}' in vhost '/': {{value_zero,0}}",
    ):
        channel.queue_declare(name, arguments={"x-expires": 0})


def gone(client, queue):
    """Whether the queue does not exist; asking for a missing one's bindings does not count as use."""
    try:
        client.channel().queue_bind(queue, "amq.direct", "nobody")
    except ChannelClosedByBroker as error:
        assert error.reply_code == 404
        return True
    return False


def test_an_unused_queue_goes_with_its_messages(client):
    queue = client.queue({"x-expires": 200})
    client.publish(queue, "a")
    wait_for(lambda: gone(client, queue))


def test_a_queue_with_a_consumer_does_not_go(client):
    queue = client.name()
    with contextlib.closing(Raw(client.port)) as peer:
        peer.open_channel()
        # in one piece: it has its consumer before it can expire
        peer.send(
            1,
            spec.Queue.Declare(queue=queue, arguments={"x-expires": 300}),
            spec.Basic.Consume(queue=queue, consumer_tag="c"),
        )
        peer.expect(spec.Queue.DeclareOk)
        peer.expect(spec.Basic.ConsumeOk)
        clock = client.queue({"x-expires": 500})
        wait_for(lambda: gone(client, clock))
        assert not gone(client, queue)
        peer.call(1, spec.Basic.Cancel(consumer_tag="c"), spec.Basic.CancelOk)
        wait_for(lambda: gone(client, queue))


@pytest.mark.long
def test_declaring_asking_passively_and_getting_are_uses(client, channel):
    # Longer than we may be kept from using them.
    declared, asked, got = queues = [client.queue({"x-expires": 3500}) for _ in range(3)]
    clock = client.queue({"x-expires": 4000})

    def used():
        channel.queue_declare(declared, arguments={"x-expires": 3500})
        channel.queue_declare(asked, passive=True)
        channel.basic_get(got)
        return gone(client, clock)

    wait_for(used, channel.connection)
    assert [gone(client, queue) for queue in queues] == [False, False, False]
    wait_for(lambda: all(gone(client, queue) for queue in queues))


def test_ten_years_are_not_too_long(client, channel):
    queue = client.queue({"x-message-ttl": 315360000000, "x-expires": 315360000000})
    client.publish(queue, "a", expiration="315360000000")
    assert drain(channel, queue) == ["a"]
