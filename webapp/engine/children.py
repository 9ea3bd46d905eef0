"""Starts processes, each in a session of its own, and makes sure that none outlives the engine.

A session of its own keeps a Ctrl-C in the terminal from reaching them: who ends when is the engine's decision.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path

UNDERTAKER = Path(__file__).with_name("undertaker.py")


class Children:
    """The processes of one engine."""

    def __init__(self) -> None:
        self._undertaker: subprocess.Popen[bytes] | None = None
        self.inherit: tuple[int, ...] = ()  # open files that each of them has too

    def open(self) -> None:
        """Starts the undertaker. Comes before the first `spawn`, with the loop running. Raises OSError."""
        _watch_without_threads()
        self._undertaker = subprocess.Popen(
            [sys.executable, "-E", "-S", str(UNDERTAKER)], stdin=subprocess.PIPE, start_new_session=True
        )

    async def spawn(
        self, *argv: str, env: Mapping[str, str] | None = None, stderr: int | None = subprocess.STDOUT
    ) -> Process:
        """Starts a process with its output on a pipe and nothing on its input. Raises OSError."""
        process = await asyncio.create_subprocess_exec(
            *argv,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
            pass_fds=self.inherit,
        )
        self._tell(f"+ {process.pid}\n")
        return process

    async def kill(self, process: Process, number: signal.Signals = signal.SIGKILL) -> None:
        """Signals the whole process group and waits for its leader's end."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        await process.wait()
        self.ended(process)

    def ended(self, process: Process) -> None:
        """This one has been seen to end: what is left of its group ends too, and is forgotten."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        self._tell(f"- {process.pid}\n")

    def close(self) -> None:
        """Lets the undertaker kill what is left, and waits for it."""
        undertaker, self._undertaker = self._undertaker, None
        if undertaker and undertaker.stdin:
            with contextlib.suppress(OSError):
                undertaker.stdin.close()
            undertaker.wait()

    def _tell(self, line: str) -> None:
        if self._undertaker and self._undertaker.stdin:
            with contextlib.suppress(
                OSError
            ):  # killed by hand: the engine's own orderly stop still ends everything
                self._undertaker.stdin.write(line.encode())
                self._undertaker.stdin.flush()


def _watch_without_threads() -> None:
    """Up to Python 3.11 asyncio starts a thread for each child, and the child first: where no thread can be had, a process would run that nobody
    knows. Linux can do without."""
    if sys.version_info < (3, 12) and hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):  # an old kernel, or one that may not
            os.close(os.pidfd_open(os.getpid()))
            watcher = asyncio.PidfdChildWatcher()
            watcher.attach_loop(asyncio.get_running_loop())
            asyncio.set_child_watcher(watcher)
