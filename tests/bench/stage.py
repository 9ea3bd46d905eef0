"""What the page costs the browser: script in each frame, frames a second, and the heap over a long run."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pika
from playwright.sync_api import CDPSession, Page, sync_playwright

from tests import needs
from tests.bench import trace
from tests.bench.places import Scene, url
from tests.bench.table import Aim, Row, percentile
from tests.page.conftest import FLAGS
from tests.page.scripted import script
from tests.page.stage import Stage

LANES = 8
LIVE = 500
RATE = 200  # tasks a second
EVERY = 25  # one in so many takes a second: so eight lanes do about RATE, and LIVE tasks stay about that many
READY = 10_000

# An hour of frames, at each frame of the browser two seconds of them; the heap is asked for by whoever started it.
SOAK = """([hours, run]) => new Promise(done => {
  window.run ??= make.soak(run);
  const frames = hours * 3600 * run.fps;
  let fed = 0;
  const step = () => {
    for (let i = 0; i < 2 * run.fps && fed < frames; i++, fed++) feed(window.run.next());
    if (fed < frames) requestAnimationFrame(step);
    else setTimeout(() => done(window.run.count()), 500);
  };
  step();
})"""


@contextlib.contextmanager
def chromium() -> Iterator[Page]:
    needs.chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs.CHROMIUM, args=FLAGS)
        yield browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
        browser.close()


def frames(scene: Scene, size: float) -> Iterator[Row]:
    """Script in each frame of the page: 8 lanes, prefetch 60, 500 live tasks, 200 a second coming and going. From Chromium's trace."""
    seconds = max(2.0, 12 * size)
    with (
        scene.demo("embedded", "--workers", str(LANES), "--prefetch", "60") as demo,
        chromium() as page,
    ):
        demo.once(lambda state: all(w["state"] == "idle" for w in state["workers"]), "idle workers")
        Stage(page, demo).open()
        with stream(demo.amqp_port(), LIVE):
            demo.once(lambda state: state["ledger"]["unacked"] > LANES * 40, "hands full")
            page.wait_for_timeout(1000)
            browser = page.context.browser
            assert browser is not None
            browser.start_tracing(page=page, categories=trace.CATEGORIES)
            page.wait_for_timeout(seconds * 1000)
            found = trace.read(browser.stop_tracing())
            ledger = demo.state()["ledger"]
    live = ledger["ready"] + ledger["unacked"]
    note = f"{len(found.script):,} frames, {live:,} live tasks at the end, {ledger['done']:,} done"
    yield Row("script a frame, median", percentile(found.script, 50), "ms", note=note)
    yield Row("script a frame, p95", percentile(found.script, 95), "ms", Aim(6))
    yield Row("  of it processor time, p95", percentile(found.computing, 95), "ms", Aim(6))
    yield Row("style, layout and paint a frame, p95", percentile(found.drawing, 95), "ms")
    yield Row("main thread a frame, processor time, p95", percentile(found.busy, 95), "ms")
    yield Row("frames a second", found.rate, "", Aim(60, least=True) if size >= 1 else None)


def heap(scene: Scene, size: float) -> Iterator[Row]:
    """The page's heap after a collection: a minute of the real thing with 10,000 ready; and an hour of frames, fed 120 times as fast."""
    with scene.demo("embedded", "--workers", "0") as demo, chromium() as page:
        Stage(page, demo).open()
        with stream(demo.amqp_port(), round(READY * min(1.0, size)), consume=True):
            demo.once(lambda state: state["ledger"]["ready"] > 0.9 * READY * min(1.0, size), "a long queue")
            page.wait_for_timeout(15_000 * size)
            early = used(page)
            page.wait_for_timeout(60_000 * size)
            late = used(page)
            done = demo.state()["ledger"]["done"]
        yield Row("real, after 15 s", early, "MB")
        yield Row("real, a minute later", late, "MB", note=f"{done:,} tasks done, {READY:,} ready")
        yield Row("  later / early", late / early, "", Aim(1.1) if size >= 1 else None)
        run = {"lanes": LANES, "each": 5, "ready": READY, "rate": RATE, "fps": 30}
        fresh = page.context.new_page()
        script(fresh, demo.url())
        page.close()
        numbers = []
        for hours in (0.1 * size, 0.45 * size, 0.45 * size):
            tasks = fresh.evaluate(SOAK, [hours, run])
            numbers.append(used(fresh))
        yield Row("fed, after 6 min of frames", numbers[0], "MB")
        yield Row("fed, after half an hour", numbers[1], "MB")
        yield Row("fed, after an hour", numbers[2], "MB", note=f"{tasks:,} tasks, {READY:,} ready")
        yield Row("  an hour / half an hour", numbers[2] / numbers[1], "", Aim(1.05) if size >= 1 else None)


def used(page: Page) -> float:
    """Megabytes of the page's JavaScript heap after a full collection."""
    cdp: CDPSession = page.context.new_cdp_session(page)
    for _ in range(2):
        cdp.send("HeapProfiler.collectGarbage")
    usage: dict[str, Any] = cdp.send("Runtime.getHeapUsage")
    cdp.detach()
    return float(usage["usedSize"]) / 1e6


@contextlib.contextmanager
def stream(port: int, first: int, *, consume: bool = False) -> Iterator[None]:
    """`first` tasks at once, then RATE a second, until it is left. With `consume`, a client that acknowledges as many a second."""
    over = threading.Event()
    jobs: list[Callable[[], None]] = [lambda: _publish(port, first, over)]
    if consume:
        jobs.append(lambda: _consume(port, over))
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _publish(port: int, first: int, over: threading.Event) -> None:
    with pika.BlockingConnection(pika.URLParameters(url(port))) as connection:
        channel = connection.channel()
        count = 0
        began = time.monotonic()
        while not over.is_set():
            due = first + (time.monotonic() - began) * RATE
            while count < due:
                count += 1
                channel.basic_publish("", "task_queue", b"work." if count % EVERY == 0 else b"work")
            connection.sleep(0.02)


def _consume(port: int, over: threading.Event) -> None:
    with pika.BlockingConnection(pika.URLParameters(url(port))) as connection:
        channel = connection.channel()
        channel.basic_qos(prefetch_count=20)
        hands: list[int] = []
        channel.basic_consume("task_queue", lambda _c, method, _p, _body: hands.append(method.delivery_tag))
        done = 0
        began = time.monotonic()
        while not over.is_set():
            while hands and done < (time.monotonic() - began) * RATE:
                channel.basic_ack(hands.pop(0))
                done += 1
            connection.sleep(0.02)
