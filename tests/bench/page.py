"""How late the page is, and how soon it is there."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections.abc import Iterator
from statistics import median
from typing import Any

import pika
import socketio

from tests.bench.places import Scene, url
from tests.bench.table import Aim, Row, percentile, spread
from tests.demo import Demo

RATE = 200  # tasks a second


def latency(scene: Scene, size: float) -> Iterator[Row]:
    """From just before basic.publish to the frame that carries the task, at 200 tasks a second, three workers busy."""
    count = round(2_000 * size)
    sent: dict[str, float] = {}
    late: dict[str, float] = {}
    with scene.demo("embedded", "--workers", "3", "--prefetch", "10") as demo:
        page = socketio.Client()
        everything = threading.Event()

        @page.on("frame")
        def frame(*them: dict[str, Any]) -> None:
            now = time.monotonic()
            for it in them:
                if it["n"] % 10 == 0:  # as the browser does: who says nothing gets no more
                    page.emit("seen", {"n": it["n"]})
                for task in it.get("tasks") or {}:
                    if task in sent and task not in late:
                        late[task] = (now - sent[task]) * 1000
                if len(late) >= count:
                    everything.set()

        page.connect(demo.url())
        demo.once(lambda state: all(w["state"] == "idle" for w in state["workers"]), "idle workers")
        with pika.BlockingConnection(pika.URLParameters(url(demo.amqp_port()))) as connection:
            channel = connection.channel()
            began = time.monotonic()
            for n in range(count):
                while time.monotonic() < began + n / RATE:
                    connection.sleep(0.001)
                name = f"bench-{n}"
                sent[name] = time.monotonic()
                channel.basic_publish("", "task_queue", b"x", pika.BasicProperties(message_id=name))
        everything.wait(10)
        page.disconnect()
    numbers = list(late.values())
    note = f"{len(numbers):,} of {count:,} tasks seen by name"
    yield Row("event to frame, median", median(numbers), "ms", spread=spread(numbers), note=note)
    yield Row("event to frame, p95", percentile(numbers, 95), "ms", Aim(50))


def startup(scene: Scene, size: float) -> Iterator[Row]:
    """From the command to the first page, on the embedded broker; and to three workers that wait for a task."""
    pages, workers = [], []
    for _ in range(max(1, round(5 * size))):
        began = time.monotonic()
        with Demo(scene.folder()) as demo:
            urllib.request.urlopen(demo.url()).close()
            pages.append(time.monotonic() - began)
            demo.once(
                lambda state: [w["state"] for w in state["workers"]] == ["idle"] * 3, "three idle workers"
            )
            workers.append(time.monotonic() - began)
    yield Row("the page answers", median(pages), "s", Aim(2), spread(pages))
    yield Row("three workers wait", median(workers), "s", spread=spread(workers))
