"""The wire on the page: who said what, filtered by task, by who took part and by method."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.demo import Demo
from tests.fake_engine import until
from tests.page.stage import Stage

Visit = Callable[..., Stage]


@pytest.fixture
def demo(on_embedded: Demo) -> Demo:
    return on_embedded.fresh()


def said(stage: Stage) -> list[str]:
    """The lines as somebody reads them: who spoke, to whom, and what."""
    lines: list[str] = stage.find(".wire-line").evaluate_all(
        "all => all.map(n => [...n.children].map(c => c.textContent).filter(Boolean).join(' '))"
    )
    return lines


def line(stage: Stage, *texts: str) -> Locator:
    lines = stage.find(".wire-line")
    for text in texts:
        lines = lines.filter(has_text=text)
    return lines


def test_a_death_on_the_wire_and_who_said_each_line(on_either: Demo, visit: Visit) -> None:
    on_either.fresh()
    stage = visit(on_either)
    stage.submit("photo......")
    dead = stage.holder(1)
    stage.press(dead, "stop")
    stage.shows(done=1)
    second = on_either.task(1)["worker"]
    expect(line(stage, "kill -9").last).to_have_attribute("data-speaker", "engine")
    expect(line(stage, dead, "tcp closed").last).to_have_attribute("data-speaker", "client")
    redelivery = line(stage, second, "basic.deliver", "redelivered")
    expect(redelivery).to_have_attribute("data-speaker", "broker")
    expect(redelivery).to_contain_text("▣ broker")
    ack = line(stage, second, "basic.ack", "tag=")
    expect(ack).to_have_attribute("data-speaker", "client")
    expect(ack).to_contain_text(f"▸ {second}")
    texts = said(stage)
    ended = max(i for i, text in enumerate(texts) if dead in text and "tcp closed" in text)
    assert any("basic.deliver" in text and "#1" in text for text in texts[:ended])
    assert any("basic.ack" in text and second in text for text in texts[ended:])

    stage.find("[data-role=wire-who]").select_option(dead)
    expect(line(stage, second)).to_have_count(0)
    expect(line(stage, "basic.deliver", "#1")).to_have_count(1)
    expect(line(stage, "redelivered")).to_have_count(0)


def test_filters_can_be_combined_and_taken_back(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    demo.submit("x", 3)
    stage.shows(done=3)
    showing = stage.find("[data-role=wire-showing]")
    expect(showing).to_contain_text("lines")
    stage.find("[data-role=wire-methods]").click()
    for name in ("deliver", "ack"):
        stage.find("#wire-methods").get_by_label(name, exact=True).check()
    stage.page.keyboard.press("Escape")
    expect(stage.find("#wire-methods")).to_be_hidden()
    expect(stage.find(".wire-line")).to_have_count(6)
    expect(showing).to_contain_text("showing 6 of ")
    line(stage, "#2").first.click()
    expect(stage.find(".wire-line")).to_have_count(2)
    worker = demo.task(2)["worker"]
    stage.find("[data-role=wire-who]").select_option("broker")
    expect(stage.find(".wire-line")).to_have_count(1)
    expect(stage.find(".wire-line")).to_contain_text(f"broker→{worker}basic.deliver")
    demo.submit("y", 5)  # what passes meanwhile does not loosen it
    stage.shows(done=8)
    expect(stage.find(".wire-line")).to_have_count(1)
    stage.find("[data-role=wire-only]").click()
    expect(stage.find(".wire-line")).to_have_count(8)
    stage.find("[data-role=wire-reset]").click()
    expect(stage.find("[data-role=wire-reset]")).to_be_hidden()
    until(lambda: len(said(stage)) > 20, "all the lines again")
    expect(stage.find(".pinned")).to_contain_text("#2")  # it is let go of beside its name


def test_who_scrolls_up_reads_on_and_is_led_back_to_the_newest(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    demo.submit("x", 20)
    stage.shows(done=20)
    lines = stage.find(".wire-lines")
    newest = stage.find("[data-role=newest]")
    expect(newest).to_be_hidden()
    lines.hover()
    stage.page.mouse.wheel(0, -600)
    expect(newest).to_be_visible()
    at = lines.evaluate("n => n.scrollHeight - n.scrollTop")
    demo.submit("y", 3)
    stage.shows(done=23)
    expect(line(stage, "#23", "basic.ack").last).to_be_attached()
    assert lines.evaluate("n => n.scrollHeight - n.scrollTop") > at  # it stood still: the end is further away
    newest.click()
    expect(newest).to_be_hidden()
    until(
        lambda: lines.evaluate("n => n.scrollHeight - n.scrollTop - n.clientHeight") < 2, "the end of the log"
    )


def test_what_is_not_kept_is_told(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    demo.submit("x", 400)
    stage.shows(done=400)
    showing = stage.find("[data-role=wire-showing]")
    expect(showing).to_have_text(re.compile(r"^the last \d+ lines are kept"))
    stage.find("[data-role=wire-who]").select_option("worker-1")
    expect(showing).to_contain_text("showing ")
