"""What makes a worker idempotent: one file for each task whose result is known, in the folder WORKER_RESULTS; without it, nothing.

In real life this is a unique key in a database, written in one transaction with the effect itself: here a worker that dies between the two
leaves a task that is known and whose result nobody has heard.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

FOLDER = os.environ.get("WORKER_RESULTS", "")


def known(task: str | None) -> bool:
    """The task's result is known: there is nothing to do but ack."""
    return _file(task).exists() if FOLDER and task else False


def first(task: str | None) -> bool:
    """Nobody had this task's result before us. Two workers may ask at the same instant: one of them is told no."""
    if not FOLDER or not task:
        return True
    try:
        _file(task).touch(exist_ok=False)  # open(…, "x")
    except FileExistsError:
        return False
    return True


def _file(task: str | None) -> Path:
    return Path(FOLDER, hashlib.sha256((task or "").encode()).hexdigest())
