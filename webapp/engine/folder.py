"""A run's own data folder: named after broker, host and port, emptied when a run begins, and locked while anybody of it lives.

The lock is an open file that every child inherits: while a broker that outlived its engine still writes here, nobody else does.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import threading
import time
from pathlib import Path

PATIENCE = 3.0  # seconds until the processes of an engine that was killed have to be gone too


class FolderTaken(Exception):
    """The folder cannot be had; the text is one line that says why and what to do."""


class Folder:
    """`path` is the folder. Nothing is written before it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._results = path / "results"
        self._lock = -1

    def results(self) -> Path:
        """A folder in it that idempotent workers share. Raises OSError."""
        self._results.mkdir(parents=True, exist_ok=True)
        return self._results

    async def take(self, *, keep: bool) -> int:
        """Locks it, and empties it unless what is in it is to be kept; the open file that holds the lock. Raises FolderTaken."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path.with_name(self.path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise FolderTaken(
                f"the data folder {self.path} cannot be used ({error.strerror}): choose another with --data"
            ) from error
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not self._locked():
            if asyncio.get_running_loop().time() > deadline:
                raise FolderTaken(
                    f"the data folder {self.path} is in use by another Unacked, or by what is left of one: "
                    "end it, or choose another with --data"
                )
            await asyncio.sleep(0.05)
        if not keep:
            await asyncio.to_thread(shutil.rmtree, self.path, ignore_errors=True)
        return self._lock

    def forget_results(self) -> None:
        """A fresh run: nothing is known yet. Out of the way at once, deleted beside the loop: there may be a file for each of very many tasks."""
        old = self._results.with_name(f"results-{time.monotonic_ns()}")
        with contextlib.suppress(OSError):
            self._results.rename(old)
            self.results()
            threading.Thread(target=shutil.rmtree, args=(old, True), daemon=True).start()

    def close(self) -> None:
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)

    def _locked(self) -> bool:
        with contextlib.suppress(OSError):
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False
