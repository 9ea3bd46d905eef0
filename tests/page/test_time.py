"""Time on the page: it can be stopped, wound back and slowed down, while what runs runs on; and it always shows that it is not now."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.demo import Demo, holder
from tests.fake_engine import until
from tests.page.conftest import Windows
from tests.page.stage import Stage
from tests.page.test_air import tell, working
from tests.page.test_truth import agree

Visit = Callable[..., Stage]
Open = Callable[..., Page]

LONG = "photo" + "." * 30
BEHIND = re.compile(r"(\d+(?:\.\d)?) s behind")
PLANES = "[...document.querySelectorAll('.plane')].map(node => node.style.transform)"


def state(stage: Stage) -> Locator:
    return stage.find("[data-role=time-state]")


def said(stage: Stage) -> str:
    return stage.find("[data-role=time-said]").inner_text()


def behind(stage: Stage) -> float:
    """Seconds, as the page says them."""
    found = BEHIND.search(state(stage).inner_text())
    assert found, state(stage).inner_text()
    return float(found[1])


def past(stage: Stage, is_past: bool = True) -> None:
    expect(stage.find("body")).to_have_attribute("data-time", "past" if is_past else "live")


def step(stage: Stage, key: str) -> str:
    """One step, and the event that it led to."""
    before = said(stage)
    stage.page.keyboard.press(key)
    until(lambda: said(stage) != before, f"another event than {before!r}")
    return said(stage)


def back_to(stage: Stage, words: str) -> None:
    passed: list[str] = []
    while len(passed) < 60:
        passed.append(step(stage, "ArrowLeft"))
        if words in passed[-1]:
            return
    raise AssertionError(f"no event with {words!r} in {passed}")


def blur(stage: Stage) -> None:
    stage.page.evaluate("document.activeElement.blur()")


def test_paused_the_picture_stands_and_the_system_runs_on(on_embedded: Demo, visit: Visit) -> None:
    demo = on_embedded.fresh()
    stage, other = visit(demo), visit(demo)
    demo.submit(LONG)
    stage.task(1, "lane").wait_for()
    stage.page.keyboard.press(".")
    past(stage)
    expect(state(stage)).to_have_text(BEHIND)
    age, digits = stage.lane(stage.holder(1)).locator(".time"), stage.find("[data-role=time-digits]")
    stage.page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    stood = (age.all_inner_texts(), digits.inner_text(), behind(stage))
    demo.submit("x.", 4)
    other.shows(done=4)
    until(lambda: behind(stage) > stood[2] + 1, "more seconds behind")
    assert (age.all_inner_texts(), digits.inner_text()) == stood[:2]
    stage.shows(published=1, done=0)
    past(other, False)
    expect(stage.find(".link")).to_have_text("in the past")


def test_paused_what_flies_stays_in_mid_air(fed: Open) -> None:
    page = fed(own=True)
    story = working(page, 3)
    story.ack(2)
    tell(page, story, 100)
    began = page.evaluate(PLANES)
    page.clock.run_for(100)
    flying = page.evaluate(PLANES)
    assert began and flying and began != flying
    page.keyboard.press(".")
    page.clock.run_for(100)
    stands = page.evaluate(PLANES)
    page.clock.run_for(3000)
    assert page.evaluate(PLANES) == stands != []
    page.keyboard.press(" ")
    page.clock.run_for(2000)
    assert page.evaluate(PLANES) == []


def test_a_kill_step_by_step(on_embedded: Demo, visit: Visit) -> None:
    """The chip is in the lane, then crossed out while the task is ready again, then on another lane."""
    demo = on_embedded.fresh()
    stage = visit(demo)
    demo.submit(LONG)
    victim = demo.once(lambda now: holder(now, 1), "somebody has it")
    demo.act(victim, "stop")
    stage.shows(redelivered=1, unacked=1)
    heir = stage.holder(1)
    back_to(stage, "kill -9")
    step(stage, "ArrowLeft")
    lane = '[data-task="1"][data-place={}]'.format
    expect(stage.lane(victim).locator(lane("lane"))).to_have_count(1)
    expect(stage.lane(victim)).to_have_attribute("data-state", "working")
    stage.shows(redelivered=0, unacked=1, ready=0)

    seen = []
    while not seen or "redelivered" not in seen[-1]:
        seen.append(step(stage, "ArrowRight"))
        if "tcp closed" in seen[-1]:
            expect(stage.lane(victim).locator(lane("dropped"))).to_have_count(1)
            expect(stage.lane(victim)).to_have_attribute("data-state", re.compile("stopped|cut|starting"))
            expect(stage.lane(heir).locator(lane("lane"))).to_have_count(0)
            expect(stage.task(1, "ready")).to_have_count(1)
            stage.shows(redelivered=0, unacked=0, ready=1)
    assert [words for words in seen if "tcp closed" in words]
    expect(stage.lane(heir).locator(lane("lane"))).to_have_count(1)
    expect(stage.lane(victim).locator(lane("dropped"))).to_have_count(1)
    stage.shows(redelivered=1, unacked=1, ready=0)
    past(stage)
    assert stage.page.evaluate(PLANES) == [], "at an event nothing is in mid-air"


def test_back_to_a_moment_before_the_page_was_opened(on_embedded: Demo, visit: Visit) -> None:
    demo = on_embedded.fresh()
    demo.submit("early.")
    demo.once(lambda now: now["ledger"]["done"] == 1, "done")
    attempt = demo.task(1)["attempts"][0]
    demo.act("worker-2", "stop")
    stage = visit(demo)
    stage.shows(done=1)
    expect(stage.find(".time-map line")).to_have_count(1)
    scrub = stage.find("[data-role=scrub]")
    middle = (attempt["delivered_at"] + attempt["ended_at"]) / 2
    scrub.evaluate(
        "(node, t) => { node.value = t; node.dispatchEvent(new Event('input', {bubbles: true})); }", middle
    )
    past(stage)
    stage.shows(published=1, done=0, unacked=1)
    assert stage.holder(1) == attempt["worker"]
    expect(stage.lane("worker-2")).not_to_have_attribute("data-state", "stopped")
    scrub.press("Home")
    stage.shows(published=0)
    assert float(scrub.input_value()) == pytest.approx(float(scrub.get_attribute("min") or "nan"), abs=0.01)
    scrub.press("ArrowRight")
    until(lambda: said(stage).startswith("00:0"), "the first event")
    scrub.press("End")
    past(stage, False)
    stage.shows(done=1)
    expect(stage.lane("worker-2")).to_have_attribute("data-state", "stopped")


def test_slow_motion_falls_behind_and_fast_catches_up(on_embedded: Demo, visit: Visit) -> None:
    demo = on_embedded.fresh()
    stage = visit(demo)
    for _ in range(3):
        stage.page.keyboard.press("[")
    expect(stage.find("[data-role=rate]")).to_have_value("0.1")
    past(stage)
    demo.submit("x.", 2)
    demo.once(lambda now: now["ledger"]["done"] == 2, "done")
    stage.shows(done=0)
    until(lambda: behind(stage) > 1, "a second behind")
    stage.find("[data-role=rate]").select_option("4")
    past(stage, False)
    stage.shows(done=2)
    expect(stage.find("[data-role=rate]")).to_have_value("1")


def test_back_to_live_is_what_a_live_page_shows(on_embedded: Demo, visit: Visit) -> None:
    demo = on_embedded.fresh()
    stage, other = visit(demo), visit(demo)
    demo.submit("photo..", 4)
    stage.shows(published=4)
    for key in (
        ".",
        "ArrowLeft",
        "ArrowLeft",
        "Shift+ArrowLeft",
        "Home",
        "ArrowRight",
        "Shift+ArrowRight",
        " ",
    ):
        stage.page.keyboard.press(key)
    past(stage)
    demo.act("worker-1", "stop")
    other.shows(done=4)
    stage.find("[data-role=time-live]").click()
    past(stage, False)
    agree(demo, stage, other)
    for key in ("l", "End"):
        stage.page.keyboard.press(".")
        past(stage)
        stage.page.keyboard.press(key)
        past(stage, False)
    agree(demo, stage, other)


def test_what_one_does_is_done_now_and_the_page_says_so(on_embedded: Demo, visit: Visit) -> None:
    demo = on_embedded.fresh()
    stage = visit(demo)
    stage.page.keyboard.press(".")
    past(stage)
    stage.press("worker-3", "stop")
    expect(stage.find(".time-note")).to_contain_text("done now")
    demo.once(lambda now: now["workers"][2]["state"] == "stopped", "stopped")
    expect(stage.lane("worker-3")).to_have_attribute("data-state", "idle")
    stage.find("[data-role=ack-auto]").click()
    demo.once(lambda now: now["settings"]["ack"] == "auto", "auto-ack")
    expect(stage.find("[data-role=ack-manual]")).to_be_checked()
    past(stage)
    blur(stage)
    expect(stage.find(".time-note")).to_be_visible()
    stage.page.keyboard.press("l")
    past(stage, False)
    assert stage.find(".time-note").is_hidden(), "of the past nothing is said of the present"
    expect(stage.lane("worker-3")).to_have_attribute("data-state", "stopped")
    expect(stage.find("[data-role=ack-auto]")).to_be_checked()


def test_of_the_past_nothing_is_announced(on_embedded: Demo, visit: Visit) -> None:
    demo = on_embedded.fresh()
    stage, other = visit(demo), visit(demo)
    stage.page.keyboard.press(".")
    past(stage)
    demo.act("worker-2", "stop")
    expect(other.find("#live")).to_contain_text("worker-2 was stopped")
    expect(stage.find("#live")).to_be_empty()
    stage.page.keyboard.press("l")
    expect(stage.lane("worker-2")).to_have_attribute("data-state", "stopped")
    assert "live" in said(stage).lower()
    demo.act("worker-3", "stop")
    expect(stage.find("#live")).to_contain_text("worker-3 was stopped")
    assert "worker-2" not in stage.find("#live").inner_text()


def test_a_new_run_ends_the_past(on_embedded: Demo, visit: Visit) -> None:
    demo = on_embedded.fresh()
    stage = visit(demo)
    demo.submit("x.")
    stage.shows(done=1)
    stage.page.keyboard.press("ArrowLeft")
    past(stage)
    demo.fresh()
    past(stage, False)
    expect(stage.find(".time-note")).to_contain_text("fresh run")
    stage.shows(published=0)
    agree(demo, stage)


def test_without_the_server_what_was_seen_can_be_stepped_through(
    on_embedded: Demo, visit: Visit, windows: Windows
) -> None:
    demo = on_embedded.fresh()
    stage = visit(demo)
    demo.submit("x.")
    stage.shows(done=1)
    windows.deafen(stage.page)
    stage.page.context.set_offline(True)
    expect(stage.find("body")).to_have_attribute("data-link", "reconnecting")
    back_to(stage, "basic.deliver")
    stage.shows(done=0, unacked=1)
    stage.page.context.set_offline(False)
    stage.page.keyboard.press("l")
    stage.live()
    stage.shows(done=1)


def test_the_space_bar_presses_the_button_that_tab_has_led_to(on_embedded: Demo, visit: Visit) -> None:
    stage = visit(on_embedded.fresh())
    stage.find("[data-role=time-pause]").focus()
    stage.page.keyboard.press(" ")
    past(stage)
    stage.page.keyboard.press(" ")
    expect(state(stage)).to_contain_text("playing")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844), (320, 568), (200, 400), (2560, 1440)])
def test_the_bar_is_in_reach_and_nothing_sticks_out(
    on_embedded: Demo, visit: Visit, width: int, height: int
) -> None:
    stage = visit(on_embedded.fresh(), width, height)
    for wanted in ("live", "past"):
        if wanted == "past":
            stage.find("[data-role=time-pause]").click()
        expect(stage.find("body")).to_have_attribute("data-time", wanted)
        for role in ("time-pause", "time-back", "time-on", "scrub", "rate", "time-live"):
            box = stage.find(f"[data-role={role}]").bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width, role
            if height >= 700:
                assert box["y"] + box["height"] <= height, role
    assert stage.find("#time").evaluate("node => node.scrollWidth <= node.clientWidth")
