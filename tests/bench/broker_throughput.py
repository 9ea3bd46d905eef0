"""The embedded broker against RabbitMQ, both straight: one publisher, two consumers with prefetch 20, in turn, several times."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.bench.clients import tasks_per_second
from tests.bench.places import Scene
from tests.bench.table import Aim, Row, spread

TASKS = 20_000
ROUNDS = 5
AIM = Aim(0.4, least=True, better=0.6)
MODES = {False: "transient", True: "persistent, confirmed"}


def measure(scene: Scene, size: float, kinds: tuple[str, str] = ("rabbitmq", "embedded")) -> Iterator[Row]:
    count = max(20, round(TASKS * size))
    theirs, ours = kinds
    for persistent, mode in MODES.items():
        rates: dict[str, list[float]] = {kind: [] for kind in kinds}
        for kind in kinds:
            tasks_per_second(scene.straight(kind), max(20, count // 4), persistent=persistent)
        for _ in range(ROUNDS):
            for kind in kinds:
                rates[kind].append(tasks_per_second(scene.straight(kind), count, persistent=persistent))
        for kind in kinds:
            yield Row(
                f"acked tasks, {mode}, {kind}", median(rates[kind]), "tasks/s", spread=spread(rates[kind])
            )
        ratios = [our / their for our, their in zip(rates[ours], rates[theirs], strict=True)]
        yield Row(f"ratio, {mode}, {ours} to {theirs}", median(ratios), "", AIM, spread(ratios))
