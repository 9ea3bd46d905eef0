"""Makes frames of the newest state, each encoded once, for the pages and for the film alike.

    engine ── event ──► Camera.take ──► Current          (the event is taken in, and where it can be afforded gets a frame of its own)
                            │
                            └── frames() ──► Broadcaster ──► pages
                            └── append ────► Film

So the film can be shown event by event: "the connection closed" and "delivered again" are 3 ms apart and still two pictures. Where
more happens than anybody could see, a frame has many events in it; the ends of workers keep a budget of their own.
Must not import Flask, eventlet or Socket.IO.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import msgspec

from webapp import events as ev
from webapp import film as films
from webapp import frames
from webapp.current import Current
from webapp.film import Film
from webapp.frames import View
from webapp.wirelog import LINES

log = logging.getLogger("unacked")

PER_SECOND = 60.0  # frames for single events, in the long run
BURST = 120.0  # … and at once
RESERVED = 60.0  # of these for what changes somebody's mind
MOMENT = 1e-6  # seconds between two frames at least: no two of them at the same time

RUNS = (ev.RunStarted, ev.RunReset)
# What must not be mixed up with what came before it.
GRAVE = (
    ev.ConnectionClosed,
    ev.ChannelClosed,
    ev.ConsumerCancelled,
    ev.Returned,
    ev.Nacked,
    ev.Rejected,
    ev.WorkerAsked,
    ev.WorkerExited,
    ev.WorkerFrozen,
    ev.WorkerThawed,
    ev.BrokerStopped,
)


class Camera:
    """`alive` tells whether the engine runs. `watching` is the number of open pages, for whoever knows it to set."""

    def __init__(
        self,
        current: Current,
        alive: Callable[[], bool],
        film: Film,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.current = current
        self.film = film
        self.watching = 0
        self.n = 0  # of the newest frame
        self._alive = alive
        self._clock = clock
        self._view = self._look(alive=False)
        self._at = 0.0  # of the newest frame
        self._last = 0.0  # the newest time that was said to anybody
        self._unseen = False  # something was taken in since the newest frame
        self._new: list[bytes] = []
        self._budget = BURST
        self._paid = clock()

    def take(self, event: ev.AnyEvent) -> None:
        """Take an event in; make a frame of it alone, if that can be afforded."""
        grave = isinstance(event, GRAVE) or (isinstance(event, ev.Delivered) and event.redelivered)
        if grave and self._unseen and self._afford(grave):
            self._try_to_shoot()
        self.current.take(event)
        self._unseen = True
        if isinstance(event, RUNS) or (type(event) in LINES and self._afford(grave)):
            self._try_to_shoot()

    def frames(self) -> list[bytes]:
        """Every frame since this was last asked, the newest of them as the state is now. None where nothing changed."""
        self.shoot(self.current.now())
        new, self._new = self._new, []
        return new

    def keyframe(self) -> bytes:
        """The newest frame as a keyframe."""
        return self._key(self._stamp(self.current.now()))

    def shoot(self, at: float) -> None:
        """A frame of what has changed since the last one, if anything has."""
        old, new = self._view, self._look(self._alive())
        self._unseen = False
        run = new["run"] != old["run"]
        change = delta(old, new)
        if change is None:
            return
        before = self._at
        if run:
            self._last = -MOMENT
        self._at = at = self._stamp(at)
        self.n += 1
        self._view = new
        if run:
            frame = self._key(at)
            self.film.begin(new["run"], at, frame)
        else:
            frame = msgspec.json.encode({**change, "n": self.n, "at": at})
            self.film.mark(films.marks(old, new))
            self.film.append(at, frame, lambda: (before, _key(old, self.n - 1, before)))
        self._new.append(frame)

    def _try_to_shoot(self) -> None:
        try:
            self.shoot(self.current.state.at)
        except Exception:
            # A bug in a frame must not keep an event from being taken in.
            log.exception("could not make a frame")

    def _afford(self, grave: bool) -> bool:
        now = self._clock()
        self._budget = min(BURST, self._budget + (now - self._paid) * PER_SECOND)
        self._paid = now
        if self._budget < (1 if grave else RESERVED + 1):
            return False
        self._budget -= 1
        return True

    def _stamp(self, at: float) -> float:
        """Never the same time twice, never back."""
        self._last = max(at, self._last + MOMENT)
        return self._last

    def _key(self, at: float) -> bytes:
        return _key(self._view, self.n, at)

    def _look(self, alive: bool) -> View:
        view = frames.view(self.current.state)
        view["link"] = {"engine": alive, "watching": self.watching}
        return view


def _key(view: View, n: int, at: float) -> bytes:
    return msgspec.json.encode({**view, "n": n, "key": True, "at": at})


def delta(old: View, new: View) -> View | None:
    """What changed in the run, and in what this process adds to it: `link`. None where nothing did."""
    change = frames.delta(old, new)
    if old["link"] != new["link"]:
        change = {"seq": new["seq"], "run": new["run"], **(change or {}), "link": new["link"]}
    return change
