"""Quorum queues, as far as one node goes: they count how often a message came back."""

import struct

import pytest
from pika import spec

from tests.broker.client import Inbox, channel_closed, connection_closed, drain, wait_for


@pytest.fixture
def quorum(client):
    return client.queue({"x-queue-type": "quorum"}, durable=True)


def counts(inbox):
    """The x-delivery-count of each delivery, None where there is none."""
    return [(properties.headers or {}).get("x-delivery-count") for _, properties, _ in inbox.deliveries]


def test_a_first_delivery_has_no_delivery_count(client, channel, quorum):
    client.publish(quorum, "a")
    inbox = Inbox(channel, quorum)
    assert inbox.wait(1) == [(1, False, "a")]
    assert counts(inbox) == [None]


@pytest.mark.parametrize("way", ["nack", "reject"])
def test_each_return_counts_one_more(client, channel, quorum, way):
    client.publish(quorum, "a")
    inbox = Inbox(channel, quorum)
    for tag in (1, 2, 3):
        inbox.wait(tag)
        getattr(channel, f"basic_{way}")(tag)
    assert inbox.wait(4)[3] == (4, True, "a")
    assert counts(inbox) == [None, 1, 2, 3]


def test_a_dead_connection_counts_one(client, channel, quorum):
    client.publish(quorum, "a")
    Inbox(channel, quorum).wait(1)
    channel.connection.close()
    inbox = Inbox(client.channel(), quorum)
    assert inbox.wait(1) == [(1, True, "a")]
    assert counts(inbox) == [1]


def test_the_count_stands_beside_the_messages_own_headers(client, channel, quorum):
    client.publish(quorum, "a", headers={"mine": "kept"}, message_id="1")
    inbox = Inbox(channel, quorum)
    inbox.wait(1)
    channel.basic_nack(1)
    inbox.wait(2)
    properties = inbox.deliveries[1][1]
    assert (properties.headers, properties.message_id) == ({"mine": "kept", "x-delivery-count": 1}, "1")


def test_basic_get_shows_the_count_too(client, channel, quorum):
    client.publish(quorum, "a")
    channel.basic_get(quorum)
    channel.basic_nack(1)
    wait_for(lambda: client.ready(quorum) == 1)
    method, properties, _ = channel.basic_get(quorum)
    assert (method.redelivered, properties.headers) == (True, {"x-delivery-count": 1})


def test_basic_get_counts_from_zero(client, channel, quorum):
    client.publish(quorum, "a")
    wait_for(lambda: client.ready(quorum) == 1)
    method, properties, _ = channel.basic_get(quorum)
    assert (method.redelivered, properties.headers) == (False, {"x-delivery-count": 0})


def test_a_classic_queue_adds_no_count(client, channel, queue):
    client.publish(queue, "a")
    channel.basic_get(queue)
    channel.basic_nack(1)
    assert channel.basic_get(queue)[1].headers is None


def test_a_global_prefetch_is_not_implemented(channel, quorum):
    channel.basic_qos(prefetch_count=1, global_qos=True)
    with connection_closed(
        540, f"NOT_IMPLEMENTED - queue '{quorum}' in vhost '/' does not support global qos"
    ):
        Inbox(channel, quorum)


def test_prefetch_and_order_are_as_in_a_classic_queue(client, channel, quorum):
    client.publish(quorum, *"abc")
    channel.basic_qos(prefetch_count=1)
    inbox = Inbox(channel, quorum)
    for tag in (1, 2, 3):
        inbox.wait(tag)
        channel.basic_ack(tag)
    assert inbox.got == [(1, False, "a"), (2, False, "b"), (3, False, "c")]


def test_purge_and_delete_count_as_in_a_classic_queue(client, channel, quorum):
    client.publish(quorum, *"abc")
    assert channel.queue_purge(quorum).method.message_count == 3
    client.publish(quorum, *"ab")
    wait_for(lambda: client.ready(quorum) == 2)
    assert channel.queue_delete(quorum).method.message_count == 2


@pytest.mark.parametrize("condition", ["if-unused", "if-empty"])
def test_a_conditional_delete_is_not_implemented(channel, quorum, condition):
    with connection_closed(
        540,
        f"NOT_IMPLEMENTED - cannot delete queue '{quorum}' in vhost '/'. "
        f"queue.delete operations with {condition} flag set are not supported by quorum queues",
    ):
        channel.queue_delete(quorum, **{condition.replace("-", "_"): True})


def test_a_requeued_message_goes_to_the_end_where_there_is_no_delivery_limit(client, channel, quorum):
    client.publish(quorum, *"abcd")
    for _ in range(2):
        channel.basic_get(quorum)
    channel.basic_nack(2, multiple=True)
    wait_for(lambda: client.ready(quorum) == 4)
    assert drain(channel, quorum) == ["c", "d", "a", "b"]


def test_a_requeued_message_goes_to_the_front_where_there_is_a_delivery_limit(client, channel):
    queue = client.queue({"x-queue-type": "quorum", "x-delivery-limit": 5}, durable=True)
    client.publish(queue, *"abcd")
    for _ in range(2):
        channel.basic_get(queue)
    channel.basic_nack(2, multiple=True)
    wait_for(lambda: client.ready(queue) == 4)
    assert drain(channel, queue) == ["a", "b", "c", "d"]


def test_messages_of_a_dead_connection_go_to_the_front(client, channel, quorum):
    client.publish(quorum, *"abcd")
    for _ in range(2):
        channel.basic_get(quorum)
    channel.connection.close()
    wait_for(lambda: client.ready(quorum) == 4)
    assert drain(client.channel(), quorum) == ["a", "b", "c", "d"]


def test_messages_of_two_dead_connections_stand_in_the_order_of_their_return(client, quorum):
    client.publish(quorum, *"abcd")
    first, second = client.channel(), client.channel()
    for channel in (first, second):
        channel.basic_get(quorum)
    second.connection.close()
    wait_for(lambda: client.ready(quorum) == 3)
    first.connection.close()
    wait_for(lambda: client.ready(quorum) == 4)
    assert drain(client.channel(), quorum) == ["b", "a", "c", "d"]


@pytest.mark.parametrize("argument", ["x-max-priority", "x-queue-mode"])
def test_an_argument_of_classic_queues_is_refused_with_406(client, channel, argument):
    name = client.name()
    with channel_closed(
        406,
        f"PRECONDITION_FAILED - invalid arg '{argument}' for queue '{name}' in vhost '/' of queue type rabbit_quorum_queue",
    ):
        channel.queue_declare(name, durable=True, arguments={"x-queue-type": "quorum", argument: 1})


@pytest.mark.parametrize("argument", ["x-delivery-limit"])
def test_an_argument_of_quorum_queues_on_a_classic_queue_is_refused_with_406(client, channel, argument):
    name = client.name()
    with channel_closed(
        406,
        f"PRECONDITION_FAILED - invalid arg '{argument}' for queue '{name}' in vhost '/' of queue type rabbit_classic_queue",
    ):
        channel.queue_declare(name, arguments={argument: 1})


def test_headers_of_any_type_come_out_as_they_went_in_beside_the_count(raw, quorum):
    """Also what pika cannot send, and reads wrongly: floats, and a small integer."""
    entries = [b"\1fd" + struct.pack(">d", 1.5), b"\1bb\xff", b"\1lA\0\0\0\x09d" + struct.pack(">d", 2.5)]
    table = b"".join(entries)
    properties = b"\xa0\x00" + b"\4text" + struct.pack(">I", len(table)) + table
    peer = raw()
    peer.open_channel()
    peer.send(1, spec.Basic.Publish(routing_key=quorum))
    header = struct.pack(">HHQ", 60, 0, 0) + properties
    peer.bytes(struct.pack(">BHI", 2, 1, len(header)) + header + b"\xce")
    peer.call(1, spec.Basic.Consume(queue=quorum), spec.Basic.ConsumeOk)
    peer.expect(spec.Basic.Deliver)
    assert peer.content()[0].content_type == "text"
    assert peer.last.endswith(properties + b"\xce")
    peer.send(1, spec.Basic.Nack(1))
    peer.expect(spec.Basic.Deliver)
    properties = peer.content()[0]
    assert (properties.content_type, properties.headers["x-delivery-count"]) == ("text", 1)
    assert all(entry in peer.last for entry in entries)
