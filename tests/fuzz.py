"""Conversations with a broker that something went wrong with.

    talks.py ─► faults.py ─► whole, byte by byte, in pieces ─► broker, or the tap in front of it ─► Answers

All of it follows from a seed: `Mangler(seed)` makes the same ones again."""

import itertools
import random
import struct
from dataclasses import dataclass, field

from pika import spec

from tests.faults import FAULTS
from tests.talks import CONVERSATIONS, END, HANDSHAKE, PAUSE

# What a broker may say when it closes: 541 INTERNAL_ERROR is not among them, for that is a mistake of its own.
REFUSALS = {311, 313, 320, 402, 403, 404, 405, 406, 501, 502, 503, 504, 505, 506, 530, 540}
FRAME_ROOM = 131_072 + 8  # bytes that no frame can swallow
BYTE_BY_BYTE = 300  # bytes of a conversation that are sent one by one


@dataclass
class Talk:
    """What one client says: `frames` as they stand, which `faults` they have, the `chunks` they are written in, and how it `ends`:
    with a goodbye, or in the middle of a frame, by FIN or by RST."""

    frames: list[bytes]
    faults: list[str] = field(default_factory=list)
    cut: str = "whole"
    ends: str = "goodbye"
    chunks: list[bytes] = field(default_factory=list)  # PAUSE is among them

    def count(self, size):
        """How many frames begin in that many bytes."""
        starts = itertools.accumulate((len(each) for each in self.frames if each), initial=0)
        return sum(1 for start in itertools.islice(starts, sum(map(bool, self.frames))) if start < size)


class Mangler:
    """Makes talks, the same ones for the same seed."""

    def __init__(self, seed):
        self.seed = seed
        self.dice = random.Random(seed)
        self._names = (f"fuzz-{seed}-{number}" for number in itertools.count(1))

    def talk(self):
        """One conversation with one to three faults."""
        dice = self.dice
        conversation = dice.choice(CONVERSATIONS)
        frames = [*HANDSHAKE, *[PAUSE] * dice.choice((0, 1, 1, 1)), *conversation(next(self._names))]
        faults = dice.choices(FAULTS, k=dice.choice((1, 1, 1, 2, 3)))
        for fault in faults:
            fault(dice, frames)
        talk = Talk(frames, [conversation.__name__, *(fault.__name__ for fault in faults)])
        talk.cut = dice.choices(("whole", "pieces", "bytes"), (20, 4, 1))[0]
        talk.ends = dice.choices(("goodbye", "fin", "reset"), (8, 1, 1))[0]
        if talk.ends != "goodbye":
            frames[dice.randrange(1, len(frames)) :] = [dice.choice(HANDSHAKE)[: dice.randrange(1, 8)]]
        talk.chunks = list(self._chunks(talk))
        return talk

    def _chunks(self, talk):
        for pause, frames in itertools.groupby(talk.frames, key=lambda each: each == PAUSE):
            data = b"".join(frames)
            if pause:
                yield PAUSE
            elif talk.cut == "whole":
                yield data
            elif talk.cut == "bytes":
                yield from (data[at : at + 1] for at in range(len(data[:BYTE_BY_BYTE])))
                yield data[BYTE_BY_BYTE:]
            else:
                while data:
                    size = self.dice.choice((1, 7, 8, 9, 100, 5_000, 5_000))
                    yield data[:size]
                    data = data[size:]


class Answers:
    """What a broker says, frame by frame: every byte has to be of a frame, and every close for a reason that a client can understand."""

    def __init__(self):
        self._rest = b""
        self.closed = False  # by connection.close or its -ok
        self.frames = 0

    def take(self, data):
        self._rest += data
        while len(self._rest) >= 8:
            if self._rest[:4] == b"AMQP":
                self._rest = self._rest[8:]
                continue
            kind, channel, length = struct.unpack_from(">BHI", self._rest)
            assert kind in (1, 2, 3, 8), self._rest
            assert length <= 131_072 - 8, self._rest
            if len(self._rest) < length + 8:
                return
            payload, end, self._rest = (
                self._rest[7 : 7 + length],
                self._rest[7 + length],
                self._rest[8 + length :],
            )
            assert end == END[0], payload
            assert not self.closed, "another frame behind the close"
            self.frames += 1
            if kind == 1:
                self._method(channel, spec.methods[int.from_bytes(payload[:4], "big")]().decode(payload, 4))

    def _method(self, channel, method):
        if isinstance(method, spec.Connection.Close | spec.Channel.Close):
            assert method.reply_code in REFUSALS, method
        if isinstance(method, spec.Connection.Close | spec.Connection.CloseOk):
            assert channel == 0
            self.closed = True

    def over(self):
        """The broker has hung up: nothing half said may be left."""
        assert not self._rest, self._rest
