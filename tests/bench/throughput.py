"""Acked tasks a second: what the tap and the whole demo leave of a broker's, and what the embedded broker does beside RabbitMQ."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

import socketio

from tests.bench.clients import tasks_per_second
from tests.bench.places import Scene, url
from tests.bench.table import Aim, Row, spread

ROUNDS = 3


def tap(scene: Scene, size: float) -> Iterator[Row]:
    """The same clients straight at RabbitMQ, through the tap, and through the whole demo with one page open; taking turns."""
    count = round(10_000 * size)
    straight, through = scene.straight("rabbitmq"), scene.tap("rabbitmq")
    found: dict[str, list[float]] = {"straight": [], "tap": [], "demo": []}
    with scene.demo("rabbitmq", "--workers", "0") as demo:
        page = socketio.Client()

        @page.on("frame")
        def frame(*them: dict[str, Any]) -> None:
            for it in them:
                if it["n"] % 10 == 0:  # as the browser does: who says nothing gets no more
                    page.emit("seen", {"n": it["n"]})

        page.connect(demo.url())
        places = {"straight": straight, "tap": through, "demo": url(demo.amqp_port())}
        for _ in range(ROUNDS):
            for name, place in places.items():
                found[name].append(tasks_per_second(place, count))
        page.disconnect()
    yield Row("RabbitMQ straight", median(found["straight"]), "tasks/s", spread=spread(found["straight"]))
    for name, what in (("tap", "through the tap"), ("demo", "through the whole demo, a page open")):
        yield Row(what, median(found[name]), "tasks/s", spread=spread(found[name]))
        ratios = [a / b for a, b in zip(found[name], found["straight"], strict=True)]
        yield Row(
            f"  {name} / straight", median(ratios), "", Aim(0.5, least=True, better=0.8), spread(ratios)
        )


def brokers(scene: Scene, size: float) -> Iterator[Row]:
    """Acked tasks a second, two consumers, prefetch 20: the embedded broker beside RabbitMQ, both straight, taking turns."""
    for persistent in (False, True):
        count = round((5_000 if persistent else 10_000) * size)
        found: dict[str, list[float]] = {"rabbitmq": [], "embedded": []}
        for _ in range(ROUNDS):
            for kind, numbers in found.items():
                numbers.append(tasks_per_second(scene.straight(kind), count, persistent=persistent))
        kind_of = "persistent, confirmed" if persistent else "transient"
        for kind, numbers in found.items():
            yield Row(f"{kind}, {kind_of}", median(numbers), "tasks/s", spread=spread(numbers))
        ratios = [a / b for a, b in zip(found["embedded"], found["rabbitmq"], strict=True)]
        yield Row(
            "  embedded / rabbitmq", median(ratios), "", Aim(0.4, least=True, better=0.6), spread(ratios)
        )
