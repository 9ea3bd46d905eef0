"""The ways to die, on the page: what survives, how the broker noticed, what was done twice, and who is gone."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.demo import Demo
from tests.fake_engine import Web
from tests.page.scripted import show, until
from tests.page.stage import Stage
from tests.test_crash import children

Open = Callable[..., Page]
Visit = Callable[..., Stage]

SOON = 8_000  # ms, for what must not wait for Socket.IO's own pings, ten seconds apart

BOXES = """() => Object.fromEntries([...document.querySelectorAll('.lane, .shelf, .graves, .col-head, .form, .foot, .ledger')]
  .map((node, i) => { const b = node.getBoundingClientRect();
    return [`${i} ${node.className}`, [b.left, b.top, b.width, b.height].map(Math.round).join()]; }))"""
REMEMBER = """() => { window.links = [];
  new MutationObserver(() => window.links.push(document.body.dataset.link)).observe(document.body, {attributeFilter: ['data-link']}); }"""


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with Web("--port", "0", "--amqp-port", "1") as web:
        yield web


def role(page: Page, name: str) -> Locator:
    return page.locator(f"[data-role={name}]")


def asked(page: Page, last: dict[str, Any]) -> None:
    until(page, f"JSON.stringify(window.asked?.at(-1)) === JSON.stringify({json.dumps(last)})")


def refuse(page: Page, detail: str) -> None:
    page.evaluate("detail => { window.answer = {ok: false, status: 409, title: 'Not now', detail} }", detail)


# -- the form and the settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_the_form_says_of_each_task_whether_it_is_persistent(fed: Open, width: int, height: int) -> None:
    page = fed(width=width, height=height)
    show(page, "timedOut")
    role(page, "submit").click()
    asked(page, {"do": "submit", "body": "photo...", "count": 1, "persistent": True})
    role(page, "persistent").focus()
    page.keyboard.press("ArrowRight")
    expect(role(page, "transient")).to_be_checked()
    role(page, "quick-1").click()
    asked(page, {"do": "submit", "body": "m.", "count": 1, "persistent": False})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_queue_becomes_another_kind_when_the_broker_s_has_and_a_refusal_is_said_there(
    fed: Open,
) -> None:
    page = fed()
    show(page, "timedOut")
    kind = role(page, "queue-kind")
    expect(kind).to_contain_text("quorum")
    refuse(page, "There are 3 tasks in it.")
    kind.focus()
    page.keyboard.press("Enter")
    expect(role(page, "kind-quorum")).to_have_attribute("aria-checked", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    asked(page, {"do": "settings", "durable": False, "kind": "classic"})
    refusal = role(page, "refusal")
    expect(refusal).to_contain_text("There are 3 tasks in it.")
    said, knob = refusal.bounding_box(), kind.bounding_box()
    assert said and knob and abs(said["y"] - knob["y"] - knob["height"]) < 20
    expect(kind).to_contain_text("quorum")
    page.keyboard.press("Escape")
    expect(refusal).to_have_count(0)
    show(page, "transient", {"durable": False})
    expect(kind).to_contain_text("classic queue, transient")
    assert page.evaluate("document.querySelector('.queue .col-head').scrollWidth") <= 272


def test_the_switch_moves_when_the_workers_are_told_to_be_idempotent_and_not_before(fed: Open) -> None:
    page = fed()
    show(page, "timedOut")
    switch = role(page, "idempotent")
    refuse(page, "The engine has ended.")
    switch.focus()
    page.keyboard.press("Space")
    asked(page, {"do": "settings", "idempotent": True})
    expect(role(page, "refusal")).to_contain_text("The engine has ended.")
    expect(switch).not_to_be_checked()
    show(page, "twice")
    expect(switch).to_be_checked()


@pytest.mark.parametrize("knob", ["persistent", "durable", "idempotent"])
def test_each_knob_has_an_i(fed: Open, knob: str) -> None:
    page = fed()
    show(page, "timedOut")
    role(page, f"info-{knob}").click()
    says = page.locator(f".info-says[data-info={knob}]")
    expect(says).to_contain_text("Try: ")


def test_a_link_prepares_a_transient_queue_and_what_is_nonsense_in_it_is_left_out_with_a_word(
    fed: Open,
) -> None:
    page = fed(address="/?durable=false&kind=quorum&persistent=false&idempotent=maybe&body=m.&count=2")
    page.evaluate("feed(make.keyframe())")
    asked(page, {"do": "submit", "body": "m.", "count": 2, "persistent": False})
    assert page.evaluate("asked[0]") == {"do": "reset", "durable": False}
    expect(page.locator("#toasts")).to_contain_text("kind=quorum: must be classic")
    expect(page.locator("#toasts")).to_contain_text("idempotent=maybe: must be true or false")
    expect(role(page, "transient")).to_be_checked()
    assert page.evaluate("location.search") == ""


# -- the stopwatch, and the banner ----------------------------------------------------------------------------------


def test_the_strips_say_how_the_broker_noticed_and_after_how_long(fed: Open) -> None:
    page = fed()
    show(page, "deaths")
    said = {
        1: "connection closed, 3 ms after the kill",
        2: "heartbeat, 11.8 s after the freeze",
        3: "ack timeout, 15.2 s after delivery",
    }
    for n, words in said.items():
        strip = page.locator(f".strip[data-of='{n}']")
        expect(strip.locator(".segment[data-kind=bad]")).to_have_attribute("title", f"worker-{n} ✕ {words}")
        label = strip.locator(".strip-name").get_attribute("aria-label")
        assert label and f"worker-{n}: {words}" in label
    expect(page.locator(".strip[data-of='2'] .segment[data-kind=bad]")).to_contain_text(said[2])
    page.get_by_role("tab", name="Workers").click()
    for n, words in said.items():
        stint = page.locator(f".stints:has([data-by='worker-{n}']) .segment[data-of='{n}']")
        title = stint.get_attribute("title")
        assert title and title.endswith(words)


def test_beside_the_way_back_stands_what_it_took_to_notice(fed: Open) -> None:
    page = fed()
    show(page, "deaths")
    heartbeat = page.locator(".trail[data-watch='11800'] .gap tspan")
    assert heartbeat.all_text_contents() == ["", "heartbeat", "11.8 s"]
    timeout = page.locator(".trail[data-watch='15200'] .gap tspan")
    assert timeout.all_text_contents() == ["", "ack timeout", "15.2 s"]


def test_a_worker_that_was_found_stuck_has_a_way_back_though_it_has_started_again(fed: Open) -> None:
    page = fed()
    show(page, "timedOut", {"held": 90})  # which is told again after the news
    expect(role(page, "caption")).to_have_text("worker-1 did not ack in time. The broker still had #3.")
    lane, begins = page.evaluate(
        """() => { const box = node => node.getBoundingClientRect(), line = document.querySelector('.trail .fell');
           return [box(document.querySelector('[data-worker=worker-1]')).left,
                   box(document.getElementById('stage')).left + line.getPointAtLength(0).x]; }"""
    )
    assert abs(begins - lane) < 5  # nothing lies in its slot


def test_an_ack_timeout_is_told_in_the_broker_s_words_moves_nothing_and_goes_with_the_run(
    fed: Open,
) -> None:
    page = fed()
    show(page, "timedOut", {"ended": False})
    before = page.evaluate(BOXES)
    show(page, "timedOut", {"n": 2})
    banner = role(page, "timeout-banner")
    expect(banner).to_contain_text("worker-1 had task 3 for 15.2 s")
    expect(banner.locator("q")).to_have_text(page.evaluate("make.WORDS"))
    expect(banner).to_contain_text("RabbitMQ 3.10.8 closes the channel after 15 seconds")
    expect(banner).to_contain_text("default is 30 minutes")
    assert page.evaluate(BOXES) == before
    banner.get_by_role("button").click()
    expect(banner).to_be_hidden()
    show(page, "timedOut", {"n": 3})
    expect(banner).to_be_hidden()
    show(page, "timedOut", {"n": 4, "at": 120})
    expect(banner).to_be_visible()
    show(page, "timedOut", {"n": 5, "at": 130, "ended": False})  # its task has no name any more
    expect(banner).to_be_visible()
    show(page, "timedOut", {"n": 6, "at": 150, "ended": False})  # it has been read
    expect(banner).to_be_hidden()
    show(page, "timedOut", {"n": 7, "at": 160})
    expect(banner).to_be_visible()
    page.keyboard.press("Escape")
    expect(banner).to_be_hidden()
    show(page, "timedOut", {"n": 8, "run": 2, "ended": False})
    expect(banner).to_be_hidden()


# -- done twice, and lost with the broker -----------------------------------------------------------------------------


def test_the_second_effect_is_in_the_ledger_on_the_chip_and_on_the_strip(fed: Open) -> None:
    page = fed()
    show(page, "twice")
    expect(page.locator("[data-ledger=done_twice]")).to_have_text("2")
    expect(page.locator(".strip[data-of='1'] .strip-name")).to_have_text("#1 ✓✓")
    marks = page.locator(".strip[data-of='1'] .segment[data-kind=effect]")
    expect(marks).to_have_count(2)
    assert marks.evaluate_all("marks => marks.map(each => each.title)") == [
        "worker-2 has done it: the first effect",
        "worker-1 has done it again: effect 2",
    ]
    for place in ("ghost", "lane"):
        chip = page.locator(f"[data-task='3'][data-place={place}]")
        expect(chip).to_have_attribute("data-twice", "")
        title = chip.get_attribute("title")
        assert title and "done twice" in title
    expect(page.locator(".strip[data-of='2'] .segment[data-kind=effect]")).to_have_count(0)
    expect(page.locator(".strip[data-of='2'] .segment[data-kind=done]")).to_have_attribute(
        "title", "worker-2 ✓ skipped: the result was known"
    )
    page.locator("[data-ledger=done_twice]").click()
    expect(page.locator("[data-dialog=list]")).to_contain_text("done twice")


def test_a_strip_says_beside_an_attempt_too_short_for_words_that_it_was_skipped(fed: Open) -> None:
    page = fed()
    show(page, "skipped")
    beside = page.locator(".strip[data-of='1'] .trailing")
    expect(beside).to_have_text("worker-2 ✓ skipped")
    expect(page.locator(".strip[data-of='3'] .trailing")).to_have_text("worker-2 ✓ acked")
    expect(page.locator(".strip[data-of='2'] .trailing")).to_have_text("")
    words = beside.bounding_box()
    segment = page.locator(".strip[data-of='1'] .segment[data-kind=done]").bounding_box()
    now = page.locator("#life .now").bounding_box()
    assert words and segment and now
    assert segment["x"] + segment["width"] <= words["x"] + 5, "beside it, but for a padding"
    assert words["x"] + words["width"] < now["x"] + now["width"]
    show(page, "skipped", {"n": 2, "at": 104})
    expect(beside).to_have_text("worker-2 ✓ skipped: the result was known")


# Bars of effects that lie over words of the same strip.
OVER_WORDS = """() => [...document.querySelectorAll('#life .strip')].flatMap(strip => {
  const words = [...strip.querySelectorAll('.segment, .trailing')].filter(each => each.textContent !== '').map(each => {
    const range = document.createRange(); range.selectNodeContents(each); return [each.textContent, range.getBoundingClientRect()]; });
  return [...strip.querySelectorAll('[data-kind=effect]')].map(each => each.getBoundingClientRect())
    .flatMap(bar => words.filter(([, it]) => it.left < bar.right - 1 && bar.left < it.right - 1).map(([said]) => `#${strip.dataset.of} ${said}`)); })"""


@pytest.mark.parametrize("scene", ["skipped", "twice"])
def test_the_bar_of_a_result_lies_over_no_words(fed: Open, scene: str) -> None:
    page = fed()
    show(page, scene)
    expect(page.locator("#life .segment[data-kind=effect]").first).to_be_visible()
    assert page.evaluate(OVER_WORDS) == []
    if scene == "skipped":
        expect(page.locator(".strip[data-of='2'] .segment[data-kind=bad]")).to_have_text("worker-3 ✕")


@pytest.mark.parametrize(
    ("persistent", "durable", "why"),
    [
        (False, True, "transient: gone with the broker"),
        (True, False, "transient queue: gone with the broker"),
    ],
)
def test_what_went_with_the_broker_lies_in_lost_and_says_why(
    fed: Open, persistent: bool, durable: bool, why: str
) -> None:
    page = fed()
    show(page, "transient", {"persistent": persistent, "durable": durable})
    tombs = page.locator("#queue .tray.lost .chip")
    expect(tombs).to_have_count(3)
    for title in tombs.evaluate_all("tombs => tombs.map(each => each.title)"):
        assert why in title
    expect(tombs.first).to_contain_text(why.partition(":")[0])
    page.locator("[data-ledger=lost]").click()
    rows = page.locator("[data-dialog=list] .by")
    assert rows.all_text_contents() == [why] * 3
    page.keyboard.press("Escape")
    waits = page.locator("[data-task='4'][data-place=ready]")
    expect(waits).to_have_attribute("data-transient", "")
    assert "transient" in (waits.get_attribute("title") or "")


def test_on_both_brokers_a_transient_task_is_named_in_lost_after_a_restart(
    on_either: Demo, visit: Visit
) -> None:
    demo = on_either.fresh()
    demo.settings(kind="classic")
    stage = visit(demo)
    for name in ("worker-1", "worker-2", "worker-3"):
        demo.act(name, "stop")
    demo.once(lambda state: {each["state"] for each in state["workers"]} == {"stopped"}, "all stopped")
    stage.submit("photo...")
    stage.shows(ready=1)
    stage.find("label:has([data-role=transient])").click()
    stage.submit("photo...")
    stage.shows(ready=2)
    stage.find("[data-role=broker]").click()
    stage.find("[data-role=restart-broker]").click()
    stage.find("[data-role=restart-yes]").click()
    stage.shows(ready=1, lost=1)
    expect(stage.task(2, "lost")).to_contain_text("transient: gone with the broker")
    expect(stage.task(1, "ready")).to_be_visible()
    expect(stage.find("[data-role=caption]")).to_contain_text("#2 was transient: gone with the broker")
    demo.once(lambda state: state["broker"]["up"], "the broker back")
    demo.settings(kind="classic")


# -- who is gone ------------------------------------------------------------------------------------------------------


def test_on_both_brokers_a_killed_engine_is_said_and_everything_comes_back(
    on_either: Demo, visit: Visit
) -> None:
    demo = on_either
    assert demo.ask("POST", "/api/reset", {"kind": "quorum", "ack": "manual"}).status == 202
    demo.once(lambda state: [each["state"] for each in state["workers"]] == ["idle"] * 3, "three idle")
    demo.submit("photo.")  # RabbitMQ 3.10 can lose a quorum queue that is younger than three seconds
    stage = visit(demo)
    stage.shows(done=1)
    demo.submit("photo....", 6)
    stage.shows(unacked=3)
    stage.page.evaluate(REMEMBER)
    (engine,) = children(demo.process.pid, "webapp.engine")
    os.kill(engine, signal.SIGKILL)
    until(stage.page, "window.links.includes('engine-gone')")
    stage.live()
    stage.shows(published=7, done=7, lost=0, redelivered=3)
    expect(stage.find(".lane[data-state=idle]")).to_have_count(3)


def test_a_server_that_stands_still_closes_nothing_and_is_missed_all_the_same(
    browser: Browser, web: Web
) -> None:
    page = browser.new_context().new_page()
    page.goto(web.url())
    body = page.locator("body")
    expect(body).to_have_attribute("data-link", "live")
    os.kill(web.process.pid, signal.SIGSTOP)
    try:
        expect(body).to_have_attribute("data-link", "reconnecting", timeout=SOON)
    finally:
        os.kill(web.process.pid, signal.SIGCONT)
    expect(body).to_have_attribute("data-link", "live")
    page.context.close()
