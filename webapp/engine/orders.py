"""The commands that come down to the engine, one JSON object a line: `{"id": 7, "do": "stop", "worker": "worker-1"}`.

Each gets one `events.Reply` with the same id. Shapes only; what they do is `engine.py`'s. Pure.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

DELAY_MAX = 60_000  # milliseconds
Prefetch: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class Order(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="do", tag=str.lower, forbid_unknown_fields=True
):
    """A command. `id` is the asker's number for it and comes back in the reply."""

    id: int


class Start(Order, frozen=True):
    """Start a worker that is not running."""

    worker: str


class Stop(Order, frozen=True):
    """kill -9."""

    worker: str


class Finish(Order, frozen=True):
    """SIGTERM: finish the task in hand, then leave."""

    worker: str


class Freeze(Order, frozen=True):
    """SIGSTOP."""

    worker: str


class Thaw(Order, frozen=True):
    """SIGCONT."""

    worker: str


class Stick(Order, frozen=True):
    """Start it, again if it runs, as a worker that never acknowledges."""

    worker: str


class Add(Order, frozen=True):
    """Start one more worker; the reply's result has its `name`."""


class Cut(Order, frozen=True):
    """Close these connections, both sides, without a goodbye."""

    conns: list[int]


class Blackhole(Order, frozen=True):
    """Let nothing of these connections through, nor their end."""

    conns: list[int]


class Restore(Order, frozen=True):
    """End the black hole."""

    conns: list[int]


class Delay(Order, frozen=True):
    """Let everything on these connections arrive `ms` milliseconds later; 0 ends it."""

    conns: list[int]
    ms: Annotated[int, msgspec.Meta(ge=0, le=DELAY_MAX)]


class Hold(Order, frozen=True):
    """Stop the next frame of this method on one of these connections. `method` is its AMQP name."""

    conns: list[int]
    method: str


class Release(Order, frozen=True):
    """Let go what is held on these connections; where nothing is, take back the hold."""

    conns: list[int]


class Drop(Order, frozen=True):
    """Throw away what is held on these connections."""

    conns: list[int]


class Settings(Order, frozen=True):
    """How workers are started from now on; the running ones are restarted gracefully. Where `durable` or `kind` changes, the queue is
    deleted and declared anew; it has to be empty."""

    ack: Literal["manual", "auto"] | None = None
    prefetch: Prefetch | None = None
    durable: bool | None = None
    kind: Literal["quorum", "classic"] | None = None
    idempotent: bool | None = None


class RestartBroker(Order, frozen=True, tag="restart_broker"):
    """kill -9 of the broker, and start it again on the same data."""


class Sync(Order, frozen=True):
    """Nothing to do: whoever has the reply has every event before it."""


class Reset(Order, frozen=True):
    """A fresh run: workers killed, queue emptied, the first workers started; or so many, with these settings."""

    ack: Literal["manual", "auto"] | None = None
    prefetch: Prefetch | None = None
    durable: bool | None = None
    kind: Literal["quorum", "classic"] | None = None
    idempotent: bool | None = None
    workers: Annotated[int, msgspec.Meta(ge=0)] | None = None


AnyOrder: TypeAlias = (
    Start
    | Stop
    | Finish
    | Freeze
    | Thaw
    | Stick
    | Add
    | Cut
    | Blackhole
    | Restore
    | Delay
    | Hold
    | Release
    | Drop
    | Settings
    | RestartBroker
    | Reset
    | Sync
)
FAULTS = (Cut, Blackhole, Restore, Delay, Hold, Release, Drop)  # what is done to connections, in the tap

_decoder: msgspec.json.Decoder[AnyOrder] = msgspec.json.Decoder(AnyOrder)


class _Id(msgspec.Struct):
    id: int = 0


def decode(line: bytes) -> AnyOrder:
    """The order in one line. Raises msgspec.DecodeError (its ValidationError included), whose text says what is wrong."""
    return _decoder.decode(line)


def id_of(line: bytes) -> int:
    """The id in a line that is no order, so that its refusal finds the asker; 0 where it has none."""
    try:
        return msgspec.json.decode(line, type=_Id).id
    except msgspec.DecodeError:
        return 0
