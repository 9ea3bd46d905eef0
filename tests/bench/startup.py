"""From `python -m webapp` on an installed checkout, embedded broker, until the page answers, and until everything is up."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from statistics import median

from tests.bench.clients import PATIENCE, Silent
from tests.bench.places import Scene
from tests.bench.table import Aim, Row, spread
from tests.broker.nodes import free_ports
from tests.fake_engine import CHECKOUT

ROUNDS = 5
AIM = Aim(2)
LOOK_EVERY = 0.01  # seconds


def answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=PATIENCE) as response:
        return bool(response.status == 200)
    return False


def start(scene: Scene) -> tuple[float, float]:
    """Seconds until the page answered with 200, and until /healthz did."""
    (port,) = free_ports(1)
    flags = ("--port", str(port), "--amqp-port", "0", "--data", str(scene.folder()), "--no-open")
    quiet = subprocess.DEVNULL
    began = time.monotonic()
    web = subprocess.Popen(
        [sys.executable, "-m", "webapp", *flags], cwd=CHECKOUT, stdin=quiet, stdout=quiet, stderr=quiet
    )

    def seconds_until(path: str) -> float:
        while not answers(f"http://127.0.0.1:{port}{path}"):
            if web.poll() is not None or time.monotonic() - began > PATIENCE:
                raise Silent(f"{path} never answered")
            time.sleep(LOOK_EVERY)
        return time.monotonic() - began

    try:
        return seconds_until("/"), seconds_until("/healthz")
    finally:
        web.send_signal(signal.SIGTERM)
        web.wait()


def measure(scene: Scene, size: float) -> Iterator[Row]:
    rounds = [start(scene) for _ in range(max(1, round(ROUNDS * size)))]
    for what, times in zip(("the page answers", "everything is up"), zip(*rounds, strict=True), strict=True):
        yield Row(f"python -m webapp: {what}", median(times), "s", AIM, spread(times))
