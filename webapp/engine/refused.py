"""A command that makes no sense now: raised where that is known, answered at the engine's edge."""

from __future__ import annotations


class Refused(Exception):
    """`status` is the HTTP status that says so; the text is for the user."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
