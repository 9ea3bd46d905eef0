"""What goes in comes out: bodies, properties, returns."""

import datetime

import pika
import pytest
from pika import spec
from pika.exceptions import UnroutableError
from pika.frame import Body, Header

from tests.broker.client import channel_closed, connection_closed, drain, settled


@pytest.mark.parametrize("size", [0, 1, 131064, 131065, 500_000])
def test_a_body_of_any_size_comes_out_as_it_went_in(client, channel, queue, size):
    body = (bytes(range(256)) * (size // 256 + 1))[:size]
    client.publish(queue, body)
    assert channel.basic_get(queue)[2] == body


def test_all_properties_come_out_as_they_went_in(client, channel, queue):
    properties = {
        "content_type": "text/plain",
        "content_encoding": "utf-8",
        "headers": {
            "text": "grün",
            "number": 7,
            "negative": -1,
            "big": 2**40,
            "yes": True,
            "none": None,
            "list": [1, "two", {"three": 3}],
            "table": {"a": {"b": "c"}},
            "when": datetime.datetime(2024, 2, 29, 12, 0, 0, tzinfo=datetime.UTC),
            "bytes": b"\x00\xff",
        },
        "delivery_mode": 2,
        "priority": 3,
        "correlation_id": "c-1",
        "reply_to": "answers",
        "expiration": "60000",
        "message_id": "m-1",
        "timestamp": 1709208000,
        "type": "greeting",
        "user_id": "guest",
        "app_id": "test",
        "cluster_id": "here",
    }
    client.publish(queue, "body", **properties)
    assert vars(channel.basic_get(queue)[1]) == vars(pika.BasicProperties(**properties))


def test_no_properties_at_all_stay_none(client, channel, queue):
    client.publish(queue, "body")
    assert channel.basic_get(queue)[1] == pika.BasicProperties()


def test_a_body_may_come_in_small_frames(raw, channel, queue):
    peer = raw()
    peer.open_channel()
    peer.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
    peer.publish(1, queue, b"0123456789", frame=3)
    peer.expect(spec.Basic.Ack)
    assert drain(channel, queue) == ["0123456789"]


def test_a_body_goes_out_in_frames_no_larger_than_agreed(raw, client, queue):
    client.publish(queue, b"x" * 10_000)
    peer = raw()
    peer.open_channel(frame_max=4096)
    peer.call(1, spec.Basic.Get(queue=queue), spec.Basic.GetOk)
    assert peer.content()[2] == [4088, 4088, 1824]


def test_messages_on_two_channels_may_interleave_their_frames(raw, channel, queue):
    peer = raw()
    peer.open_channel(1)
    peer.call(2, spec.Channel.Open(), spec.Channel.OpenOk)
    bodies = {1: b"first", 2: b"second"}
    for number in bodies:
        peer.send(number, spec.Basic.Publish(routing_key=queue))
    for number, body in bodies.items():
        peer.bytes(Header(number, len(body), pika.BasicProperties()).marshal())
    for at in (0, 3):
        for number, body in bodies.items():
            peer.bytes(Body(number, body[at : at + 3]).marshal())
    for number in bodies:
        peer.call(number, spec.Confirm.Select(), spec.Confirm.SelectOk)
    settled(channel)
    assert sorted(drain(channel, queue)) == ["first", "second"]


def test_a_message_nobody_is_bound_for_is_dropped(client):
    client.publish("nobody", "gone")
    client.publish("nobody", "gone", exchange="amq.direct")


def test_a_mandatory_message_nobody_is_bound_for_comes_back(client):
    channel = client.publisher
    with pytest.raises(UnroutableError) as caught:
        channel.basic_publish(
            "amq.direct", "nobody", b"back", pika.BasicProperties(message_id="1"), mandatory=True
        )
    [returned] = caught.value.messages
    assert (returned.method.reply_code, returned.method.reply_text) == (312, "NO_ROUTE")
    assert (returned.method.exchange, returned.method.routing_key) == ("amq.direct", "nobody")
    assert (returned.properties.message_id, returned.body) == ("1", b"back")


def test_a_mandatory_message_that_has_a_queue_does_not_come_back(client, channel, queue):
    client.publisher.basic_publish("", queue, b"here", mandatory=True)
    assert drain(channel, queue) == ["here"]


def test_a_return_comes_before_its_confirm(raw):
    peer = raw()
    peer.open_channel()
    peer.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
    peer.publish(1, "nobody", b"back", mandatory=True)
    returned = peer.expect(spec.Basic.Return, 1)
    assert (returned.reply_code, returned.reply_text, returned.exchange) == (312, "NO_ROUTE", "")
    assert peer.content()[1] == b"back"
    assert peer.expect(spec.Basic.Ack, 1).delivery_tag == 1


def test_publishing_to_a_missing_exchange_closes_the_channel_with_404(raw):
    peer = raw()
    peer.open_channel()
    peer.publish(1, "key", b"lost", exchange="missing")
    assert peer.refused(spec.Channel.Close) == (404, "NOT_FOUND - no exchange 'missing' in vhost '/'", 60, 40)


def test_immediate_is_not_implemented(raw, queue):
    peer = raw()
    peer.open_channel()
    peer.send(1, spec.Basic.Publish(routing_key=queue, immediate=True))
    peer.bytes(Header(1, 0, pika.BasicProperties()).marshal())
    assert peer.refused(spec.Connection.Close) == (540, "NOT_IMPLEMENTED - immediate=true", 60, 40)


def test_another_user_id_than_ones_own_is_refused_with_406(channel, queue):
    with channel_closed(
        406,
        "PRECONDITION_FAILED - user_id property set to 'somebody' but authenticated user was 'guest'",
    ):
        channel.basic_publish("", queue, b"", pika.BasicProperties(user_id="somebody"))
        channel.basic_qos()


def test_a_body_larger_than_128_megabytes_closes_the_channel_with_406(raw, queue):
    peer = raw()
    peer.open_channel()
    peer.publish(1, queue, bytes(128 * 1024 * 1024 + 1))
    assert peer.refused(spec.Channel.Close) == (
        406,
        "PRECONDITION_FAILED - message size 134217729 is larger than configured max size 134217728",
        60,
        40,
    )


@pytest.mark.parametrize("call", ["tx_select", "tx_commit", "tx_rollback"])
@pytest.mark.parametrize("kind", ["embedded"], indirect=True)
def test_transactions_are_not_implemented_in_the_embedded_broker(channel, call):
    with connection_closed(540, f"NOT_IMPLEMENTED - {call.replace('_', '.')} is not part of this broker"):
        getattr(channel, call)()


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"\0\x32\0\0", "expected content header for class 60, got one for class 50 instead"),
        (b"\0\x3c\0\x09", "expected content header for class 60, got non content header frame instead"),
    ],
)
def test_a_header_of_another_class_or_weight_closes_the_connection_with_505(raw, header, words):
    peer = raw()
    peer.open_channel()
    peer.send(1, spec.Basic.Publish(routing_key="nobody"))
    peer.bytes(b"\2\0\1\0\0\0\x0e" + header + bytes(10) + b"\xce")
    assert peer.refused(spec.Connection.Close) == (505, "UNEXPECTED_FRAME - " + words, 60, 40)


def test_a_body_longer_than_its_header_said_closes_the_connection_with_505(raw):
    peer = raw()
    peer.open_channel()
    peer.send(1, spec.Basic.Publish(routing_key="nobody"))
    peer.bytes(Header(1, 1, pika.BasicProperties()).marshal() + Body(1, b"xy").marshal())
    peer.send(1, spec.Basic.Qos())  # RabbitMQ says so at the next frame only
    assert peer.refused(spec.Connection.Close) == (
        505,
        "UNEXPECTED_FRAME - expected content body, got non content body frame instead",
        60,
        40,
    )


def test_empty_body_frames_between_the_others_are_no_matter(raw, channel, queue):
    peer = raw()
    peer.open_channel()
    peer.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
    peer.send(1, spec.Basic.Publish(routing_key=queue))
    peer.bytes(Header(1, 2, pika.BasicProperties()).marshal())
    for piece in (b"", b"a", b"", b"", b"b"):
        peer.bytes(Body(1, piece).marshal())
    peer.expect(spec.Basic.Ack)
    assert drain(channel, queue) == ["ab"]


@pytest.mark.parametrize("kind", ["embedded"], indirect=True)
@pytest.mark.parametrize(
    ("properties", "words"),
    [
        (b"\x80\0\1aXYZ", "1,97,88,89,90"),
        (b"\x80\0\5a", "5,97"),
        (b"\0\0XYZ", "88,89,90"),
        (b"\0\1\0\0", "0,0"),
        (b"", ""),
    ],
)
def test_properties_that_make_no_sense_close_the_connection_of_the_embedded_broker(raw, properties, words):
    """RabbitMQ's channel dies of them: 541 INTERNAL_ERROR."""
    peer = raw()
    peer.open_channel()
    peer.send(1, spec.Basic.Publish(routing_key="nobody"))
    size = (12 + len(properties)).to_bytes(4, "big")
    peer.bytes(b"\2\0\1" + size + b"\0\x3c" + bytes(10) + properties + b"\xce")
    assert peer.refused(spec.Connection.Close) == (501, f"FRAME_ERROR - cannot decode <<{words}>>", 60, 40)
