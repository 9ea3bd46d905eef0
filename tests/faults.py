"""What can go wrong with a conversation on its way: each fault takes (dice, frames) and changes the frames."""

import struct

from pika import spec
from pika.frame import Heartbeat, Method

from tests.talks import END, FRAME_MAX, GREETING, HANDSHAKE, call, frame, publish

NUMBERS = tuple(spec.methods)


def _at(dice, frames):
    """Some frame that is one; the handshake's less often, since nothing follows a handshake that failed."""
    low = 0 if dice.random() < 0.1 else min(len(HANDSHAKE), len(frames) - 1)
    return next((at for at in dice.sample(range(low, len(frames)), len(frames) - low) if frames[at]), 0)


def _of_kind(dice, frames, kind):
    found = [at for at, each in enumerate(frames) if each[:1] == bytes((kind,))]
    return dice.choice(found) if found else None


def flip_bits(dice, frames):
    at = _at(dice, frames)
    data = bytearray(frames[at])
    for _ in range(dice.choice((1, 1, 2, 8))):
        if data:
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    frames[at] = bytes(data)


def flip_payload(dice, frames):
    at = _at(dice, frames)
    data = bytearray(frames[at])
    if len(data) > 8:
        data[dice.randrange(7, len(data) - 1)] = dice.choice(
            (0, 1, 0x7F, 0x80, 0xCE, 0xFF, dice.randrange(256))
        )
        frames[at] = bytes(data)


def truncate(dice, frames):
    """Ends in the head, right behind it, in the payload, before the end marker."""
    at = _at(dice, frames)
    size = len(frames[at])
    frames[at] = frames[at][: dice.choice((1, 3, 6, 7, 8, 11, dice.randrange(size + 1), size - 1))]


def shorten(dice, frames):
    """Loses the end of its payload, and says so: the frame is whole, what it holds is not."""
    at = _at(dice, frames)
    payload = frames[at][7:-1]
    kind, channel = struct.unpack(">BH", frames[at][:3].ljust(3, b"\0"))
    frames[at] = frame(kind, channel, payload[: dice.randrange(len(payload) + 1)])


def lengthen(dice, frames):
    at = _at(dice, frames)
    kind, channel = struct.unpack(">BH", frames[at][:3].ljust(3, b"\0"))
    frames[at] = frame(kind, channel, frames[at][7:-1] + dice.randbytes(dice.choice((1, 4, 300))))


def drop(dice, frames):
    del frames[_at(dice, frames)]


def duplicate(dice, frames):
    at = _at(dice, frames)
    frames[at:at] = [frames[at]] * dice.choice((1, 1, 2, 30))


def reorder(dice, frames):
    a, b = _at(dice, frames), _at(dice, frames)
    frames[a], frames[b] = frames[b], frames[a]


def shuffle(dice, frames):
    rest = frames[len(HANDSHAKE) + 1 :]
    dice.shuffle(rest)
    frames[len(HANDSHAKE) + 1 :] = rest


def reverse(_, frames):
    frames[len(HANDSHAKE) :] = reversed(frames[len(HANDSHAKE) :])


def other_channel(dice, frames):
    at = _at(dice, frames)
    frames[at] = frames[at][:1] + struct.pack(">H", dice.choice((0, 1, 2, 7, 2048, 65535))) + frames[at][3:]


def other_size(dice, frames):
    at = _at(dice, frames)
    size = len(frames[at]) - 8
    wrong = dice.choice((0, 1, max(0, size - 1), max(0, size) + 1, FRAME_MAX, 131_072, 2**31, 2**32 - 1))
    frames[at] = frames[at][:3] + struct.pack(">I", wrong) + frames[at][7:]


def other_end(dice, frames):
    at = _at(dice, frames)
    frames[at] = frames[at][:-1] + bytes((dice.choice((0, 0xCD, 0xFF)),))


def other_kind(dice, frames):
    at = _at(dice, frames)
    frames[at] = bytes((dice.choice((0, 1, 2, 3, 4, 8, 65, 255)),)) + frames[at][1:]


def unknown_method(dice, frames):
    number = dice.choice((0, 0x00320063, 0x005A0000, 0xFFFFFFFF, dice.getrandbits(32)))
    frames.insert(
        _at(dice, frames), frame(1, dice.choice((0, 1, 3, 7)), struct.pack(">I", number) + dice.randbytes(9))
    )


def any_method(dice, frames):
    """A method that exists, with arguments that are noise, or zeros."""
    junk = dice.choice((dice.randbytes(dice.randrange(40)), bytes(dice.randrange(40)), b""))
    number = struct.pack(">I", dice.choice(NUMBERS))
    frames.insert(_at(dice, frames), frame(1, dice.choice((0, 1, 3, 7, 2047)), number + junk))


def table(dice):
    """A field table that is deep, wide, wrong about its length, or of no type; length in front."""
    key = dice.choice((b"\1a", b"\x07x-death", b"\x0ax-priority", b"\x01\xff", b"\0", b"\x0dx-message-ttl"))
    shape = dice.randrange(7)
    if shape == 0:
        inner = b""
        for _ in range(dice.choice((3, 200, 400, 480, 500))):
            inner = key + b"F" + struct.pack(">I", len(inner)) + inner
    elif shape == 1:
        inner = b"V"
        for _ in range(dice.choice((3, 200, 400, 480, 700))):
            inner = b"A" + struct.pack(">I", len(inner)) + inner
        inner = key + inner
    elif shape == 2:
        inner = b"".join(struct.pack(">BI", 4, n) + b"V" for n in range(dice.choice((3, 600))))
    elif shape == 3:
        value = dice.choice(
            (
                b"l" + b"\x7f" + b"\xff" * 7,
                b"T" + b"\xff" * 8,
                b"T\x7f" + b"\xff" * 7,
                b"D\xff\x7f\xff\xff\xff",
                b"d\x7f\xf0" + bytes(6),
            )
        )
        inner = key + value
    elif shape == 4:
        inner = key + bytes((dice.randrange(256),)) + dice.randbytes(dice.randrange(30))
    elif shape == 5:
        entry = b"\5countl" + struct.pack(">q", dice.choice((2**63 - 1, -(2**63)))) + b"\5queueS\0\0\0\1\xff"
        inner = b"\x07x-deathA" + struct.pack(">IcI", len(entry) + 5, b"F", len(entry)) + entry
    else:
        inner = key + bytes((dice.choice(b"tbBUuIiLlfdDsSxATFV"),)) + dice.randbytes(9)
    return (
        struct.pack(">I", len(inner) + dice.choice((0, 0, 0, 1, -1, 2**31, -len(inner))) + 2**32 & 0xFFFFFFFF)
        + inner
    )


def strange_table(dice, frames):
    number, before = dice.choice(
        (
            (spec.Queue.Declare.INDEX, b"\0\0\4fuzz\x04"),
            (spec.Queue.Declare.INDEX, b"\0\0\0\x00"),
            (spec.Queue.Declare.INDEX, b"\0\0\6fuzz-d\x0a"),  # durable and auto-delete: it is written down
            (spec.Exchange.Declare.INDEX, b"\0\0\5fuzz6\6direct\x06"),
            (spec.Basic.Consume.INDEX, b"\0\0\0\0\0"),
            (spec.Connection.StartOk.INDEX, b""),
            (spec.Queue.Bind.INDEX, b"\0\0\0\x0aamq.direct\1a\0"),
        )
    )
    behind = b"\5PLAIN\0\0\0\x0c\0guest\0guest\5en_US" if number == spec.Connection.StartOk.INDEX else b""
    made = frame(
        1, dice.choice((1, 3, 7)) if before else 0, struct.pack(">I", number) + before + table(dice) + behind
    )
    if before:
        frames.insert(_at(dice, frames), made)
    else:
        frames[1] = made


def strange_headers(dice, frames):
    """A content header whose properties are noise, or whose headers are."""
    at = _of_kind(dice, frames, 2)
    if at is None:
        return
    channel, size = frames[at][1:3], frames[at][11:19]
    flags, values = dice.choice(
        (
            (1 << 13, table(dice)),
            (1 << 13 | 1 << 8, table(dice) + dice.choice((b"\x010", b"\x0220", b"\2-1", b"\xff1"))),
            (dice.getrandbits(16), dice.randbytes(dice.randrange(40))),
            (dice.choice((1 << 15, 1 << 12, 1 << 7, 0)), b"\3abc" + dice.randbytes(dice.randrange(9))),
            (0xFFFF, b"\xff" * dice.randrange(40)),
        )
    )
    payload = b"\0\x3c\0\0" + size + struct.pack(">H", flags) + values
    frames[at] = b"\2" + channel + struct.pack(">I", len(payload)) + payload + END


def other_body_size(dice, frames):
    """The body is longer, or shorter, than its header says."""
    at = _of_kind(dice, frames, 2)
    if at is not None:
        size = int.from_bytes(frames[at][11:19], "big")
        wrong = dice.choice((0, max(0, size - 1), size + 1, 2**27, 2**27 + 1, 2**63, 2**64 - 1))
        frames[at] = frames[at][:11] + struct.pack(">Q", wrong) + frames[at][19:]


def other_class(dice, frames):
    at = _of_kind(dice, frames, 2)
    if at is not None:
        frames[at] = (
            frames[at][:7]
            + struct.pack(">HH", dice.choice((0, 10, 50, 60, 65535)), dice.choice((0, 9)))
            + frames[at][11:]
        )


def empty_bodies(dice, frames):
    at = _of_kind(dice, frames, 3)
    if at is not None:
        frames[at:at] = [b"\3" + frames[at][1:3] + bytes(4) + END] * dice.choice((1, 5, 40))


def content_alone(dice, frames):
    """A header without its method, or a body before its header."""
    at = _of_kind(dice, frames, dice.choice((2, 3)))
    if at:
        del frames[at - 1]


def not_text(dice, frames):
    """A byte of a method becomes one that UTF-8 does not have."""
    at = _of_kind(dice, frames, 1)
    if at is not None and len(frames[at]) > 13:
        spot = dice.randrange(11, len(frames[at]) - 1)
        frames[at] = frames[at][:spot] + b"\xff" + frames[at][spot + 1 :]


def noise(dice, frames):
    frames.insert(_at(dice, frames), dice.randbytes(dice.choice((1, 7, 8, 200))))


def greet_again(dice, frames):
    frames.insert(_at(dice, frames), dice.choice((GREETING, b"AMQP\0\0\x08\0", b"GET / HTTP/1.1\r\n\r\n")))


def heartbeats(dice, frames):
    beat = dice.choice((Heartbeat().marshal(), frame(8, 1, b""), frame(8, 0, b"x")))
    at = _at(dice, frames)
    frames[at:at] = [beat] * dice.choice((1, 10))


def many_channels(dice, frames):
    at = _at(dice, frames)
    first = dice.choice((1, 100, 60_000))
    frames[at:at] = [Method(n, spec.Channel.Open()).marshal() for n in range(first, first + 30)]


def unfinished(dice, frames):
    """Bodies announced on channels where nothing follows."""
    at = _at(dice, frames)
    for channel in range(20, 24):
        frames[at:at] = [*call(channel, spec.Channel.Open()), *publish(channel, "", b"y" * 40)[:2]]


FAULTS = (
    *(flip_bits, flip_payload, truncate, shorten, lengthen, drop, duplicate, reorder, shuffle, reverse),
    *(other_channel, other_size, other_end, other_kind, other_body_size, other_class),
    *(unknown_method, any_method, any_method, strange_table, strange_table, strange_headers, strange_headers),
    *(empty_bodies, content_alone, not_text, noise, greet_again, heartbeats, many_channels, unfinished),
)
