"""Bytes to frames. pika's own codec is the oracle: what it encodes we must read as it does."""

import pika.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pika import BasicProperties, spec

from webapp.engine import wire

SHORT = st.text(max_size=40).filter(lambda text: len(text.encode()) <= 255)
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "content_type": SHORT,
        "content_encoding": SHORT,
        "headers": st.dictionaries(
            SHORT, st.one_of(st.integers(-(2**31), 2**31), SHORT, st.booleans()), max_size=4
        ),
        "delivery_mode": st.sampled_from([1, 2]),
        "priority": st.integers(0, 255),
        "correlation_id": SHORT,
        "reply_to": SHORT,
        "expiration": SHORT,
        "message_id": SHORT,
        "timestamp": st.integers(0, 2**40),
        "type": SHORT,
        "user_id": SHORT,
        "app_id": SHORT,
    },
)


def publish(body=b"photo...", **properties):
    """A whole publish as bytes: method, header, body."""
    frames = [
        pika.frame.Method(1, spec.Basic.Publish(exchange="", routing_key="task_queue")),
        pika.frame.Header(1, len(body), BasicProperties(**properties)),
    ]
    if body:
        frames.append(pika.frame.Body(1, body))
    return b"".join(frame.marshal() for frame in frames)


GREETING = b"AMQP\x00\x00\x09\x01"
STREAM = (
    GREETING + publish(message_id="a") + pika.frame.Heartbeat().marshal() + publish(b"", headers={"x": 1})
)


def test_a_stream_fed_whole_and_byte_by_byte_gives_the_same_frames():
    whole = wire.Splitter().feed(STREAM)
    splitter = wire.Splitter()
    single = [frame for at in range(len(STREAM)) for frame in splitter.feed(STREAM[at : at + 1])]
    assert whole == single
    assert [frame.kind for frame in whole] == [
        wire.PROTOCOL,
        wire.METHOD,
        wire.HEADER,
        wire.BODY,
        wire.HEARTBEAT,
        wire.METHOD,
        wire.HEADER,
    ]
    assert b"".join(frame.raw for frame in whole) == STREAM


@given(st.lists(st.integers(1, 60), max_size=40), st.binary(max_size=80))
def test_no_byte_is_added_lost_or_reordered_however_the_stream_is_cut_and_whatever_follows(cuts, tail):
    stream, splitter, out = STREAM + tail, wire.Splitter(), b""
    at = 0
    for cut in [*cuts, len(stream)]:
        out += b"".join(frame.raw for frame in splitter.feed(stream[at : at + cut]))
        at += cut
    assert out + splitter.rest() == stream


@pytest.mark.parametrize(
    "junk",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"\x01\x00\x01\x00\x00\x00\x01\x00\x00",  # no end marker
        b"\x01\x00\x01\xff\xff\xff\xff",  # four gigabytes announced
        b"\x09\x00\x01\x00\x00\x00\x00\xce",  # a frame type that does not exist
    ],
)
def test_what_is_not_amqp_comes_out_as_garbage_from_there_on(junk):
    splitter = wire.Splitter()
    frames = splitter.feed(GREETING + junk)
    assert [frame.kind for frame in frames] == [wire.PROTOCOL, wire.GARBAGE]
    assert frames[-1].raw == junk
    later = splitter.feed(publish())
    assert [frame.kind for frame in later] == [wire.GARBAGE]
    assert splitter.feed(b"") == []


def test_a_frame_larger_than_the_limit_is_not_buffered():
    splitter = wire.Splitter(limit=100)
    assert splitter.feed(pika.frame.Body(1, b"x" * 92).marshal())[0].kind == wire.BODY
    assert splitter.feed(pika.frame.Body(1, b"x" * 93).marshal()[:50])[0].kind == wire.GARBAGE


@given(PROPERTIES, st.integers(0, 2**40))
def test_a_header_is_read_as_pika_wrote_it(properties, size):
    header = wire.read_header(pika.frame.Header(1, size, BasicProperties(**properties)).marshal())
    assert header is not None
    assert header.body_size == size
    assert header.message_id == properties.get("message_id")
    assert header.correlation_id == properties.get("correlation_id", "")
    assert header.persistent == (properties.get("delivery_mode") == 2)


@given(PROPERTIES)
def test_a_header_that_is_given_a_message_id_keeps_every_other_property(properties):
    properties.pop("message_id", None)
    raw = pika.frame.Header(3, 7, BasicProperties(**properties)).marshal()
    header = wire.read_header(raw)
    assert header is not None
    spliced = wire.with_message_id(raw, header, "the-id")
    used, frame = pika.frame.decode_frame(spliced)
    assert used == len(spliced)
    assert (frame.channel_number, frame.body_size) == (3, 7)
    assert frame.properties == BasicProperties(**properties, message_id="the-id")


@given(st.binary(max_size=200))
def test_a_malformed_header_is_none_and_never_an_error(payload):
    raw = b"\x02\x00\x01" + len(payload).to_bytes(4, "big") + payload + b"\xce"
    header = wire.read_header(raw)
    assert header is None or header.message_id_at < len(raw)


@pytest.mark.parametrize("count", [1, 7, 300, 70_000])
def test_the_delivery_count_of_a_quorum_queue_is_read_from_the_headers(count):
    raw = pika.frame.Header(1, 0, BasicProperties(headers={"a": "b", "x-delivery-count": count})).marshal()
    header = wire.read_header(raw)
    assert header is not None
    assert header.delivery_count == count


def test_bytes_that_are_not_utf_8_stay_distinct_text():
    assert wire.text(b"\xff") != wire.text(b"\xfe")
    assert wire.text("früh ✓".encode()) == "früh ✓"
