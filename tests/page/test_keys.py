"""Keys for everything, a remote's too: what help lists is what happens; what would be a slip does not."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.demo import Demo
from tests.page.scripted import show, until
from tests.page.stage import Stage

Visit = Callable[..., Stage]

# Every verb that goes up, as it goes up; `changed` is how a view asks to be drawn anew, and no key sends it.
VERBS = """() => {
  window.verbs = [];
  const send = EventTarget.prototype.dispatchEvent;
  EventTarget.prototype.dispatchEvent = function (event) {
    if (event instanceof CustomEvent && event.type !== 'changed') window.verbs.push([event.type, event.detail]);
    return send.call(this, event);
  };
}"""

PRESSED = {" ": "Space"}  # as Playwright names them, where it is not as the browser does


@pytest.fixture
def demo(on_embedded: Demo) -> Demo:
    return on_embedded.fresh()


def test_help_lists_every_key_and_every_key_does_it(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    keys = stage.page.evaluate("import('/static/js/view/keys.js').then(m => m.KEYS)")
    stage.page.keyboard.press("?")
    expect(stage.find("[data-dialog=help]")).to_be_visible()
    names = stage.find("[data-dialog=help] .keys dt").all_inner_texts()
    words = stage.find("[data-dialog=help] .keys dd").all_inner_texts()
    assert len(names) == len(words) == len(keys) > 10
    assert all(names)
    assert all(words)
    stage.page.keyboard.press("Escape")
    stage.page.evaluate(VERBS)
    for key in keys:
        # full screen has a test of its own: there Escape leaves it
        for name in key["keys"] if "verb" in key and key["verb"] not in ("nothing", "full") else ():
            stage.page.evaluate("window.verbs = []")
            stage.page.keyboard.press(PRESSED.get(name, re.sub(r"^Shift\+(\d)", r"Shift+Digit\1", name)))
            assert stage.page.evaluate("window.verbs[0]?.[0]") == key["verb"], name
            stage.page.keyboard.press("Escape")  # whatever it opened, and out of the field
            expect(stage.find("dialog")).to_have_count(0)


def test_digits_stop_and_with_shift_start_again(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    press = stage.page.keyboard.press
    expect(stage.lane("worker-2")).to_have_attribute("data-state", "idle")
    press("2")
    expect(stage.lane("worker-2")).to_have_attribute("data-state", "stopped")
    press("Shift+Digit2")
    expect(stage.lane("worker-2")).to_have_attribute("data-state", "idle")
    press("w")
    expect(stage.lane("worker-4")).to_have_attribute("data-state", "idle")


def test_the_ack_mode_is_toggled_once_however_nervous_the_finger(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    stage.page.evaluate(VERBS)
    stage.page.evaluate(
        """() => { for (let n = 0; n < 3; n++)  // at once: before the first is answered
             document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'a', bubbles: true, cancelable: true})); }"""
    )
    expect(stage.find("[data-role=ack-auto]")).to_be_checked()
    assert [verb for verb, _ in stage.page.evaluate("window.verbs")] == ["toggle-ack"]


def test_a_worker_is_added_for_each_press_and_each_click_however_quick(fed: Callable[..., Page]) -> None:
    page = fed()
    show(page, "busy", {"lanes": 3})
    page.keyboard.press("w")
    page.keyboard.press("w")
    assert page.evaluate("window.asked") == [{"do": "add"}] * 2
    page.locator("[data-role=add-worker]").dblclick()
    assert page.evaluate("window.asked") == [{"do": "add"}] * 4


def test_no_key_reaches_the_workers_while_something_lies_above_the_page_or_somebody_types(
    demo: Demo, visit: Visit
) -> None:
    stage = visit(demo)
    press = stage.page.keyboard.press
    stage.page.evaluate(VERBS)
    press("?")
    press("2")
    press("Escape")
    expect(stage.find("[data-dialog]")).to_have_count(0)
    stage.press("worker-1", "lane-menu")
    press("2")
    press("Escape")
    press("n")
    press("2")
    expect(stage.find("[data-role=field]")).to_have_value("2")
    press("Escape")
    verbs = [verb for verb, _ in stage.page.evaluate("window.verbs")]
    assert verbs == ["help", "field"]
    press("2")
    expect(stage.lane("worker-2")).to_have_attribute("data-state", "stopped")


def test_reset_by_key_asks_and_enter_does_not_say_yes(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    demo.submit("x")
    stage.shows(done=1)
    stage.page.keyboard.press("r")
    expect(stage.find("[data-dialog=reset]")).to_be_visible()
    stage.page.keyboard.press("Enter")
    expect(stage.find("[data-dialog=reset]")).to_have_count(0)
    stage.shows(published=1)


def test_full_screen_big_type_and_theme_by_key(demo: Demo, visit: Visit) -> None:
    stage = visit(demo, color_scheme="light")
    html = stage.find("html")
    stage.page.keyboard.press("f")
    until(stage.page, "document.fullscreenElement !== null")
    stage.page.evaluate("window.loaded = true")
    stage.page.keyboard.press("F5")  # a remote's start button
    assert stage.page.evaluate("window.loaded") is True
    stage.page.keyboard.press("f")
    until(stage.page, "document.fullscreenElement === null")
    stage.page.keyboard.press("z")
    expect(html).to_have_attribute("data-type", "big")
    stage.page.keyboard.press("t")
    expect(html).to_have_attribute("data-theme", "dark")
    stage.page.reload()
    stage.live()
    expect(html).to_have_attribute("data-type", "big")
    expect(html).to_have_attribute("data-theme", "dark")


def test_a_key_that_waits_for_a_digit_is_not_forgotten_however_long_it_is_held(
    fed: Callable[..., Page],
) -> None:
    page = fed()
    show(page, "busy", {"lanes": 3})
    page.keyboard.down("h")
    page.keyboard.down("h")  # the keyboard repeats it
    page.keyboard.up("h")
    expect(page.locator(".prompt")).to_be_visible()
    page.keyboard.press("1")
    expect(page.locator(".prompt")).to_be_hidden()
    assert page.evaluate("window.asked.map(each => each.action)") == ["hold"], "a kill instead of a hold"


def test_escape_in_full_screen_closes_first_what_is_open_and_then_leaves_it(
    fed: Callable[..., Page],
) -> None:
    page = fed()
    page.evaluate(
        """() => {
          const lock = navigator.keyboard.lock.bind(navigator.keyboard);
          navigator.keyboard.lock = keys => lock(keys).then(() => { window.locked = keys; });
        }"""
    )
    full = "document.fullscreenElement !== null"
    show(page, "busy", {"lanes": 3})
    page.keyboard.press("f")
    until(page, full)
    until(page, "window.locked?.[0] === 'Escape'")  # without it the browser leaves at once
    for opens, opened in (("?", "dialog"), ("c", "dialog")):
        page.keyboard.press(opens)
        expect(page.locator(opened)).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(opened)).to_have_count(0)
        assert page.evaluate(full)
    page.locator("[data-role=more]").click()
    page.keyboard.press("Escape")
    expect(page.locator(".menu")).to_have_count(0)
    page.locator(".lane .runner").first.click()
    expect(page.locator(".pinned")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".pinned")).to_be_hidden()
    assert page.evaluate(full)
    page.keyboard.press("Escape")
    until(page, "document.fullscreenElement === null")
