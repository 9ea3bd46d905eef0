"""The property list of a content header, taken apart and put together again. Pure. What is not changed keeps its bytes: pika's own
decoder reads floats as whole numbers, and refuses a time beyond the year 9999.

Source: AMQP 0-9-1, 4.2.6.1 (property lists) and 4.2.5.5 (field tables), with RabbitMQ's type letters.
"""

from __future__ import annotations

from collections.abc import Mapping

from pika.data import decode_value, encode_value

HEADERS, DELIVERY_MODE, EXPIRATION, USER_ID = 13, 12, 8, 4  # bits of the flags
_TEXT, _TABLE = -1, -4
# Bit and size in bytes, from content-type to cluster-id.
_FIELDS = tuple(
    zip(range(15, 1, -1), (_TEXT, _TEXT, _TABLE, 1, 1, *[_TEXT] * 4, 8, *[_TEXT] * 4), strict=True)
)

_SIZES = dict.fromkeys(b"tbB", 1) | dict.fromkeys(b"suU", 2) | dict.fromkeys(b"Iif", 4)
_SIZES |= dict.fromkeys(b"lLdT", 8) | {ord("D"): 5, ord("V"): 0}
_COUNTED = b"SxAF"  # four bytes say how many follow


def split(properties: bytes) -> dict[int, bytes]:
    """Each property by the bit of its flag, with its length in front where it has one. Raises ValueError or IndexError."""
    flags = int.from_bytes(properties[:2], "big")
    if flags & 1:
        raise ValueError("no property needs a second word of flags")
    fields, at = {}, 2
    for bit, size in _FIELDS:
        if flags >> bit & 1:
            if size == _TEXT:
                size = 1 + properties[at]
            elif size == _TABLE:
                size = 4 + int.from_bytes(properties[at : at + 4], "big")
            fields[bit] = properties[at : at + size]
            at += size
    if at != len(properties):
        raise ValueError("a property list has to end with its last property")
    return fields


def join(fields: Mapping[int, bytes]) -> bytes:
    """The property list of these."""
    flags = sum(1 << bit for bit in fields)
    return flags.to_bytes(2, "big") + b"".join(fields[bit] for bit in sorted(fields, reverse=True))


def text(fields: Mapping[int, bytes], bit: int) -> str | None:
    """A short string among the properties. Raises ValueError."""
    return fields[bit][1:].decode() if bit in fields else None


def entries(fields: Mapping[int, bytes]) -> dict[bytes, bytes]:
    """The headers: name, and value with its type letter. Raises ValueError or IndexError."""
    table, found, at = fields.get(HEADERS, b""), {}, 4
    while at < len(table):
        value = at + 1 + table[at]
        kind = table[value]
        size = (
            4 + int.from_bytes(table[value + 1 : value + 5], "big") if kind in _COUNTED else _SIZES.get(kind)
        )
        if size is None:
            raise ValueError(f"a field has no type {kind}")
        found[table[at + 1 : value]] = table[value : value + 1 + size]
        at = value + 1 + size
    if at > max(4, len(table)):
        raise ValueError("a table has to end with its last field")
    return found


def value(entry: bytes) -> object:
    """What a header's value is. Raises what pika raises, and OverflowError or ValueError for what Python cannot say."""
    return decode_value(entry, 0)[0]


def with_headers(fields: Mapping[int, bytes], headers: Mapping[str, object]) -> dict[int, bytes]:
    """The same properties with these headers added or replaced."""
    found = entries(fields)
    for name, each in headers.items():
        pieces: list[bytes] = []
        encode_value(pieces, each)
        found[name.encode()] = b"".join(pieces)
    table = b"".join(bytes((len(name),)) + name + entry for name, entry in found.items())
    return {**fields, HEADERS: len(table).to_bytes(4, "big") + table}
