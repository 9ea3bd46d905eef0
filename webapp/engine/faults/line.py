"""The faults of one connection, one behind the other, and the way through them.

    client ──► hold ──► delay ──► black hole ──► (observed) ──► broker
    client ◄── hold ◄── delay ◄── black hole ◄── (observed) ◄── broker

The tap observes at the broker's edge: an event says what the broker was told, or what it said. The end of a stream travels as a
frame too, of kind END, so that it overtakes nothing. What faults keep is bounded: beyond BOUND that side is not read, and the rest
stays where TCP keeps it. A connection without faults has no line.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Protocol, TypeVar

from webapp import events as ev
from webapp.engine.channels import Side
from webapp.engine.observer import Observer
from webapp.engine.wire import Frame

END = -1  # the kind of the frame that stands for the end of a stream; its `raw` is a word on how it ended
BOUND = (
    1024 * 1024
)  # bytes that the faults of one connection keep in each direction before it is read no more
SIDES: tuple[Side, Side] = ("client", "broker")


class Road(Protocol):
    """What faults need of a link."""

    conn: int
    over: bool
    observer: Observer
    line: Line | None

    def say(self, event: ev.Event) -> None:
        """Tells an event."""

    def leaves(self, side: Side, frames: Sequence[Frame]) -> None:
        """These frames of `side` have passed every fault."""

    def deafen(self, side: Side, why: str, deaf: bool) -> None:
        """`side` is not read while there is a reason not to."""

    def cut(self) -> None:
        """Closes both sockets at once."""


class Fault(ABC):
    """Something that happens to one connection's frames. `place` orders the faults: the smaller, the nearer to the client."""

    place: ClassVar[int]

    def __init__(self, road: Road) -> None:
        self.road = road
        self.kept: dict[Side, int] = {"client": 0, "broker": 0}  # bytes it keeps of each side

    @abstractmethod
    def take(self, side: Side, frames: Sequence[Frame]) -> Sequence[Frame]:
        """Frames of `side` arrive, in order; returns those that go on at once. The others go on later, by `Line.on`."""

    @property
    @abstractmethod
    def idle(self) -> bool:
        """Nothing is to happen any more, and nothing is kept: it can be taken off the line."""

    @abstractmethod
    def discard(self, side: Side) -> None:
        """What it keeps of `side` has nowhere to go any more."""


F = TypeVar("F", bound=Fault)


class Line:
    """The faults of one road that are in force, the one nearest to the client first."""

    def __init__(self, road: Road) -> None:
        self._road = road
        self._faults: list[Fault] = []

    def find(self, kind: type[F]) -> F | None:
        """The fault of this kind."""
        return next((fault for fault in self._faults if isinstance(fault, kind)), None)

    def put(self, fault: Fault) -> None:
        self._faults.append(fault)
        self._faults.sort(key=lambda each: each.place)

    def send(self, side: Side, frames: Sequence[Frame]) -> None:
        """Frames of `side` set out."""
        self._go(self._way(side), side, frames)

    def on(self, fault: Fault, side: Side, frames: Sequence[Frame]) -> None:
        """What `fault` has kept goes on from there."""
        way = self._way(side)
        self._go(way[way.index(fault) + 1 :] if fault in way else way, side, frames)

    def discard(self, side: Side) -> None:
        for fault in list(self._faults):
            fault.discard(side)
        self.settle()

    def settle(self) -> None:
        """After every change: who keeps too much is not fed, and who has nothing to do any more goes."""
        for side in SIDES:
            kept = sum(fault.kept[side] for fault in self._faults)
            self._road.deafen(side, "faults keep enough of it", kept > BOUND)
        self._faults = [fault for fault in self._faults if not fault.idle]
        if not self._faults and self._road.line is self:
            self._road.line = None

    def _way(self, side: Side) -> list[Fault]:
        return self._faults[:] if side == "client" else self._faults[::-1]

    def _go(self, way: Sequence[Fault], side: Side, frames: Sequence[Frame]) -> None:
        """One by one: what a fault says of a frame comes after all that was said of those before it."""
        for frame in frames:
            going: Sequence[Frame] = (frame,)
            for fault in way:
                if going:
                    going = fault.take(side, going)
            if going:
                self._road.leaves(side, going)
        self.settle()


def line_of(road: Road) -> Line:
    """The road's line, made where it has none."""
    if road.line is None:
        road.line = Line(road)
    return road.line


def size(frames: Sequence[Frame]) -> int:
    """Bytes of these frames."""
    return sum(len(frame.raw) for frame in frames)
