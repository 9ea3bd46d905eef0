"""Refusals: named exceptions raised where something is known to be wrong, translated once at the edge (REST, Socket.IO).

On the wire each is an RFC 9457 problem: type, title, status, detail, and members of its own (`ids` of a batch that
was sent in part, say). Must not import anything of ours.
"""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    """A request we cannot do. `status` is an HTTP status code, `detail` a sentence that says what to do instead."""

    status = 400
    title = "The request could not be understood"

    def __init__(self, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.members = members

    def as_dict(self) -> dict[str, Any]:
        """The problem document of RFC 9457, section 3."""
        return {
            "type": "urn:unacked:problem:" + self.slug,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }

    @property
    def slug(self) -> str:
        """The title in the form of a name: `no-such-worker`."""
        return "-".join(
            "".join(c if c.isalnum() else " " for c in self.title.lower().replace("'", "")).split()
        )


class Malformed(Problem):
    """Not JSON, or JSON that is not an object."""


class Foreign(Problem):
    status = 403
    title = "Another site's page may not do this"


class NotFound(Problem):
    status = 404
    title = "Not found"


class NoSuchWorker(Problem):
    status = 404
    title = "No such worker"


class NoSuchAction(Problem):
    status = 404
    title = "No such action"


class NoSuchCommand(Problem):
    status = 404
    title = "No such command"


class NotNow(Problem):
    """The command exists and is well formed, and does not fit the present state of things."""

    status = 409
    title = "Not possible now"


class Unsupported(Problem):
    status = 415
    title = "Only JSON is understood here"


class Invalid(Problem):
    """A field is missing, unknown, of the wrong type or out of range: the detail names it and says what is allowed."""

    status = 422
    title = "A value is not allowed"


class Broken(Problem):
    """A bug of ours; the log has more."""

    status = 500
    title = "Something went wrong inside Unacked"


class EngineGone(Problem):
    status = 503
    title = "The engine is not running"


class NotSent(Problem):
    """A submit during an outage, or one the outage cut short: `ids` (confirmed), `unknown` and `not_sent` (counts)."""

    status = 503
    title = "The broker did not take the task"


class TookTooLong(Problem):
    status = 504
    title = "The engine did not answer in time"


class Refused(Problem):
    """The engine's own refusal, with its own status and title."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status or 409
        self.title = title or "The engine refused"


class Http(Problem):
    """An error of HTTP itself (405, 413 …) under its usual name."""

    def __init__(self, status: int, title: str, detail: str, **members: Any) -> None:
        super().__init__(detail, **members)
        self.status = status
        self.title = title
