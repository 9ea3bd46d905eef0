"""Ways to hurt a connection that goes through the tap. One fault one file; ACTIONS finds what a user can ask for by its name.

Every file begins with a drawing of where the bytes flow. docs/faults.md says how to add one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from webapp.engine.faults import blackhole, cut, delay, hold
from webapp.engine.faults.line import Road

# Takes the roads of one worker's connections, and what else was said; raises Refused where it makes no sense now.
Action: TypeAlias = Callable[..., None]

ACTIONS: dict[str, Action] = {
    "cut": cut.cut,
    "blackhole": blackhole.blackhole,
    "restore": blackhole.restore,
    "delay": delay.delay,
    "hold": hold.hold,
    "release": hold.release,
    "drop": hold.drop,
}


def act(action: str, roads: Sequence[Road], **fields: Any) -> None:
    """Does `action` to these connections. Raises Refused."""
    ACTIONS[action](roads, **fields)
