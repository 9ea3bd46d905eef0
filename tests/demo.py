"""The demo as a user has it: the real web process, the real engine, real workers and a broker; and what its REST says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pika
import pytest

from tests import needs
from tests.fake_engine import DEADLINE, Web, until
from tests.watcher import Page

BROKERS = ["embedded", "rabbitmq"]
# Where others prove the same of RabbitMQ sooner: `make test` takes the embedded broker, `make test-long` RabbitMQ.
RABBITMQ_LATER = ["embedded", pytest.param("rabbitmq", marks=pytest.mark.long)]
LEDGER = ("done", "ready", "unacked", "at_risk", "lost", "dead")


class Demo(Web):
    """`with Demo(data, broker=…) as demo:` on free ports. What it is asked has to work, or the test fails."""

    def __init__(self, data: Path, *flags: str, broker: str = "embedded", amqp_port: int = 0) -> None:
        where = ("--port", "0", "--amqp-port", str(amqp_port), "--data", str(data), "--broker", broker)
        self.data = str(data)
        super().__init__(*where, *flags, real=True)

    def submit(self, body: str, count: int = 1, persistent: bool = True) -> list[str]:
        """The tasks' ids, once the broker has confirmed them."""
        asked = {"body": body, "count": count, "persistent": persistent}
        answer = self.ask("POST", "/api/tasks", asked)
        assert answer.status == 202, answer.body
        ids: list[str] = answer.json()["ids"]
        return ids

    def act(self, worker: str, action: str, **fields: object) -> None:
        answer = self.ask("POST", f"/api/workers/{worker}/{action}", fields or None)
        assert answer.status == 202, answer.body

    def settings(self, **changes: object) -> None:
        answer = self.ask("PUT", "/api/settings", changes)
        assert answer.status == 200, answer.body

    def once(self, condition: Callable[[dict[str, Any]], Any], what: str, within: float = DEADLINE) -> Any:
        """What `condition` makes of the state, once it is true. Every state on the way has to add up."""
        self.url()  # its start has a deadline of its own

        def look() -> Any:
            state = self.state()
            ledger = state["ledger"]
            assert ledger["published"] == sum(ledger[part] for part in LEDGER), ledger
            return condition(state)

        try:
            return until(look, what, within)
        except AssertionError as error:
            raise AssertionError(f"{error}; the state is {self.state()}") from None

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


def worker(state: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(worker for worker in state["workers"] if worker["name"] == name)
    return found


def task(state: dict[str, Any], n: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = next(task for task in state["tasks"] if task["n"] == n)
    return found


def held(state: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = worker(state, name)["faults"]["held"]
    return found


def begun(demo: Demo, name: str, body: str) -> None:
    """Returns once the worker has begun with this task. What it was given and has not begun, it gives back, or forgets."""
    with Page(demo.url()) as page:
        page.until(lambda view: f" [x] Received {body}" in view["workers"][name]["output"])


def consumed_by(port: int, count: int, queue: str = "task_queue") -> None:
    """Returns once the broker itself counts so many consumers. That a process, or its socket at the tap, has ended does not say yet
    that the broker gives it nothing more."""
    with pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port)) as connection:
        channel = connection.channel()
        until(
            lambda: channel.queue_declare(queue, passive=True).method.consumer_count == count,
            f"{count} consumers of {queue}",
        )


def alone(demo: Demo, name: str = "worker-1") -> str:
    """The worker's name. The others are stopped, and the broker knows it: the next task is this one's."""
    for other in [each["name"] for each in demo.state()["workers"] if each["name"] != name]:
        demo.act(other, "stop")
        demo.once(lambda state, other=other: worker(state, other)["pid"] is None, f"{other} gone")
    demo.once(lambda state: [each["consumers"] for each in state["queues"]] == [1], "one consumer")
    consumed_by(demo.amqp_port(), 1)
    return name


def demos(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, *flags: str, amqp_port: int = 0
) -> Iterator[Demo]:
    """The body of a fixture: one demo for each broker that `request` names."""
    if request.param == "rabbitmq":
        needs.rabbitmq()
    with Demo(tmp_path_factory.mktemp("demo"), *flags, broker=request.param, amqp_port=amqp_port) as demo:
        demo.url()
        yield demo
