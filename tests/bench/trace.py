"""What Chromium's own trace says of a page: how long its script ran in each frame. Milliseconds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "v8.execute", "blink.user_timing"]
FRAME = "FireAnimationFrame"
SCRIPT = {FRAME, "FunctionCall", "EvaluateScript", "TimerFire", "RunMicrotasks", "EventDispatch", "v8.run"}
TASK = "RunTask"
DRAWING = {"UpdateLayoutTree", "Layout", "PrePaint", "Paint", "Layerize", "Commit"}


@dataclass(frozen=True)
class Trace:
    """`script` and `drawing`: milliseconds of each frame, from its animation callback to the next one's. `computing`: what of its script the
    processor spent on it; `busy`: what it spent on the page's main thread, for whatever; where those are few and a frame is late, the machine
    was elsewhere. `seconds` in all."""

    script: list[float]
    computing: list[float]
    drawing: list[float]
    busy: list[float]
    seconds: float

    @property
    def rate(self) -> float:
        return len(self.script) / self.seconds if self.seconds else 0.0


def read(raw: bytes) -> Trace:
    """The trace of the page with the most animation frames in it; a slice within another counts once."""
    events = [event for event in json.loads(raw)["traceEvents"] if event.get("ph") == "X"]
    main = Counter((event["pid"], event["tid"]) for event in events if event["name"] == FRAME).most_common(1)
    if not main:
        return Trace([], [], [], [], 0.0)
    mine = sorted(
        (event for event in events if (event["pid"], event["tid"]) == main[0][0]), key=lambda it: it["ts"]
    )
    starts = [event["ts"] for event in mine if event["name"] == FRAME]
    return Trace(
        _per_frame(_union(mine, SCRIPT), starts),
        _per_frame(_outer(mine, SCRIPT), starts),
        _per_frame(_union(mine, DRAWING), starts),
        _per_frame(_outer(mine, {TASK}), starts),
        (starts[-1] - starts[0]) / 1e6,
    )


def _union(events: Iterable[dict[str, float]], names: set[str]) -> list[tuple[float, float]]:
    """Stretches of time, in microseconds, in which one of these went on. `events` in order of their beginning."""
    found: list[tuple[float, float]] = []
    for event in events:
        if event["name"] not in names:
            continue
        begin, end = event["ts"], event["ts"] + event.get("dur", 0.0)
        if found and begin < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def _outer(events: Iterable[dict[str, float]], names: set[str]) -> list[tuple[float, float]]:
    """The same, each as long as the processor was at it; what lies within another is part of that. `events` in order of their beginning."""
    found: list[tuple[float, float]] = []
    until = 0.0
    for event in events:
        begin = event["ts"]
        if event["name"] in names and begin >= until:
            until = begin + event.get("dur", 0.0)
            found.append((begin, begin + event.get("tdur", 0.0)))
    return found


def _per_frame(stretches: list[tuple[float, float]], starts: list[float]) -> list[float]:
    sums = [0.0] * max(0, len(starts) - 1)
    frame = 0
    for begin, end in stretches:
        while frame + 1 < len(starts) and begin >= starts[frame + 1]:
            frame += 1
        if begin >= starts[0] and frame < len(sums):
            sums[frame] += (end - begin) / 1000
    return sums
