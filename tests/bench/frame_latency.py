"""From a task's publish to the frame that carries it, at 200 tasks a second through the whole demo and its three workers."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.clients import Client
from tests.bench.places import Scene, url
from tests.bench.table import Aim, Row, percentile, spread
from tests.demo import Demo
from tests.fake_engine import until

PER_SECOND = 200
SECONDS = 10.0
AIM = Aim(50)


def ready(demo: Demo) -> None:
    """Waits until the three workers consume."""
    until(
        lambda: [worker["state"] for worker in demo.state()["workers"]] == ["idle"] * 3, "three idle workers"
    )


def measure(scene: Scene, size: float, kinds: tuple[str, ...] = ("embedded", "rabbitmq")) -> Iterator[Row]:
    count = max(20, round(PER_SECOND * SECONDS * size))
    for kind in kinds:
        with scene.demo(kind) as demo:
            ready(demo)
            amqp = url(demo.amqp_port())
            with (
                Client("watch", url=demo.url()) as page,
                Client(
                    "publish_paced", url=amqp, queue="task_queue", count=count, per_second=PER_SECOND
                ) as publisher,
            ):
                publisher.tell()
                took = publisher.hears("took")
                until(lambda: demo.state()["ledger"]["done"] == count, "all tasks done")
                page.tell()
                seen = page.line()
        delays = seen["delays"]
        paced = f"{count / took:.0f} tasks/s, {len(delays):,} of {count:,} tasks seen in {seen['frames']:,} frames"
        yield Row(
            f"publish to frame, {kind}: median",
            percentile(delays, 50),
            "ms",
            spread=spread(delays),
            note=paced,
        )
        yield Row(f"publish to frame, {kind}: p95", percentile(delays, 95), "ms", AIM)
