"""An hour of the demo with its page open, a long queue and a kill every quarter of a minute: what grows?

    python -m tests.soak [--minutes N] [--broker embedded|rabbitmq] [--ready N]

It prints a line a minute: the page's heap after a collection, the memory of each process, the ledger. The books are added up each time the
state is looked at. At the end each last figure over that of the tenth minute: what would grow in a lecture that lasts all day. By then a page
still fills what it may keep: 30,000 entries of the film, 500 marks. Exit code 1 where one has grown by more than a quarter, or the
browser's console had something to say.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.stage import chromium, used
from tests.demo import Demo, worker
from tests.page.stage import Stage

WORKERS = 3
BODY = "photo."
KILL_EVERY = 15.0  # seconds
TOP_UP = 500  # tasks at once, where the queue has become shorter by so many
SETTLED = 10  # minutes after which little should grow any more
GROWTH = 1.25
NAMES = {"webapp.engine": "engine", "webapp.broker": "broker", "beam.smp": "broker", "webapp": "web"}


def sizes(pid: int) -> dict[str, float]:
    """Megabytes resident of the web process, the engine and the broker: `pid` and what is below it."""
    listing = subprocess.run(
        ["ps", "-ewwo", "pid=,ppid=,rss=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 3) for line in listing.stdout.splitlines()]
    family = {pid}
    for _ in range(6):  # generations
        family |= {int(row[0]) for row in rows if int(row[1]) in family}
    found: dict[str, float] = {}
    for own, _parent, rss, args in rows:
        if int(own) in family:
            name = next((name for word, name in NAMES.items() if word in args), "")
            if name and "worker.py" not in args and "undertaker" not in args:
                found[name] = max(found.get(name, 0.0), int(rss) / 1024)
    return found


def soak(minutes: int, broker: str, ready: int) -> bool:
    """Whether nothing grew and nobody complained."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Demo(Path(folder), "--workers", str(WORKERS), "--prefetch", "2", broker=broker) as demo,
        chromium() as page,
    ):
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        demo.fresh(prefetch=2)
        for _ in range(ready // TOP_UP):
            demo.submit(BODY, TOP_UP)
        Stage(page, demo).open()
        victims = itertools.cycle([f"worker-{n}" for n in range(1, WORKERS + 1)])
        began = time.monotonic()
        rows: list[dict[str, float]] = []
        kills = 0
        while len(rows) < minutes:
            victim = next(victims)
            demo.act(victim, "stop")
            demo.once(lambda state, name=victim: worker(state, name)["pid"] is None, f"{victim} gone")  # type: ignore[misc]
            demo.act(victim, "start")
            kills += 1
            ledger = demo.once(lambda state: state["ledger"], "a ledger")
            if ledger["ready"] <= ready - TOP_UP:
                demo.submit(BODY, TOP_UP)
            assert ledger["lost"] == 0, ledger
            if time.monotonic() - began >= 60 * (len(rows) + 1):
                rows.append({"heap": used(page), **sizes(demo.process.pid)})
                figures = ", ".join(f"{name} {size:.1f} MB" for name, size in rows[-1].items())
                counts = ", ".join(
                    f"{ledger[key]:,} {key}" for key in ("done", "ready", "redelivered", "lost")
                )
                print(f"{len(rows):3} min: {figures}; {kills} kills, {counts}", flush=True)
            page.wait_for_timeout(max(0.0, began + kills * KILL_EVERY - time.monotonic()) * 1000)
        ratios = {name: size / rows[SETTLED - 1][name] for name, size in rows[-1].items()}
        print("last / settled: " + ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items()))
        print(f"said in the browser's console: {said or 'nothing'}")
        return not said and max(ratios.values()) <= GROWTH


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--broker", default="embedded", choices=("embedded", "rabbitmq"))
    parser.add_argument("--ready", type=int, default=10_000)
    asked = parser.parse_args()
    if asked.minutes <= SETTLED:
        parser.error(f"--minutes must be more than {SETTLED}: until then the figures settle")
    sys.exit(not soak(asked.minutes, asked.broker, asked.ready))


if __name__ == "__main__":
    main()
