"""`python -m tests.bench [NAME …] [--json FILE] [--size 1.0]`: measures, and prints one table. Nothing is asserted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from tests.bench import memory, page, redelivery, stage, throughput
from tests.bench.places import Scene
from tests.bench.table import Row, render

MEASUREMENTS: dict[str, Callable[[Scene, float], Iterator[Row]]] = {
    "redelivery": redelivery.redelivery,
    "tap": throughput.tap,
    "brokers": throughput.brokers,
    "memory": memory.memory,
    "latency": page.latency,
    "startup": page.startup,
    "frames": stage.frames,
    "heap": stage.heap,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(MEASUREMENTS)))
@click.option(
    "--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="write the rows there too"
)
@click.option("--size", default=1.0, type=click.FloatRange(0.001, 100), help="how much of each measurement")
def main(names: tuple[str, ...], file: Path | None, size: float) -> None:
    """Measures the tap, the brokers and the page, side by side."""
    every: dict[str, list[Row]] = {}
    with Scene() as scene:
        for name in names or MEASUREMENTS:
            every[name] = list(MEASUREMENTS[name](scene, size))
            print(f"\n{name}: {MEASUREMENTS[name].__doc__}\n\n{render(every[name])}", flush=True)
    if file:
        rows = {name: [row.as_dict() for row in found] for name, found in every.items()}
        file.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
