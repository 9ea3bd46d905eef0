"""`make pictures`: the README's pictures, taken of the real page in the middle of the action."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests import needs
from tests.demo import Demo, worker
from tests.fake_engine import CHECKOUT
from tests.page.conftest import FLAGS
from tests.page.stage import Stage

DOCS = CHECKOUT / "docs"
SIZES = {"": (1280, 720), "-phone": (390, 844)}


def comes_back(demo: Demo, stage: Stage) -> None:
    """The stage at the instant after the task of a stopped worker has reached another lane."""
    demo.fresh()
    for body in ("resize..", "photo......", "video........"):
        demo.submit(body)
    stage.shows(done=1, unacked=2)
    stage.page.wait_for_timeout(700)
    demo.act(stage.holder(2), "stop")
    expect(stage.find(".trail[data-second]").first).to_be_attached()
    stage.page.wait_for_timeout(900)


def lost(demo: Demo, stage: Stage) -> None:
    """The same under auto-ack: two tombstones, and nothing comes back."""
    demo.fresh(ack="auto")
    demo.submit("photo....", 6)
    stage.shows(at_risk=6)
    stage.page.wait_for_timeout(1500)
    demo.act("worker-2", "stop")
    stage.shows(lost=2)
    stage.page.wait_for_timeout(1500)


def held(demo: Demo, stage: Stage) -> None:
    """An ack that hangs in mid-air, between the worker that has said it and the broker that has not heard it."""
    demo.fresh()
    name = "worker-2"
    demo.act(name, "hold", method="basic.ack")
    demo.submit("photo....", 6)
    demo.once(lambda state: worker(state, name)["faults"]["held"], "a held ack", 30)
    stage.page.wait_for_timeout(1500)


def save(page: Page, name: str) -> None:
    file = DOCS / f"{name}.png"
    page.screenshot(path=file)
    print(file.relative_to(CHECKOUT))


def main() -> None:
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as data, Demo(Path(data)) as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs.CHROMIUM, args=FLAGS)
        stages = {}
        for scheme in ("dark", "light"):
            for size, (width, height) in SIZES.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme
                )
                stages[scheme + size] = Stage(context.new_page(), demo)
                stages[scheme + size].open()
        for scene in (comes_back, lost, held):
            scene(demo, stages["dark"])
            for name, stage in stages.items():
                save(stage.page, f"{scene.__name__.replace('_', '-')}-{name}")
        browser.close()


if __name__ == "__main__":
    main()
