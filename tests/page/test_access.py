"""What axe-core finds wrong with the page for people who do not see it, or see it otherwise: nothing, in any view or theme."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.demo import Demo, holder
from tests.page.scripted import load
from tests.page.stage import Stage

Visit = Callable[..., Stage]

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
RUN = """async () => (await axe.run()).violations.flatMap(rule => rule.nodes.map(node =>
  `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary.replace(/\\s+/g, ' ')}`))"""
LONG = "photo" + "." * 60

# What lies above the page: its name, what opens it, and what is there once it is open.
ABOVE = [
    ("broker's menu", "[data-role=broker]", "[role=menu]"),
    ("head's menu", "[data-role=more]", "[role=menu]"),
    ("lane's menu", "[data-role=lane-menu]:visible >> nth=0", "[role=menu]"),
    ("help", "[data-role=help]", "[data-dialog=help]"),
    ("reset", "[data-role=reset]", "[data-dialog=reset]"),
    ("a knob's words", "[data-role=info-ack]", "[data-info=ack]"),
    ("list of tasks", "[data-ledger=published]", "[data-dialog=list]"),
    ("methods of the wire", "[data-role=wire-methods]", "[popover]:popover-open"),
]
TABS = ("workers", "code", "output", "life")


class Looks:
    """Runs axe-core in one view after the other, and keeps what it finds by the views' names."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: list[str] = []
        page.evaluate(AXE.read_text())

    def at(self, view: str) -> None:
        self.found += [f"{view}: {line}" for line in self.page.evaluate(RUN)]

    def at_tabs(self, where: str) -> None:
        for tab in TABS:
            self.page.locator(f"[data-tab={tab}]").click()
            expect(self.page.locator(f"[data-tab={tab}]")).to_have_attribute("aria-selected", "true")
            self.at(f"{where}, {tab}")

    def at_what_opens(self) -> None:
        for name, button, opened in ABOVE:
            self.page.locator(button).click()
            expect(self.page.locator(opened)).to_be_visible()
            self.at(name)
            self.page.keyboard.press("Escape")
            expect(self.page.locator(opened)).to_have_count(0)


SCHEMES = ["light", pytest.param("dark", marks=pytest.mark.long)]


def killed(demo: Demo, ack: str) -> Demo:
    """A run in which a worker has died with a task, while the others are busy and more tasks wait."""
    demo.fresh(ack=ack)
    demo.submit(LONG, 2)
    demo.act(demo.once(lambda now: holder(now, 1), "somebody has it"), "stop")
    demo.once(lambda now: now["ledger"]["redelivered" if ack == "manual" else "lost"] == 1, "its end")
    demo.submit(LONG, 5)
    return demo


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_in_any_view(on_embedded: Demo, visit: Visit, scheme: str) -> None:
    demo = killed(on_embedded, "manual")
    stage = visit(demo, color_scheme=scheme, reduced_motion="reduce")
    stage.shows(redelivered=1, unacked=2, ready=5)
    looks = Looks(stage.page)
    looks.at_tabs("at work")
    looks.at_what_opens()
    stage.find("[data-role=time-pause]").click()
    expect(stage.find("body")).to_have_attribute("data-time", "past")
    looks.at_tabs("paused")
    stage.find("[data-role=time-live]").click()
    stage.page.keyboard.press("z")
    expect(stage.find("html")).to_have_attribute("data-type", "big")
    looks.at("big type")
    stage.page.keyboard.press("z")
    stage.page.set_viewport_size({"width": 390, "height": 844})
    looks.at_tabs("phone")
    killed(demo, "auto")
    expect(stage.find(".tray [data-place=lost]").first).to_be_attached()
    looks.at("auto-ack on a phone")
    stage.page.set_viewport_size({"width": 1280, "height": 720})
    looks.at_tabs("auto-ack")
    assert looks.found == [], "\n".join(looks.found)


# Lanes that are not ours: one at work, one cut off; and a producer that is not.
GUESTS = """() => {
  const frame = make.busy({ lanes: 2, each: 2, prefetch: 3, ready: 9, from: 7 });
  Object.assign(
    frame.workers,
    make.worker("guest-1", { kind: "guest", state: "idle", pid: null, order: 8 }),
    make.worker("guest-2", { kind: "guest", state: "cut", pid: null, order: 9, why: "cable cut" }),
  );
  frame.producers = { "send.py": { name: "send.py", kind: "guest", product: "pika", published: 3, up: true, order: 1 } };
  feed(frame);
}"""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_in_guests_links_questions_and_notes(fed: Callable[..., Page], scheme: str) -> None:
    page = fed(color_scheme=scheme, reduced_motion="reduce")
    load(page, "/?ack=auto&colour=red")
    page.evaluate(GUESTS)
    expect(page.locator(".lane")).to_have_count(4)
    page.locator(".toast").hover()  # what is looked at stays
    looks = Looks(page)
    looks.at("guests, a question and a note")
    page.keyboard.press("c")
    expect(page.locator("[data-dialog=share]")).to_be_visible()
    looks.at("a link")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 390, "height": 844})
    looks.at("the same on a phone")
    assert looks.found == [], "\n".join(looks.found)
