"""The demo as a user has it: the real web process, the real engine, real workers and a broker; and what its REST says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import needs
from tests.fake_engine import Web, until

BROKERS = ["embedded", "rabbitmq"]
LEDGER = ("done", "ready", "unacked", "at_risk", "lost", "dead")


class Demo(Web):
    """`with Demo(data, broker=…) as demo:` on free ports. What it is asked has to work, or the test fails."""

    def __init__(self, data: Path, *flags: str, broker: str = "embedded", amqp_port: int = 0) -> None:
        where = ("--port", "0", "--amqp-port", str(amqp_port), "--data", str(data), "--broker", broker)
        self.data = str(data)
        super().__init__(*where, *flags, real=True)

    def submit(self, body: str, count: int = 1) -> list[str]:
        """The tasks' ids, once the broker has confirmed them."""
        answer = self.ask("POST", "/api/tasks", {"body": body, "count": count})
        assert answer.status == 202, answer.body
        ids: list[str] = answer.json()["ids"]
        return ids

    def act(self, worker: str, action: str) -> None:
        answer = self.ask("POST", f"/api/workers/{worker}/{action}")
        assert answer.status == 202, answer.body

    def settings(self, **changes: object) -> None:
        answer = self.ask("PUT", "/api/settings", changes)
        assert answer.status == 200, answer.body

    def once(self, condition: Callable[[dict[str, Any]], Any], what: str) -> Any:
        """What `condition` makes of the state, once it is true. Every state on the way has to add up."""

        def look() -> Any:
            state = self.state()
            ledger = state["ledger"]
            assert ledger["published"] == sum(ledger[part] for part in LEDGER), ledger
            return condition(state)

        return until(look, f"{what}: {self.state()}")

    def task(self, n: int) -> dict[str, Any]:
        """The n-th task of the run."""
        found: dict[str, Any] = next(task for task in self.state()["tasks"] if task["n"] == n)
        return found

    def fresh(self, ack: str = "manual", prefetch: int = 1) -> Demo:
        """A new run with these settings: the first workers, all idle, and nothing else."""
        self.settings(ack=ack, prefetch=prefetch)
        answer = self.ask("POST", "/api/reset")
        assert answer.status == 202, answer.body
        self.once(
            lambda state: (
                state["ledger"]["published"] == 0
                and len(state["workers"]) == 3
                and all(
                    (worker["state"], worker["ack"], worker["prefetch"]) == ("idle", ack, prefetch)
                    for worker in state["workers"]
                )
            ),
            "three idle workers",
        )
        return self


def holder(state: dict[str, Any], n: int) -> str | None:
    """Who has the n-th task in hand."""
    return next((task["worker"] for task in state["tasks"] if task["n"] == n and task["worker"]), None)


def demos(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, *flags: str, amqp_port: int = 0
) -> Iterator[Demo]:
    """The body of a fixture: one demo for each broker that `request` names."""
    if request.param == "rabbitmq":
        needs.rabbitmq()
    with Demo(tmp_path_factory.mktemp("demo"), *flags, broker=request.param, amqp_port=amqp_port) as demo:
        demo.url()
        yield demo
