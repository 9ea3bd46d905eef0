"""Content: a message as it comes in, frame by frame, and as it goes out. Knows no sockets.

    method ─► header ─► body, body, …     whole, and checked, before anything is done with it

Source: AMQP 0-9-1, 4.2.6 (content framing); texts as RabbitMQ 3.10's.
"""

from __future__ import annotations

import struct
from typing import Any

from pika import spec

from webapp.broker.errors import UNREADABLE, ChannelError, ConnectionError_
from webapp.broker.properties import EXPIRATION, HEADERS, USER_ID, entries, split, text
from webapp.broker.queues import Delivery
from webapp.engine import wire

SIZE_MAX = 128 * 1024 * 1024  # bytes, RabbitMQ 3.10's max_message_size
# Flags of the properties that mean something to the broker, and of those that nobody else looks at.
LOOKED_AT = 1 << HEADERS | 1 << EXPIRATION | 0x7F
_CLASS = spec.Basic.INDEX
_DELIVER = spec.Basic.Deliver.INDEX.to_bytes(4, "big")


class Incoming:
    """A publish under way: its method is here, its header and body are still to come."""

    def __init__(self, method: Any) -> None:
        self.method = method
        self.properties = b""
        self.persistent = False
        self.user_id: str | None = None
        self.expiration: str | None = None
        self._header: wire.Header | None = None
        self._chunks: list[bytes] = []
        self._missing = 0

    @property
    def whole(self) -> bool:
        return self._header is not None and not self._missing

    @property
    def body(self) -> bytes:
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    def add_header(self, raw: bytes) -> None:
        """A content header frame. Raises AmqpError."""
        if self._header is not None:
            raise self.unexpected()
        header = self._header = wire.read_header(raw)
        if header is None:
            raise ConnectionError_(502, "the content header cannot be read")
        if header.body_size > SIZE_MAX:
            raise ChannelError(
                406, f"message size {header.body_size} is larger than configured max size {SIZE_MAX}"
            )
        self.properties, self.persistent, self._missing = raw[19:-1], header.persistent, header.body_size
        if int.from_bytes(raw[19:21], "big") & LOOKED_AT:
            self._look()

    def add_body(self, payload: bytes) -> None:
        """A content body frame. Raises AmqpError."""
        if self._header is None:
            raise self.unexpected()
        self._chunks.append(payload)
        self._missing -= len(payload)
        if self._missing < 0:
            raise ConnectionError_(501, "the content body is longer than its header said")

    def unexpected(self) -> ConnectionError_:
        """Another frame came than the next one of this publish."""
        part = "content header for class 60" if self._header is None else "content body"
        kind = "header" if self._header is None else "body"
        return ConnectionError_(505, f"expected {part}, got non content {kind} frame instead")

    def _look(self) -> None:
        try:
            fields = split(self.properties)
            entries(fields)
            self.user_id, self.expiration = text(fields, USER_ID), text(fields, EXPIRATION)
        except UNREADABLE as error:
            words = ",".join(map(str, self.properties[2:]))
            raise ConnectionError_(501, f"cannot decode <<{words}>>") from error


def content(channel: int, properties: bytes, body: bytes, frame_max: int) -> bytes:
    """The header frame and the body frames of a message."""
    head = struct.pack(">BHIHHQ", wire.HEADER, channel, 12 + len(properties), _CLASS, 0, len(body))
    frames = [head, properties, b"\xce"]
    room = frame_max - wire.OVERHEAD
    for at in range(0, len(body), room):
        chunk = body[at : at + room]
        frames += (struct.pack(">BHI", wire.BODY, channel, len(chunk)), chunk, b"\xce")
    return b"".join(frames)


def deliver(channel: int, tag: int, consumer_tag: str, delivery: Delivery) -> bytes:
    """The frame of basic.deliver; written by hand, because it is the one sent most."""
    message = delivery.message
    payload = b"".join(
        (
            _DELIVER,
            _short(consumer_tag),
            struct.pack(">QB", tag, message.redelivered),
            _short(message.exchange),
            _short(message.routing_key),
        )
    )
    return struct.pack(">BHI", wire.METHOD, channel, len(payload)) + payload + b"\xce"


def _short(text: str) -> bytes:
    data = text.encode()
    return bytes((len(data),)) + data
