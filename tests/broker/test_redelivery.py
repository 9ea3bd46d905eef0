"""A worker dies: what it held comes back, in order, to somebody else. Under auto-ack it does not."""

import pytest
from pika import spec

from tests.broker.client import Inbox, drain, settled, wait_for

KINDS = [{}, {"x-queue-type": "quorum"}]
IDS = ["classic", "quorum"]


def holding(peer, queue, count, **more):
    """Has this connection's consumer take that many messages; they are not acknowledged."""
    peer.open_channel()
    peer.call(1, spec.Basic.Consume(queue=queue, **more), spec.Basic.ConsumeOk)
    for _ in range(count):
        peer.expect(spec.Basic.Deliver)
        peer.content()


@pytest.mark.parametrize("arguments", KINDS, ids=IDS)
def test_a_dead_connections_messages_go_to_the_other_consumer_in_order_and_redelivered(
    client, raw, arguments
):
    queue = client.queue(arguments, durable=True)
    client.publish(queue, *"abcde")
    holder = raw()
    holding(holder, queue, 5)
    other = Inbox(client.channel(), queue)
    holder.close()
    assert other.wait(5) == [(n, True, body) for n, body in enumerate("abcde", 1)]


def test_what_was_acknowledged_before_does_not_come_back(client, channel, queue):
    client.publish(queue, *"abc")
    holder = Inbox(channel, queue)
    holder.wait(3)
    channel.basic_ack(2)
    channel.connection.close()
    other = Inbox(client.channel(), queue)
    assert other.wait(2) == [(1, True, "a"), (2, True, "c")]


def test_a_closed_channel_is_enough(client, queue):
    client.publish(queue, "a")
    connection = client.connect()
    holder = Inbox(connection.channel(), queue)
    holder.wait(1)
    other = Inbox(connection.channel(), queue)
    holder.channel.close()
    assert other.wait(1) == [(1, True, "a")]


def test_what_comes_back_stands_before_what_was_never_out(client, channel, queue):
    client.publish(queue, *"abcd")
    channel.basic_qos(prefetch_count=2)
    Inbox(channel, queue).wait(2)
    channel.connection.close()
    other = Inbox(client.channel(), queue)
    assert other.wait(4) == [(1, True, "a"), (2, True, "b"), (3, False, "c"), (4, False, "d")]


def test_messages_given_back_by_two_consumers_stand_in_their_first_order(client, queue):
    holders = [Inbox(client.channel(), queue) for _ in range(2)]
    client.publish(queue, *"abcdef")
    for holder in holders:
        holder.wait(3)
        holder.channel.basic_cancel(holder.tag)
    for holder in reversed(holders):
        holder.channel.connection.close()
    wait_for(lambda: client.ready(queue) == 6)
    assert drain(client.channel(), queue) == [*"abcdef"]


def test_redelivered_means_may_have_been_seen_also_where_it_was_not(client, channel, queue):
    client.publish(queue, *"ab")
    Inbox(channel, queue).wait(2)
    channel.connection.close()
    reader = client.channel()
    assert [reader.basic_get(queue)[0].redelivered for _ in range(2)] == [True, True]


def test_under_auto_ack_everything_dies_with_the_connection(client, raw, queue):
    client.publish(queue, *"abcde")
    holder = raw()
    holding(holder, queue, 1, no_ack=True)
    holder.close()
    wait_for(lambda: client.consumers(queue) == 0)
    assert client.ready(queue) == 0


def test_the_dead_are_out_of_the_turns(client, queue):
    first, second = (Inbox(client.channel(), queue) for _ in range(2))
    first.channel.connection.close()
    wait_for(lambda: client.consumers(queue) == 1)
    client.publish(queue, *"abc")
    assert [body for _, _, body in second.wait(3)] == ["a", "b", "c"]


def test_what_is_left_of_a_deleted_queue_does_not_hold_up_a_new_one_of_its_name(client, raw, queue):
    peer = raw()
    peer.open_channel(1)
    peer.call(2, spec.Channel.Open(), spec.Channel.OpenOk)
    client.publish(queue, "old")
    holding_by_get(peer, 2, queue, b"old")
    client.publisher.queue_delete(queue)
    client.publisher.queue_declare(queue)
    client.publish(queue, "new")
    holding_by_get(peer, 1, queue, b"new")
    other = Inbox(client.channel(), queue)
    peer.close()
    assert other.wait(1) == [(1, True, "new")]


def holding_by_get(peer, channel, queue, body):
    peer.call(channel, spec.Basic.Get(queue=queue), spec.Basic.GetOk)
    assert peer.content()[1] == body


def test_a_rejected_message_goes_back_to_its_place(client, channel, queue):
    client.publish(queue, *"abc")
    for _ in range(2):
        channel.basic_get(queue)
    channel.basic_reject(2)
    channel.basic_reject(1)
    settled(channel)
    assert drain(channel, queue) == ["a", "b", "c"]


def test_a_rejected_message_goes_before_later_ones_to_the_next_consumer(client, channel, queue):
    channel.basic_qos(prefetch_count=1)
    first = Inbox(channel, queue)
    client.publish(queue, "a")
    first.wait(1)
    client.publish(queue, "b")
    second = client.channel()
    second.basic_qos(prefetch_count=1)
    second = Inbox(second, queue)
    assert second.wait(1) == [(1, False, "b")]
    channel.basic_cancel(first.tag)
    channel.basic_nack(1)
    second.channel.basic_ack(1)
    assert second.wait(2)[1] == (2, True, "a")
