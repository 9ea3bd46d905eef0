"""From the kill -9 of the process that holds a message to its delivery to another: what the tap adds to what the broker takes."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.bench.clients import Client, a_queue
from tests.bench.places import Scene
from tests.bench.table import Aim, Row, percentile, spread


def redelivery(scene: Scene, size: float) -> Iterator[Row]:
    """RabbitMQ straight, RabbitMQ through the tap, the embedded broker through the tap; taking turns."""
    rounds = max(2, round(20 * size))
    places = {
        "RabbitMQ straight": scene.straight("rabbitmq"),
        "RabbitMQ through the tap": scene.tap("rabbitmq"),
        "embedded through the tap": scene.tap("embedded"),
    }
    found: dict[str, list[float]] = {name: [] for name in places}
    for _ in range(rounds):
        for name, place in places.items():
            found[name].append(once(place))
    for name, numbers in found.items():
        yield Row(
            name, median(numbers), "ms", spread=spread(numbers), note=f"p95 {percentile(numbers, 95):.1f}"
        )
    straight, tapped = (median(found[name]) for name in list(places)[:2])
    yield Row("  the tap adds", tapped - straight, "ms", Aim(5))


def once(place: str) -> float:
    """Milliseconds from the kill to the redelivered message in the other's hands."""
    queue = a_queue()
    with Client("hold", url=place, queue=queue) as victim, Client("inherit", url=place) as heir:
        heir.tell(queue)
        heir.hears("consuming")
        killed = victim.kill()
        got = heir.line()
    assert got["redelivered"], got
    took: float = (got["at"] - killed) * 1000
    return took
