"""Ends what the engine leaves behind, however the engine ends.

    engine ── "+ PGID" / "- PGID" lines on a pipe ──► undertaker

The engine writes down each process group it starts. When the pipe closes (the engine stopped, crashed or was killed with
SIGKILL) the groups still on the list are killed. Workers are the tutorial's own programs and RabbitMQ is RabbitMQ: neither can be asked to watch
for our end, so this does. Imports nothing of ours: it must not be able to fail.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterable


def bury(lines: Iterable[str]) -> set[int]:
    """Reads the list to its end and returns the process groups that are still on it."""
    groups: set[int] = set()
    for line in lines:
        sign, _, number = line.strip().partition(" ")
        if number.isdigit():
            (groups.add if sign == "+" else groups.discard)(int(number))
    return groups


def main() -> None:
    """Waits for the end of standard input, then kills what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for group in bury(sys.stdin):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
