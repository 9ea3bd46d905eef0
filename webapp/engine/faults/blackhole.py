"""A black hole: a cable that was pulled out. Nothing gets through, and nobody is told; only a heartbeat notices.

    client ──► (not read)   ●   (nothing)   ──► broker
    client ◄── (nothing)    ●   kept ◄── (observed) ◄── broker

No FIN passes either: the client's death does not reach the broker, and the broker's own close does not reach the client. What TCP
would send again once the cable is back is kept, and flows on `restore`: what the client says waits in its socket, what the broker
says waits here. If the broker has given the connection up meanwhile, `restore` closes the client's side.
"""

from __future__ import annotations

from collections.abc import Sequence

from webapp import events as ev
from webapp.engine.channels import Side
from webapp.engine.faults.line import END, SIDES, Fault, Road, line_of, size
from webapp.engine.refused import Refused
from webapp.engine.wire import Frame

WHY = "its cable is cut"


class Blackhole(Fault):
    place = 3

    def __init__(self, road: Road) -> None:
        super().__init__(road)
        self.open = True
        self._kept: dict[Side, list[Frame]] = {"client": [], "broker": []}
        road.deafen("client", WHY, True)

    def take(self, side: Side, frames: Sequence[Frame]) -> Sequence[Frame]:
        if not self.open:
            return frames
        self._kept[side] += frames
        self.kept[side] += size(frames)
        if side == "broker" and frames[-1].kind == END:
            self.road.deafen("client", WHY, False)  # nobody is left to hear it: only its end matters now
        return ()

    @property
    def idle(self) -> bool:
        return not self.open and not any(self._kept.values())

    def discard(self, side: Side) -> None:
        self._kept[side].clear()
        self.kept[side] = 0

    def lift(self) -> None:
        """The cable is back: what was kept flows."""
        line = line_of(self.road)
        self.open = False
        for side in reversed(SIDES):
            frames, self._kept[side], self.kept[side] = self._kept[side], [], 0
            if frames:
                line.on(self, side, frames)
        self.road.deafen("client", WHY, False)
        line.settle()


def blackhole(roads: Sequence[Road]) -> None:
    healthy = [road for road in roads if not road.over and not _of(road)]
    if not healthy:
        raise Refused(409, "It is in a black hole already: restore it first.")
    for road in healthy:
        line_of(road).put(Blackhole(road))
        road.say(ev.Blackholed(conn=road.conn))


def restore(roads: Sequence[Road]) -> None:
    holes = [hole for road in roads if (hole := _of(road))]
    if not holes:
        raise Refused(409, "It is not in a black hole.")
    for hole in holes:
        hole.road.say(ev.Restored(conn=hole.road.conn))
        hole.lift()


def _of(road: Road) -> Blackhole | None:
    return road.line.find(Blackhole) if road.line else None
