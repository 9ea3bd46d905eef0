"""The film of a run: every frame that was made of it, kept so that any moment can be shown again.

    Camera ── append ──► open reel ── cut ──┬──► whole reels      (a ring of WHOLE bytes: the oldest give way)
                                            └──► keyframes only   (a ring of KEYS bytes: older ones, thin)

A reel is a JSON object, stored and sent as gzip:

    {"v": 1, "run": 3, "reel": 7, "from": 61.2, "frames": [KEYFRAME, DELTA, …], "to": 71.9, "thin": false, "open": false}

`v` is the format's version, VERSION; `run` and the times are those of the frames (`frames.py` has them), in seconds since the run's clock
began. The first frame is a keyframe, the rest are the deltas that followed, in order, numbered one by one and no two `at` the same
moment. All of them merged are the next reel's keyframe, with its `n` and its `at`. So a reel shows every moment from `from` until
`to`, and its neighbour's `from` is no later than its own `to`. A `thin` reel has lost its deltas: it shows one picture for all that
time. An `open` one still grows, `to` is when it was asked for.

The film is of one run: with the next run, a reset say, it begins anew. What is kept is bounded by the constants below.
Must not import Flask or eventlet.
"""

from __future__ import annotations

import logging
import zlib
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from webapp.problems import NotFound, NotNow
from webapp.ring import Ring, Span

log = logging.getLogger("unacked")

VERSION = 1
WHOLE = 48 * 1024 * 1024  # bytes of reels with all their frames, compressed
KEYS = 16 * 1024 * 1024  # bytes of keyframes of the reels that there is no room for
REELS_KEPT = 10_000
REEL_SECONDS = 10.0  # a longer reel is cut …
REEL_BYTES = 4 * 1024 * 1024  # … and so is a larger one, before it is compressed
MARKS_KEPT = 500

FELL = ("stopped", "frozen", "cut")  # states of a worker that make a mark

_SPEED = 1  # zlib's quickest: frames repeat themselves so much that it saves nine tenths and more
_GZIP = 31


def marks(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What somebody looking for a moment would look for: {at, what, who, why}, from two views that follow each other.

    `what` is the state a worker (`who`) fell into, with the page's word on `why`, or broker_down."""
    found = []
    if old["broker"]["up"] and not new["broker"]["up"]:
        found.append({"at": new["at"], "what": "broker_down", "who": "", "why": ""})
    for name, worker in new["workers"].items():
        before = old["workers"].get(name)
        if before and before["state"] != worker["state"] and worker["state"] in FELL:
            found.append({"at": worker["since"], "what": worker["state"], "who": name, "why": worker["why"]})
    return found


@dataclass(frozen=True)
class Reel:
    """A finished reel. `whole` and `key` say where it is kept; whichever has been overwritten, or never was written, is of no use."""

    number: int
    begins: float
    ends: float
    whole: Span | None
    key: Span | None


class Film:
    """The film of the newest run. Times are those of the run's clock; `now` is the present one."""

    def __init__(self, folder: Path, whole: int = WHOLE, keys: int = KEYS) -> None:
        self.run = 0
        self._whole = Ring(folder, whole)
        self._keys = Ring(folder, keys)
        self._reels: deque[Reel] = deque(maxlen=REELS_KEPT)
        self._marks: deque[dict[str, Any]] = deque(maxlen=MARKS_KEPT)
        self._open: OpenReel | None = None
        self._began = 0.0
        self._newest = 0.0  # the newest frame's time; it may be a little ahead of the clock
        self._complained = False

    # -- filming --------------------------------------------------------------------------------------------------

    def begin(self, run: int, at: float, key: bytes) -> None:
        """A run begins, with this keyframe. What there was of the one before is gone."""
        self.run = run
        self._began = self._newest = at
        self._reels.clear()
        self._marks.clear()
        self._open = OpenReel(run, 1, at, key)
        with _Grudging(self):
            self._whole.clear()
            self._keys.clear()

    def append(self, at: float, frame: bytes, before: Callable[[], tuple[float, bytes]]) -> None:
        """A frame of the run that `begin` named. `before` gives the time and the keyframe of the picture that it changes."""
        if self._open is None:
            return
        if self._open.is_full(at):
            begins, key = before()
            self._cut(self._open, begins)
            self._open = OpenReel(self.run, self._open.number + 1, begins, key)
        self._open.append(frame)
        self._newest = at

    def mark(self, found: list[dict[str, Any]]) -> None:
        self._marks.extend(found)

    def _cut(self, reel: OpenReel, at: float) -> None:
        whole = key = None
        with _Grudging(self):
            whole = self._whole.append(reel.packed(at, is_open=False))
            key = self._keys.append(reel.key_packed(at))
        self._reels.append(Reel(reel.number, reel.begins, at, whole, key))
        while self._reels and not self._has(self._reels[0]):
            self._reels.popleft()

    def _has(self, reel: Reel) -> bool:
        return self._has_whole(reel) or (reel.key is not None and self._keys.has(reel.key))

    def _has_whole(self, reel: Reel) -> bool:
        return reel.whole is not None and self._whole.has(reel.whole)

    def complain(self, error: OSError) -> None:
        """The disk does not take it: said once, and the film has a hole there."""
        if not self._complained:
            self._complained = True
            log.warning("the film of the run cannot be kept (%s): rewinding will find gaps", error)

    # -- showing --------------------------------------------------------------------------------------------------

    def index(self, now: float) -> dict[str, Any]:
        """{v, run, began, from, whole, to, marks}: the run began at `began`, the film at `from`, and from `whole` on it has every frame."""
        now = max(now, self._newest)
        opened = self._open.begins if self._open else now
        first = self._reels[0].begins if self._reels else opened
        whole = next((reel.begins for reel in self._reels if self._has_whole(reel)), opened)
        return {
            "v": VERSION,
            "run": self.run,
            "began": self._began,
            "from": first,
            "whole": whole,
            "to": now,
            "marks": [mark for mark in self._marks if mark["at"] >= first],
        }

    def at(self, at: float, now: float) -> bytes:
        """The reel that shows this moment, as gzip. Raises NotFound."""
        now = max(now, self._newest)
        if at > now:
            raise NotFound(f"{at:.3f} has not been filmed yet: it is {now:.3f} now.")
        if self._open is None:
            raise NotFound("Nothing has been filmed yet.")
        if at >= self._open.begins:
            return self._open.packed(now, is_open=True)
        place = bisect_right(self._reels, at, key=lambda reel: reel.begins) - 1
        if place < 0:
            first = self._reels[0].begins if self._reels else self._open.begins
            raise NotFound(f"The film begins at {first:.3f}: {at:.3f} is not kept.")
        return self._packed(self._reels[place])

    def reel(self, number: int, now: float) -> bytes:
        """The reel of this number, as gzip. Raises NotFound."""
        if self._open is not None and number == self._open.number:
            return self._open.packed(max(now, self._newest), is_open=True)
        place = number - self._reels[0].number if self._reels else -1
        if not 0 <= place < len(self._reels):
            raise NotFound(f"There is no reel {number} (any more).")
        return self._packed(self._reels[place])

    def check(self, run: int) -> None:
        """Raises NotNow where this run is over."""
        if run != self.run:
            raise NotNow(f"Run {run} is over and its film gone; this is run {self.run}.", run=self.run)

    def _packed(self, reel: Reel) -> bytes:
        packed = None
        with _Grudging(self):
            packed = self._whole.read(reel.whole) if reel.whole else None
            if packed is None and reel.key:
                packed = self._keys.read(reel.key)
        if packed is None:
            raise NotFound(f"There is a hole in the film from {reel.begins:.3f} to {reel.ends:.3f}.")
        return packed


class OpenReel:
    """The reel that is being filmed: compressed as it grows, so that little has to be held and nothing done at the cut."""

    def __init__(self, run: int, number: int, begins: float, key: bytes) -> None:
        self.number = number
        self.begins = begins
        self._head = b'{"v":%d,"run":%d,"reel":%d,"from":%s,"frames":[' % (
            VERSION, run, number, msgspec.json.encode(begins),
        )  # fmt: skip
        self._key = key
        self._size = len(key)
        self._packer = zlib.compressobj(_SPEED, zlib.DEFLATED, _GZIP)
        self._out = [self._packer.compress(self._head + key)]

    def is_full(self, at: float) -> bool:
        return at - self.begins >= REEL_SECONDS or self._size >= REEL_BYTES

    def append(self, frame: bytes) -> None:
        self._size += len(frame)
        if piece := self._packer.compress(b"," + frame):
            self._out.append(piece)

    def packed(self, to: float, *, is_open: bool) -> bytes:
        """All of it so far, as gzip. The reel can go on afterwards."""
        packer = self._packer.copy()
        return b"".join([*self._out, packer.compress(_tail(to, is_open=is_open)), packer.flush()])

    def key_packed(self, to: float) -> bytes:
        """The thin reel: its keyframe alone."""
        packer = zlib.compressobj(_SPEED, zlib.DEFLATED, _GZIP)
        return packer.compress(self._head + self._key + _tail(to, thin=True)) + packer.flush()


def _tail(to: float, *, thin: bool = False, is_open: bool = False) -> bytes:
    said = msgspec.json.encode({"to": to, "thin": thin, "open": is_open})
    return b"]," + said[1:]


class _Grudging:
    """With it, a disk that does not play along is complained of, and no reason to stop."""

    def __init__(self, film: Film) -> None:
        self._film = film

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if isinstance(error, OSError):
            self._film.complain(error)
            return True
        return False


def unpacked(packed: bytes) -> bytes:
    """A reel as JSON text."""
    return zlib.decompress(packed, _GZIP)
