"""The one place where an event gets its number and its time, and leaves for standard output as a line.

Lines collect during one turn of the event loop and leave together. Where the reader is slower than we are, `full` turns
true and the tap stops reading: the page may be late, it is never wrong.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

import msgspec

from webapp import events as ev


class Journal:
    """Stamps events and writes them. `write` takes bytes that are whole lines; `clock` gives seconds. A run that goes on has got as far
    as `seq`, and `began` at that moment of the clock; else it begins now."""

    def __init__(
        self,
        write: Callable[[bytes], object],
        clock: Callable[[], float] = time.monotonic,
        *,
        seq: int = 0,
        began: float | None = None,
    ) -> None:
        self._write = write
        self._clock = clock
        self._began = clock() if began is None else began
        self._seq = seq
        self._lines: list[bytes] = []
        self._waiting = False
        self.full = False
        self.on_full: list[Callable[[bool], None]] = []
        self.on_event: list[Callable[[ev.Event], None]] = []

    def now(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self._began

    def say(self, event: ev.Event) -> None:
        """Writes one event."""
        self._seq += 1
        stamped = msgspec.structs.replace(event, seq=self._seq, at=round(self.now(), 6))
        self._line(ev.encode(stamped))
        for listener in self.on_event:
            listener(stamped)

    def say_all(self, events: Iterable[ev.Event]) -> None:
        """Writes several events, in this order."""
        for event in events:
            self.say(event)

    def reply(self, reply: ev.Reply) -> None:
        """Writes the answer to a command, behind every event said so far."""
        self._line(ev.encode(reply))

    def flush(self) -> None:
        """Hands over what has collected."""
        self._waiting = False
        if self._lines:
            self._lines.append(b"")
            lines, self._lines = self._lines, []
            self._write(b"\n".join(lines))

    def back_pressure(self, full: bool) -> None:
        """The reader fell behind (true) or caught up (false)."""
        self.full = full
        for listener in self.on_full:
            listener(full)

    def _line(self, line: bytes) -> None:
        self._lines.append(line)
        if not self._waiting:
            self._waiting = True
            asyncio.get_running_loop().call_soon(self.flush)
