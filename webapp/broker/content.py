"""Content: a message as it comes in, frame by frame, and as it goes out. Knows no sockets.

    method ─► header ─► body, body, …     whole, and checked, before anything is done with it

Source: AMQP 0-9-1, 4.2.6 (content framing); texts as RabbitMQ 3.10's.
"""

from __future__ import annotations

import struct
from typing import Any

from pika import spec

from webapp.broker.errors import ChannelError, ConnectionError_, cannot_decode
from webapp.broker.properties import DELIVERY_MODE, EXPIRATION, USER_ID, entries, split, text
from webapp.broker.queues import Delivery
from webapp.engine import wire
from webapp.engine.codec import UNREADABLE

SIZE_MAX = 128 * 1024 * 1024  # bytes, RabbitMQ 3.10's max_message_size
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
        self.body = bytearray()  # one piece: a body may come in 128 million
        self._missing: int | None = None  # bytes of the body still to come; the header says

    @property
    def whole(self) -> bool:
        return self._missing == 0

    def add_header(self, raw: bytes) -> None:
        """A content header frame. Raises AmqpError."""
        kind, weight, size = struct.unpack_from(">HHQ", raw, 7)
        if self._missing is not None or weight:
            raise self.unexpected()
        if kind != _CLASS:
            raise ConnectionError_(
                505, f"expected content header for class 60, got one for class {kind} instead"
            )
        self.properties = raw[19:-1]
        self._look()
        if size > SIZE_MAX:
            raise ChannelError(406, f"message size {size} is larger than configured max size {SIZE_MAX}")
        self._missing = size

    def add_body(self, payload: bytes) -> None:
        """A content body frame. Raises AmqpError."""
        if self._missing is None or len(payload) > self._missing:
            raise self.unexpected()
        self.body += payload
        self._missing -= len(payload)

    def unexpected(self) -> ConnectionError_:
        """Another frame came than the next one of this publish."""
        part = "content header for class 60" if self._missing is None else "content body"
        kind = "header" if self._missing is None else "body"
        return ConnectionError_(505, f"expected {part}, got non content {kind} frame instead")

    def _look(self) -> None:
        try:
            fields = split(self.properties)
            entries(fields)
            self.persistent = fields.get(DELIVERY_MODE) == b"\2"
            self.user_id, self.expiration = text(fields, USER_ID), text(fields, EXPIRATION)
        except UNREADABLE as error:
            raise cannot_decode(self.properties[2:]) from error


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
