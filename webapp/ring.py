"""A file of a fixed size that keeps the newest of what is written to it: the next record takes the place of the oldest.

    │ … record 7 │ record 8 │ ░░ (the rest of 4) │ record 5 │ record 6 │        head ─► where record 9 goes

The file has no name: when the process ends, however it does, it is gone.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Span:
    """Where a record is: `at` counts every byte ever passed, the file holds the last `size` of them."""

    at: int
    length: int


class Ring:
    """At most `size` bytes of records, in a temporary file in `folder`, which is made at the first one."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._size = size
        self._head = 0
        self._file: int | None = None

    def append(self, record: bytes) -> Span | None:
        """Keep a record; None if it is larger than the ring. Raises OSError (a full disk, say): nothing is kept then."""
        length = len(record)
        if length > self._size:
            return None
        at = self._head
        left = self._size - at % self._size
        if length > left:  # in one piece, at the beginning: what is left at the end stays unused
            at += left
        self._head = at + length  # whatever it stood on is gone, even if the write fails half-way
        if os.pwrite(self._open(), record, at % self._size) != length:
            raise OSError("the record was not written to its end")
        return Span(at, length)

    def has(self, span: Span) -> bool:
        """Whether the record is still there."""
        return span.at >= self._head - self._size

    def read(self, span: Span) -> bytes | None:
        """The record; None if it is gone. Raises OSError."""
        return os.pread(self._open(), span.length, span.at % self._size) if self.has(span) else None

    def clear(self) -> None:
        """Everything is gone, and its room on the disk with it."""
        self._head += 2 * self._size
        self._head -= self._head % self._size  # past everything, and the next record stands at the beginning
        if self._file is not None:
            os.truncate(self._file, 0)

    def _open(self) -> int:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder) as file:
                self._file = os.dup(file.fileno())
        return self._file
