"""Property lists with other headers than they came with. Pure. pika's own encoder knows no floats; other clients send them.

Source: AMQP 0-9-1, 4.2.5.5 (field tables), with RabbitMQ's type letters.
"""

from __future__ import annotations

import struct
from typing import Any

from pika import BasicProperties
from pika.data import encode_value


def encoded(properties: BasicProperties, headers: dict[str, Any]) -> bytes:
    """The property list of a content header frame, flags first, with these headers."""
    properties.headers = {}
    data = b"".join(properties.encode())
    at = 2  # behind the flags; the headers stand behind content-type and content-encoding
    for text in (properties.content_type, properties.content_encoding):
        if text is not None:
            at += 1 + data[at]
    return data[:at] + _table(headers) + data[at + 4 :]


def _table(values: dict[str, Any]) -> bytes:
    body = b"".join(
        bytes((len(name),)) + name + _value(each)
        for name, each in ((key.encode(), each) for key, each in values.items())
    )
    return struct.pack(">I", len(body)) + body


def _value(value: object) -> bytes:
    if isinstance(value, float):
        return struct.pack(">cd", b"d", value)
    if isinstance(value, dict):
        return b"F" + _table(value)
    if isinstance(value, list):
        body = b"".join(map(_value, value))
        return struct.pack(">cI", b"A", len(body)) + body
    pieces: list[bytes] = []
    encode_value(pieces, value)
    return b"".join(pieces)
