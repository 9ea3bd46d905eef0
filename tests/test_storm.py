"""A storm of faults on the whole demo: with manual ack nothing is lost, and the ledger adds up at every look."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.demo import BROKERS, Demo, demos

TASKS, FAULTS = 1500, 120


@pytest.fixture(scope="module", params=BROKERS)
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    yield from demos(request, tmp_path_factory, "--prefetch", "5")


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_storm_of_deaths_loses_nothing_and_the_books_are_right_all_the_time(demo: Demo) -> None:
    dice = random.Random(5)
    demo.once(lambda state: len(state["workers"]) == 3, "three workers")
    for _ in range(3):
        assert demo.ask("POST", "/api/workers").status == 201
    for round_ in range(FAULTS):
        if round_ < 30:
            demo.submit(dice.choice(["x", "y", "z."]), TASKS // 30)
        state = demo.once(lambda state: state, "a state")
        worker = dice.choice(state["workers"])
        action = dice.choice(possible(worker))
        answer = demo.ask("POST", f"/api/workers/{worker['name']}/{action}")
        assert answer.status in (202, 409), answer.body  # it may have changed since
    for worker in demo.state()["workers"]:
        if worker["state"] == "frozen":
            demo.ask("POST", f"/api/workers/{worker['name']}/thaw")
        if worker["state"] == "stopped":
            demo.ask("POST", f"/api/workers/{worker['name']}/start")
    ledger = settled(demo)
    assert (ledger["published"], ledger["done"], ledger["lost"]) == (TASKS, TASKS, 0)
    assert ledger["redelivered"] > 0


def possible(worker: dict[str, Any]) -> list[str]:
    return {"stopped": ["start"], "frozen": ["thaw", "stop"]}.get(
        worker["state"], ["stop", "finish", "freeze", "cut"]
    )


def settled(demo: Demo) -> dict[str, int]:
    """The ledger once nothing is under way any more. It may take long: wait for as long as something moves."""
    before: dict[str, int] = {}
    while True:
        ledger: dict[str, int] = demo.once(
            lambda state, before=before: state["ledger"] != before and state["ledger"], "progress"
        )
        if ledger["done"] + ledger["lost"] + ledger["dead"] == ledger["published"]:
            return ledger
        before = ledger
