"""How much of a broker's throughput is left behind the tap, and behind the whole web process with a page open.

Transient messages through RabbitMQ: one publisher, two consumers with prefetch 20, the three ways in turn, several times.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.bench.clients import Client, tasks_per_second
from tests.bench.places import Scene, url
from tests.bench.table import Aim, Row, spread

TASKS = 20_000
ROUNDS = 5
AIM = Aim(0.5, least=True, better=0.8)


def measure(scene: Scene, size: float, kind: str = "rabbitmq") -> Iterator[Row]:
    count = max(20, round(TASKS * size))
    with (
        scene.demo(kind, "--workers", "0") as demo,
        Client("watch", url=demo.url()) as page,
    ):
        ways = {"straight": scene.straight(kind), "tap": scene.tap(kind), "page": url(demo.amqp_port())}
        for way in ways.values():
            tasks_per_second(way, max(20, count // 4))  # the first run is slower everywhere
        rates: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                rates[name].append(tasks_per_second(way, count))
        page.tell()
        frames = page.hears("frames")
    names = {
        "straight": f"straight at {kind}",
        "tap": "through the tap",
        "page": "through the whole web process, a page open",
    }
    for way, name in names.items():
        yield Row(f"acked tasks, {name}", median(rates[way]), "tasks/s", spread=spread(rates[way]))
    for way in ("tap", "page"):
        ratios = [through / straight for through, straight in zip(rates[way], rates["straight"], strict=True)]
        note = f"the page got {frames:,} frames" if way == "page" else ""
        yield Row(f"ratio, {names[way]}", median(ratios), "", AIM, spread(ratios), note)
