"""A hold: a breakpoint on the wire. The next frame of the chosen method stops here, and hangs in mid-air until somebody decides.

    client ──► ack ▌ (what is behind it on this channel waits too) ··· other channels, heartbeats ──► broker
    client ◄── (the same for what the broker says: a held basic.deliver, say) ◄── (observed) ◄── broker

A frame with content (basic.publish, basic.deliver) stops with its header and body, and is told once it is whole. `release` lets go
what is held, `drop` throws away just that and lets go what was behind it; where nothing is held yet, `release` takes back the hold.
A client that goes takes what it said last with it: its held frame is dropped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from pika import spec

from webapp import events as ev
from webapp.engine import wire
from webapp.engine.channels import Side
from webapp.engine.codec import UNREADABLE
from webapp.engine.faults.line import BOUND, END, SIDES, Fault, Road, line_of, size
from webapp.engine.refused import Refused
from webapp.engine.wire import Frame
from webapp.methods import HOLDABLE

_WITH_CONTENT = {
    HOLDABLE[name].number for name in ("basic.publish", "basic.deliver", "basic.get-ok", "basic.return")
}


@dataclass
class Arm:
    """A hold that has caught nothing yet. It waits on all connections of a worker, and stops one frame."""

    method: str
    roads: list[Road]


@dataclass
class Stopped:
    """One frame that was stopped, with its content, and what waits behind it on the same channel."""

    method: str
    frames: list[Frame]
    missing: int  # bytes of its content that have not come yet; -1: not even its header has
    tag: int = 0
    task: str = ""
    told: bool = False
    behind: deque[Frame] = field(default_factory=deque)


class Hold(Fault):
    place = 1

    def __init__(self, road: Road) -> None:
        super().__init__(road)
        self.arms: dict[tuple[Side, int], Arm] = {}  # by who says it, and the method's number
        self.stopped: dict[tuple[Side, int], Stopped] = {}  # by who says it, and the channel
        self._rest: dict[tuple[Side, int], int] = {}  # bytes to come of a content whose beginning was dropped

    def take(self, side: Side, frames: Sequence[Frame]) -> Sequence[Frame]:
        out: list[Frame] = []
        for frame in frames:
            key = side, frame.channel
            if frame.kind == END:
                out += self._let_go(side, dropped=True)
                out.append(frame)
            elif frame.kind in (wire.HEARTBEAT, wire.GARBAGE, wire.PROTOCOL):
                out.append(frame)
            elif key in self._rest:
                self._throw_away(key, frame)
            elif stopped := self.stopped.get(key):
                self.kept[side] += len(frame.raw)
                self._queue(side, frame, stopped)
            elif frame.kind == wire.METHOD and (arm := self.arms.get((side, frame.method_id))):
                self.kept[side] += len(frame.raw)
                self._stop(side, frame, arm)
            else:
                out.append(frame)
        return out

    @property
    def idle(self) -> bool:
        return not self.arms and not self.stopped and not self._rest

    def discard(self, side: Side) -> None:
        """The connection is over: what was held of this side is dropped, and what waited behind it too."""
        self._let_go(side, dropped=True)
        for key in [key for key in self.arms if key[0] == side]:
            del self.arms[key]
        for key in [key for key in self._rest if key[0] == side]:
            del self._rest[key]

    def arm(self, arm: Arm) -> None:
        method = HOLDABLE[arm.method]
        self.arms[method.side, method.number] = arm

    def disarm(self, method: str) -> None:
        side, number = HOLDABLE[method]
        if self.arms.pop((side, number), None):
            self.road.say(ev.HoldDisarmed(conn=self.road.conn, method=method))
            line_of(self.road).settle()

    def release(self, dropped: bool) -> None:
        """Lets go what is held (`dropped`: throws it away), and what waits behind it."""
        for side in SIDES:
            if frames := self._let_go(side, dropped):
                line_of(self.road).on(self, side, frames)
        line_of(self.road).settle()

    # -- one frame's way ----------------------------------------------------------------------------------------

    def _stop(self, side: Side, frame: Frame, arm: Arm) -> None:
        del self.arms[side, frame.method_id]
        stopped = Stopped(arm.method, [frame], -1 if frame.method_id in _WITH_CONTENT else 0)
        self.stopped[side, frame.channel] = stopped
        try:
            method = spec.methods[frame.method_id]().decode(frame.raw, 11)
        except UNREADABLE:
            method = None  # the other side will say so, if it ever gets it
        stopped.tag = getattr(method, "delivery_tag", None) or 0
        stopped.task = self.road.observer.task_of(frame.channel, stopped.tag)
        self._whole(side, frame.channel, stopped)
        for road in arm.roads:
            if road is not self.road and (other := _of(road)):
                other.disarm(arm.method)

    def _queue(self, side: Side, frame: Frame, stopped: Stopped) -> None:
        if not stopped.missing:
            stopped.behind.append(frame)
            return
        stopped.frames.append(frame)
        if frame.kind == wire.HEADER:
            header = wire.read_header(frame.raw)
            stopped.missing = header.body_size if header else 0
            if header and not stopped.task:
                stopped.task = header.message_id or header.correlation_id
        elif frame.kind == wire.BODY:
            stopped.missing -= len(frame.raw) - wire.OVERHEAD
        else:  # no content where one must be: the other side will say so
            stopped.missing = 0
        self._whole(side, frame.channel, stopped)

    def _whole(self, side: Side, channel: int, stopped: Stopped) -> None:
        """Tells of it once all of it is there, or as much as will be read."""
        if stopped.told or (stopped.missing and size(stopped.frames) <= BOUND):
            return
        stopped.told = True
        task = self.road.observer.task_of(channel, stopped.tag) or stopped.task
        stopped.task = task
        self.road.say(
            ev.Held(
                conn=self.road.conn,
                channel=channel,
                method=stopped.method,
                task=task,
                tag=stopped.tag,
                by=side,
            )
        )

    def _throw_away(self, key: tuple[Side, int], frame: Frame) -> None:
        self._rest[key] -= len(frame.raw) - wire.OVERHEAD
        if self._rest[key] <= 0:
            del self._rest[key]

    def _let_go(self, side: Side, dropped: bool) -> list[Frame]:
        """What of `side` goes on now. A hold that is armed may stop the next one at once."""
        going: list[Frame] = []
        for key, stopped in list(self.stopped.items()):
            if key[0] != side or not stopped.told:
                continue
            del self.stopped[key]
            self.kept[side] -= size(stopped.frames) + size(tuple(stopped.behind))
            self.road.say(
                ev.Released(
                    conn=self.road.conn,
                    channel=key[1],
                    method=stopped.method,
                    task=stopped.task,
                    tag=stopped.tag,
                    by=side,
                    dropped=dropped,
                )
            )
            if not dropped:
                going += stopped.frames
            elif stopped.missing > 0:
                self._rest[key] = stopped.missing
            going += self.take(side, tuple(stopped.behind))
        return going


def hold(roads: Sequence[Road], method: str) -> None:
    open_ = [road for road in roads if not road.over]
    if not open_:
        raise Refused(409, "This connection is gone already.")
    side, number = HOLDABLE[method]
    if any((fault := _of(road)) and (side, number) in fault.arms for road in open_):
        raise Refused(409, f"A hold for the next {method} is set already.")
    arm = Arm(method, open_)
    for road in open_:
        fault = _of(road)
        if fault is None:
            fault = Hold(road)
            line_of(road).put(fault)
        fault.arm(arm)
        road.say(ev.HoldArmed(conn=road.conn, method=method))


def release(roads: Sequence[Road]) -> None:
    """Lets go what is held; where nothing is, takes back what was to be held."""
    faults = [fault for road in roads if (fault := _of(road))]
    holding = [fault for fault in faults if _holds(fault)]
    for fault in holding:
        fault.release(dropped=False)
    if holding:
        return
    armed = [(fault, arm.method) for fault in faults for arm in list(fault.arms.values())]
    if not armed:
        raise Refused(409, "Nothing is held, and nothing is to be.")
    for fault, method in armed:
        fault.disarm(method)


def drop(roads: Sequence[Road]) -> None:
    """Throws away what is held, and nothing else."""
    holding = [fault for road in roads if (fault := _of(road)) and _holds(fault)]
    if not holding:
        raise Refused(409, "Nothing is held.")
    for fault in holding:
        fault.release(dropped=True)


def _of(road: Road) -> Hold | None:
    return road.line.find(Hold) if road.line else None


def _holds(fault: Hold) -> bool:
    return any(stopped.told for stopped in fault.stopped.values())
