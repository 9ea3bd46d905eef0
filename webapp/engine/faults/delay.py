"""A delay: everything arrives, in order, and later. Both ways, so an answer takes twice as long.

    client ──► ▒▒▒ ms ▒▒▒ ──► (observed) ──► broker
    client ◄── ▒▒▒ ms ▒▒▒ ◄── (observed) ◄── broker

A shorter delay lets nothing overtake what is under way with a longer one; 0 switches it off.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from webapp import events as ev
from webapp.engine.channels import Side
from webapp.engine.faults.line import Fault, Road, line_of, size
from webapp.engine.wire import Frame


class Delay(Fault):
    place = 2

    def __init__(self, road: Road) -> None:
        super().__init__(road)
        self.ms = 0
        self._loop = asyncio.get_running_loop()
        self._under_way: dict[Side, deque[tuple[float, Sequence[Frame]]]] = {
            "client": deque(),
            "broker": deque(),
        }
        self._timers: dict[Side, asyncio.TimerHandle] = {}

    def take(self, side: Side, frames: Sequence[Frame]) -> Sequence[Frame]:
        under_way = self._under_way[side]
        if not self.ms and not under_way:
            return frames
        under_way.append((self._loop.time() + self.ms / 1000, frames))
        self.kept[side] += size(frames)
        if len(under_way) == 1:
            self._wait(side)
        return ()

    @property
    def idle(self) -> bool:
        return not self.ms and not any(self._under_way.values())

    def discard(self, side: Side) -> None:
        self._under_way[side].clear()
        self.kept[side] = 0
        if timer := self._timers.pop(side, None):
            timer.cancel()

    def _wait(self, side: Side) -> None:
        self._timers[side] = self._loop.call_at(self._under_way[side][0][0], self._arrive, side)

    def _arrive(self, side: Side) -> None:
        under_way = self._under_way[side]
        arrived: list[Frame] = []
        while under_way and under_way[0][0] <= self._loop.time():
            arrived += under_way.popleft()[1]
        self.kept[side] -= size(arrived)
        if under_way:
            self._wait(side)
        line_of(self.road).on(self, side, arrived)


def delay(roads: Sequence[Road], ms: int) -> None:
    for road in roads:
        line = line_of(road)
        fault = line.find(Delay)
        if fault is None:
            fault = Delay(road)
            line.put(fault)
        if fault.ms != ms:
            fault.ms = ms
            road.say(ev.Delayed(conn=road.conn, ms=ms))
        line.settle()
