"""The general frame format, and what a broken one costs: always the connection, 501 mostly."""

import pytest
from pika import spec
from pika.frame import Method

from tests.broker.client import drain, settled


def test_a_frame_may_be_as_large_as_agreed_and_eight_bytes_more(raw, channel, queue):
    peer = raw()
    peer.open_channel(frame_max=4096)
    peer.publish(1, queue, b"x" * 4096, frame=4096)
    peer.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
    settled(channel)
    assert drain(channel, queue) == ["x" * 4096]


def test_a_frame_larger_than_agreed_closes_the_connection(raw):
    peer = raw()
    peer.open_channel(frame_max=4096)
    peer.publish(1, "nobody", b"x" * 4097, frame=4097)
    assert peer.refused(spec.Connection.Close) == (
        501,
        "FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,4097,4088}",
        0,
        0,
    )


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (b"\1\0\1\0\0\0\4\0\x0a\0\x0a\0", "type 1, all octets = <<0,10,0,10>>: {invalid_frame_end_marker,0}"),
        (b"\1\0\1\0\0\0\3abcX", 'type 1, all octets = <<"abc">>: {invalid_frame_end_marker,88}'),
        (
            b"\3\0\1\0\0\0\x14" + b"a" * 20 + b"\0",
            'type 3, first 16 octets = <<"aaaaaaaaaaaaaaaa">>: {invalid_frame_end_marker,0}',
        ),
        (b"\x09\0\1\0\0\0\2ab\xce", 'type 9, all octets = <<"ab">>: unknown_frame'),
        (b"\1\0\1\0\0\0\3\0\x3c\0\xce", "type 1, all octets = <<0,60,0>>: unknown_frame"),
        (b"\1\0\0\0\0\0\0\xce", "type 1, all octets = <<>>: unknown_frame"),
        (b"\2\0\1\0\0\0\6\0\x3c\0\0\0\0\xce", "type 2, all octets = <<0,60,0,0,0,0>>: unknown_frame"),
        (b"\x08\0\0\0\0\0\1x\xce", 'type 8, all octets = <<"x">>: unknown_frame'),
    ],
)
def test_a_broken_frame_closes_the_connection(raw, frame, words):
    peer = raw()
    peer.open_channel()
    peer.bytes(frame)
    assert peer.refused(spec.Connection.Close) == (501, "FRAME_ERROR - " + words, 0, 0)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (b"\x08\0\1\0\0\0\0\xce", "type 8, all octets = <<>>"),
        (
            b"\2\0\0\0\0\0\x0e\0\x3c" + bytes(12) + b"\xce",
            "type 2, all octets = <<0,60,0,0,0,0,0,0,0,0,0,0,0,0>>",
        ),
        (b"\3\0\0\0\0\0\1x\xce", 'type 3, all octets = <<"x">>'),
    ],
    ids=["a heartbeat on a channel", "a header on channel zero", "a body on channel zero"],
)
def test_a_frame_that_has_no_business_on_its_channel_closes_the_connection_with_505(raw, frame, words):
    peer = raw()
    peer.open_channel()
    peer.bytes(frame)
    assert peer.refused(spec.Connection.Close) == (505, "UNEXPECTED_FRAME - " + words, 0, 0)


@pytest.mark.parametrize("frame", [b"\2\0\5\0\0\0\x0e\0\x3c" + bytes(12) + b"\xce", b"\3\0\5\0\0\0\1x\xce"])
def test_content_without_a_method_on_a_channel_that_is_not_open_closes_the_connection_with_505(raw, frame):
    peer = raw()
    peer.open_channel()
    peer.bytes(frame)
    assert peer.refused(spec.Connection.Close) == (
        505,
        "UNEXPECTED_FRAME - expected method frame, got non method frame instead",
        0,
        0,
    )


def test_a_frame_may_come_byte_by_byte(raw):
    peer = raw()
    peer.open_channel()
    for byte in Method(1, spec.Basic.Qos()).marshal():
        peer.bytes(bytes((byte,)))
    peer.expect(spec.Basic.QosOk, 1)


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (b"\0\x3c\0\x0a\0", "<<0>>"),
        (b"\0\x3c\0\x0aabc", "<<97,98,99>>"),
        (b"\0\x3c\0\x0a\0\0\5ab", "<<0,0,5,97,98>>"),
    ],
)
def test_a_method_that_cannot_be_read_closes_the_connection(raw, method, words):
    peer = raw()
    peer.open_channel()
    peer.bytes(b"\1\0\1" + len(method).to_bytes(4, "big") + method + b"\xce")
    assert peer.refused(spec.Connection.Close) == (501, "FRAME_ERROR - cannot decode " + words, 60, 10)


@pytest.mark.parametrize("kind", ["embedded"], indirect=True)
def test_a_name_that_is_not_text_is_refused_by_the_embedded_broker(raw):
    peer = raw()
    peer.open_channel()
    peer.bytes(b"\1\0\1\0\0\0\x0d\0\x32\0\x0a\0\0\1\xff\0\0\0\0\0\xce")
    assert peer.refused(spec.Connection.Close) == (502, "SYNTAX_ERROR - a name has to be UTF-8", 50, 10)


@pytest.mark.parametrize("kind", ["embedded"], indirect=True)
def test_tables_nested_without_end_are_refused_by_the_embedded_broker(raw):
    peer = raw()
    peer.open_channel()
    table = b""
    for _ in range(5000):
        table = b"\1aF" + len(table).to_bytes(4, "big") + table
    method = b"\0\x32\0\x0a\0\0\1q\0" + len(table).to_bytes(4, "big") + table
    peer.bytes(b"\1\0\1" + len(method).to_bytes(4, "big") + method + b"\xce")
    close = peer.refused(spec.Connection.Close)
    assert (close[0], close[1][:28], close[2:]) == (501, "FRAME_ERROR - cannot decode ", (50, 10))


@pytest.mark.parametrize("kind", ["embedded"], indirect=True)
@pytest.mark.parametrize("number", [b"\0\x3c\0\x63", b"\0\x99\0\1", b"\xff\xff\xff\xff"])
def test_a_method_that_does_not_exist_is_not_implemented_in_the_embedded_broker(raw, number):
    """RabbitMQ's reader dies of it, and hangs up."""
    peer = raw()
    peer.open_channel()
    peer.bytes(b"\1\0\1\0\0\0\5" + number + b"x\xce")
    words = f"method {int.from_bytes(number[:2], 'big')}.{int.from_bytes(number[2:], 'big')} is not known"
    assert peer.refused(spec.Connection.Close) == (540, "NOT_IMPLEMENTED - " + words, 0, 0)


def test_an_argument_whose_name_is_not_text_is_no_matter(raw, client):
    peer = raw()
    peer.open_channel()
    name = client.name().encode()
    method = b"\0\x32\0\x0a\0\0" + bytes((len(name),)) + name + b"\2" + b"\0\0\0\3\1\xffV"
    peer.bytes(b"\1\0\1" + len(method).to_bytes(4, "big") + method + b"\xce")
    peer.expect(spec.Queue.DeclareOk, 1)
    peer.call(1, spec.Queue.Declare(queue=name.decode(), passive=True), spec.Queue.DeclareOk)
