"""The commands without a server: what is asked of the producer and of the engine, and what becomes of it."""

from __future__ import annotations

from typing import Any

from webapp.commands import Desk
from webapp.problems import EngineGone
from webapp.state import State


class Behind:
    """A producer that takes everything, and an engine that ends when it is asked, if it is `mortal`."""

    def __init__(self, *, mortal: bool = False) -> None:
        self.mortal = mortal
        self.alive = True
        self.asked: list[tuple[Any, ...]] = []

    def submit(self, body: str, count: int = 1, persistent: bool = True) -> list[str]:
        self.asked.append(("submit", body, count, persistent))
        return [f"{body}{n}" for n in range(count)]

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        self.asked.append((do, fields))
        if self.mortal:
            raise EngineGone("It ended before it answered.")
        return {}


def test_a_submit_is_answered_once_the_engine_has_told_of_it() -> None:
    behind = Behind()
    assert Desk(behind, behind, State).do("submit", {"body": "a", "count": 2}) == {"ids": ["a0", "a1"]}
    assert behind.asked == [("submit", "a", 2, True), ("sync", {})]


def test_an_engine_that_ends_then_takes_no_confirmed_task_back() -> None:
    behind = Behind(mortal=True)
    assert Desk(behind, behind, State).do("submit", {"body": "a"}) == {"ids": ["a0"]}
