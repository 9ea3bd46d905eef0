"""Why a process could not be started, and what to do about it: said in the same words wherever one is. Pure."""

from __future__ import annotations

import errno

NO_THREAD = "can't start new thread"  # in the text of a RuntimeError that has no name of its own
NO_MORE = "end other programs, or raise the limit (ulimit -u)"
CURES = {
    errno.EAGAIN: NO_MORE,
    errno.ENOMEM: NO_MORE,
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "end other programs: the whole machine has too many files open",
    errno.ENOENT: "install again what is not where it was",
    errno.EACCES: "check who may run it, or install Unacked again",
}


def why_not(error: OSError) -> str:
    """What stood in the way and what to do, as the rest of a line."""
    cure = CURES.get(error.errno or 0)
    return f"{error.strerror or error}{f': {cure}' if cure else ''}"
