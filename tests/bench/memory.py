"""What the embedded broker keeps of what has gone: its memory and its file, sampled whenever its queues are empty."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

from tests.bench.clients import tasks_per_second
from tests.bench.places import Scene, url
from tests.bench.table import Aim, Row, spread
from webapp.broker.__main__ import FILE

ROUND = 25_000  # messages; every other round they are persistent
FIRST = 2  # rounds after which nothing should grow any more
KB = 1024


class Sample(NamedTuple):
    """After a round. Sizes in bytes: `rss` of the process, `file` and `log` (SQLite's write-ahead log) on disk."""

    rss: int
    file: int
    log: int
    rate: float  # acked tasks a second in that round


def samples(node: Any, rounds: int, count: int, *, size: int = 5) -> Iterator[Sample]:
    """Rounds of `count` messages with bodies of `size` bytes through an embedded broker, by turns transient and persistent."""
    for n in range(rounds):
        kind = ("transient", "persistent")[n % 2]
        rate = tasks_per_second(
            url(node.port), count, persistent=kind == "persistent", size=size, lasting=kind
        )
        shown = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(node.pid)], capture_output=True, text=True, check=True
        )
        file, log = (node.data / FILE, node.data / f"{FILE}-wal")
        yield Sample(int(shown.stdout) * KB, file.stat().st_size, log.stat().st_size, rate)


def memory(scene: Scene, size: float) -> Iterator[Row]:
    """A million messages through the embedded broker, half of them persistent and confirmed; two consumers, prefetch 20."""
    rounds = max(FIRST + 1, round(1_000_000 / ROUND * size))
    found = list(samples(scene.fresh("embedded"), rounds, ROUND))
    early, late = found[FIRST - 1], found[-1]
    yield Row(f"memory after {FIRST * ROUND:,} messages", megabytes(early.rss), "MB")
    yield Row(
        f"memory after {rounds * ROUND:,}", megabytes(late.rss), "MB", spread=between(found[FIRST:], "rss")
    )
    yield Row("  grown by", megabytes(late.rss - early.rss), "MB", Aim(10))
    yield Row("its file", megabytes(late.file), "MB", spread=between(found, "file"))
    yield Row("its write-ahead log", megabytes(late.log), "MB", spread=between(found, "log"))
    rates = [sample.rate for sample in found]
    yield Row("acked all the while", median(rates), "tasks/s", spread=spread(rates))


def between(found: list[Sample], name: str) -> tuple[float, float]:
    """The smallest and the largest of these sizes."""
    return spread([megabytes(getattr(sample, name)) for sample in found])


def megabytes(size: int) -> float:
    return size / KB / KB
