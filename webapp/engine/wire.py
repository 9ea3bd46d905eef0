"""Bytes to frames, and the few fields of a content header that the tap needs. Pure: no sockets, no clock.

    bytes ──► Splitter.feed ──► Frame, Frame, …      every byte that goes in comes out in some frame, in order

A stream that stops being AMQP 0-9-1 is not an error here: from that point on its bytes come out as GARBAGE frames, so that
the tap can hand them on and let the broker answer in its own words.

Source: AMQP 0-9-1 specification, 4.2.3 (general frame format) and 4.2.6 (content framing).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
PROTOCOL = 65  # "AMQP" + 4 bytes: the greeting before the first frame, sent back by a broker that wants another version
GARBAGE = 0

_KINDS = frozenset((METHOD, HEADER, BODY, HEARTBEAT))
_HEAD = struct.Struct(">BHI")
_END = 0xCE
OVERHEAD = _HEAD.size + 1  # bytes of a frame beside its payload
FRAME_MAX = 131_072  # RabbitMQ's default; holds until connection.tune-ok says otherwise
FRAME_MAX_CEILING = 16 * 1024 * 1024  # what we are willing to buffer where the peers agreed on "no limit"


class Frame(NamedTuple):
    """One frame as it stood on the wire: `raw` is all of its bytes, head and end marker included."""

    kind: int
    channel: int
    raw: bytes

    @property
    def method_id(self) -> int:
        """Class and method number in one: `class << 16 | method`; 0 where the frame is no (whole) method frame."""
        return int.from_bytes(self.raw[7:11], "big") if self.kind == METHOD and len(self.raw) >= 12 else 0

    @property
    def payload(self) -> bytes:
        """What stands between the head and the end marker."""
        return self.raw[7:-1]


class Splitter:
    """Cuts one direction of one connection into frames. `limit` is the largest frame in bytes, overhead included."""

    def __init__(self, limit: int = FRAME_MAX) -> None:
        self.limit = limit
        self._buffer = bytearray()
        self._garbage = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now. A partial one waits for the next call."""
        if self._garbage:
            return [Frame(GARBAGE, 0, data)] if data else []
        buffer = self._buffer
        buffer += data
        frames: list[Frame] = []
        start, size = 0, len(buffer)
        while size - start >= _HEAD.size:
            kind, channel, length = _HEAD.unpack_from(buffer, start)
            if kind == PROTOCOL and buffer[start : start + 4] == b"AMQP":
                end = start + 8
                if end > size:
                    break
                frames.append(Frame(PROTOCOL, 0, bytes(buffer[start:end])))
                start = end
                continue
            end = start + length + OVERHEAD
            if kind not in _KINDS or end - start > self.limit or (end <= size and buffer[end - 1] != _END):
                self._garbage = True
                frames.append(Frame(GARBAGE, 0, bytes(buffer[start:])))
                start = size
                break
            if end > size:
                break
            frames.append(Frame(kind, channel, bytes(buffer[start:end])))
            start = end
        del buffer[:start]
        return frames

    def rest(self) -> bytes:
        """The bytes of an unfinished frame; they are handed out once."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest


class Header(NamedTuple):
    """What the tap reads of a content header frame. `body_size` is in bytes; `delivery_count` is the quorum queue's
    `x-delivery-count`, 0 where absent; `message_id` is None where the property is absent."""

    body_size: int
    message_id: str | None
    correlation_id: str
    persistent: bool
    delivery_count: int
    message_id_at: int  # offset in the raw frame where the message_id stands, or would have to stand


_FLAGS_AT = 7 + 12
_MESSAGE_ID_FLAG = 1 << 7
_COUNT_KEY = b"\x10x-delivery-count"
_COUNT_SIZES = {b"b": 1, b"B": 1, b"s": 2, b"u": 2, b"I": 4, b"i": 4, b"l": 8, b"L": 8}


def read_header(raw: bytes) -> Header | None:
    """The fields of a content header frame, or None where it is malformed (the broker will say so).

    Reads the property list in its order (content-type, content-encoding, headers, delivery-mode, priority, correlation-id,
    reply-to, expiration, message-id), and nothing behind message-id. Source: AMQP 0-9-1, 4.2.6.1."""
    try:
        body_size = int.from_bytes(raw[11:19], "big")
        flags = int.from_bytes(raw[_FLAGS_AT : _FLAGS_AT + 2], "big")
        if flags & 1:  # a second flag word: no property of basic needs one
            return None
        at = _FLAGS_AT + 2
        mode, count, correlation = 1, 0, b""
        for bit in (15, 14):
            if flags >> bit & 1:
                at += 1 + raw[at]
        if flags >> 13 & 1:
            end = at + 4 + int.from_bytes(raw[at : at + 4], "big")
            count = _delivery_count(raw, at, end)
            at = end
        if flags >> 12 & 1:
            mode = raw[at]
            at += 1
        if flags >> 11 & 1:
            at += 1
        if flags >> 10 & 1:
            correlation = raw[at + 1 : at + 1 + raw[at]]
            at += 1 + raw[at]
        for bit in (9, 8):
            if flags >> bit & 1:
                at += 1 + raw[at]
        message_id = None
        if flags & _MESSAGE_ID_FLAG:
            message_id = text(raw[at + 1 : at + 1 + raw[at]])
            if at + 1 + raw[at] > len(raw) - 1:
                return None
        if at > len(raw) - 1:
            return None
    except IndexError:
        return None
    return Header(body_size, message_id, text(correlation), mode == 2, count, at)


def _delivery_count(raw: bytes, start: int, end: int) -> int:
    at = raw.find(_COUNT_KEY, start, end)
    if at < 0:
        return 0
    at += len(_COUNT_KEY)
    size = _COUNT_SIZES.get(raw[at : at + 1], 0)
    return max(0, int.from_bytes(raw[at + 1 : at + 1 + size], "big", signed=True))


def with_message_id(raw: bytes, header: Header, message_id: str) -> bytes:
    """The same content header frame with this message_id (1 to 255 ASCII characters); every other byte stays as it is."""
    value = message_id.encode("ascii")
    flags = int.from_bytes(raw[_FLAGS_AT : _FLAGS_AT + 2], "big") | _MESSAGE_ID_FLAG
    kind, channel, length = _HEAD.unpack_from(raw)
    at = header.message_id_at
    return b"".join(
        (
            _HEAD.pack(kind, channel, length + 1 + len(value)),
            raw[7:_FLAGS_AT],
            flags.to_bytes(2, "big"),
            raw[_FLAGS_AT + 2 : at],
            bytes((len(value),)),
            value,
            raw[at:],
        )
    )


def text(data: bytes) -> str:
    """Bytes from the wire as text that always encodes to JSON and stays distinct where it is not UTF-8."""
    return data.decode("utf-8", "backslashreplace")
