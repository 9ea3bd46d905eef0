"""The ways to die on the page: what hangs in the tap hangs in mid-air, what ticks is counted down, and every fault has its button and its key."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.demo import Demo, consumed_by
from tests.page.scripted import show
from tests.page.stage import Stage
from webapp.methods import HOLDABLE

Open = Callable[..., Page]
Visit = Callable[..., Stage]
FAULTS_JS = Path("static/js/core/faults.js")

# Where the marks at the tap are, from the left edge of the lanes (negative: before it), and whether they hide a word of a lane.
MARKS = """() => {
  const list = document.querySelector('.lanes').getBoundingClientRect();
  const words = [...document.querySelectorAll('.lane :is(.number, .name, .state-word), .shelf h3')].map(n => n.getBoundingClientRect());
  return [...document.querySelectorAll('.tap-mark')].map(node => {
    const box = node.querySelector('.pill').getBoundingClientRect();
    const over = words.some(w => w.width > 0 && box.left < w.right - 1 && w.left < box.right - 1 && box.top < w.bottom - 1 && w.top < box.bottom - 1);
    return [node.dataset.at, node.dataset.kind, node.textContent, over, box.left >= 0 && box.right <= innerWidth];
  });
}"""
WORDS = """() => Object.fromEntries([...document.querySelectorAll('.lane')].map(node =>
  [node.dataset.worker, node.querySelector('.status').textContent]))"""


def test_every_method_that_the_page_offers_to_hold_can_be_held() -> None:
    (table,) = re.findall(r"METHODS = \[(.*?)\]", FAULTS_JS.read_text("utf-8"), re.DOTALL)
    offered = re.findall(r'"([^"]+)"', table)
    assert "basic.ack" in offered
    assert set(offered) <= HOLDABLE.keys()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844), (1920, 1080)])
def test_what_is_done_in_the_tap_is_seen_where_the_tap_is_and_hides_nothing(
    fed: Open, width: int, height: int
) -> None:
    page = fed(width, height, reduced_motion="reduce")
    show(page, "wounded")
    marks = page.evaluate(MARKS)
    assert [mark[:3] for mark in marks] == [
        ["worker-1", "held", "❚❚ack #1"],
        ["worker-2", "held", "❚❚#2"],
        ["worker-3", "hole", "cable out"],
        ["worker-5", "delay", "+ 200 ms"],
        ["worker-5", "armed", "next publish"],
    ]
    assert [mark for mark in marks if mark[3] or not mark[4]] == []


def test_lanes_and_ghosts_say_what_is_the_matter_and_what_ticks(fed: Open) -> None:
    page = fed(reduced_motion="reduce")
    show(page, "wounded")
    words = page.evaluate(WORDS)
    assert words["worker-1"] == "ack held · ♥ ok"
    assert words["worker-2"] == "deliver held · ♥ ok"
    assert re.fullmatch(r"silent · ♥ \d+–\d+ s", words["worker-3"])
    assert words["worker-4"] == "never acks"
    assert words["worker-5"] == "working · + 200 ms"
    expect(page.locator('.lane[data-worker="worker-2"] .waiting')).to_have_text("a task is on the wire")
    for n in (1, 2, 3, 4):
        fuse = page.locator(f'[data-task="{n}"][data-place=ghost] .fuse')
        expect(fuse).to_be_visible()
        expect(fuse).to_have_text(re.compile(r"^\d+ s left$"))
    expect(page.locator('[data-task="5"][data-place=ghost] .fuse')).to_be_hidden()
    expect(page.locator("[data-role=caption]")).to_have_text(
        "worker-4 lives and never acks. Only the ack timeout is left."
    )
    cut = page.evaluate(
        "() => document.querySelector('.caption').scrollHeight > document.querySelector('.caption').clientHeight + 1"
    )
    assert not cut, "the caption is cut"


def test_a_held_lane_has_its_buttons_and_none_sticks_out(fed: Open) -> None:
    page = fed()
    show(page, "wounded")
    lane = page.locator('.lane[data-worker="worker-1"]')
    box = lane.bounding_box()
    assert box is not None
    for role in ("release", "drop", "stop", "lane-menu"):
        button = lane.locator(f"[data-role={role}]")
        expect(button).to_be_visible()
        at = button.bounding_box()
        assert at is not None
        assert at["y"] >= box["y"] - 0.5, role
        assert at["y"] + at["height"] <= box["y"] + box["height"] + 0.5, role
        assert at["x"] + at["width"] <= box["x"] + box["width"] + 0.5, role
    expect(page.locator('.lane[data-worker="worker-3"] [data-role=release]')).to_be_hidden()


@pytest.mark.parametrize(("width", "big"), [(1280, False), (1280, True), (1024, False), (1024, True)])
def test_what_is_done_with_a_held_frame_stands_in_the_place_of_the_tally_and_nothing_moves(
    fed: Open, width: int, big: bool
) -> None:
    page = fed(width, 720 if width == 1280 else 768, reduced_motion="reduce")
    if big:
        page.keyboard.press("z")
    name = page.locator('.lane[data-worker="worker-1"] .name')
    show(page, "busy", {"lanes": 3})
    before = name.bounding_box()
    show(page, "wounded", [1, 2, 4])
    assert name.bounding_box() == before
    boxes = []
    for role in ("release", "drop", "stop"):
        button = page.locator(f'.lane[data-worker="worker-1"] [data-role={role}]')
        expect(button).to_be_visible()
        button.click(trial=True)
        boxes.append(button.bounding_box())
    release, drop, stop = (box for box in boxes if box is not None)
    assert release["y"] + release["height"] <= drop["y"]
    assert max(each["x"] + each["width"] for each in (release, drop)) <= stop["x"]


@pytest.mark.parametrize("big", [False, True])
def test_what_is_the_matter_is_whole_in_each_of_three_lanes(fed: Open, big: bool) -> None:
    page = fed(reduced_motion="reduce")
    if big:
        page.keyboard.press("z")
    said = {}
    for scene, given in (
        ("worded", []),
        ("outage", [False]),
        ("wounded", [[1, 2, 3]]),
        ("wounded", [[3, 4, 5]]),
    ):
        show(page, scene, *given)
        words = page.evaluate(WORDS)
        said |= {scene: words} if scene not in said else {}
        cut = page.locator(".lane .status").evaluate_all(
            "all => all.filter(node => node.scrollWidth > node.clientWidth).map(node => node.innerText)"
        )
        assert cut == [], scene
    dropped, leaving, starting = said["worded"].values()
    assert (dropped, leaving) == ("ack dropped", "leaving")
    for words in (starting, *said["outage"].values()):
        assert re.fullmatch(r"no broker · in \d s", words)


def test_a_key_asks_for_the_worker_and_escape_takes_it_back(fed: Open) -> None:
    page = fed()
    show(page, "busy", {"lanes": 3})
    prompt = page.locator(".prompt")
    page.keyboard.press("h")
    expect(prompt).to_be_visible()
    page.keyboard.press("Escape")
    expect(prompt).to_be_hidden()
    page.keyboard.press("m")
    page.keyboard.press("2")
    expect(prompt).to_be_hidden()
    expect(page.locator("[role=menu]")).to_have_accessible_name("More for worker-2")
    page.locator("[data-role=menu-hold]").click()
    expect(page.locator("[role=menu]")).to_have_accessible_name("Hold the next frame of worker-2")
    expect(page.locator('[data-role="menu-hold-basic.deliver"]')).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[role=menu]")).to_have_count(0)


def test_an_ack_held_by_key_hangs_until_it_is_let_go(on_either: Demo, visit: Visit) -> None:
    stage = visit(on_either.fresh())
    for worker in "23":
        stage.page.keyboard.press(worker)  # whoever gets the task is worker-1
        expect(stage.lane(f"worker-{worker}")).to_have_attribute("data-state", "stopped")
    consumed_by(on_either.amqp_port(), 1)
    stage.page.keyboard.press("h")
    stage.page.keyboard.press("1")
    mark = stage.find('.tap-mark[data-at="worker-1"]')
    expect(mark).to_have_attribute("data-kind", "armed")
    stage.submit("photo.")
    expect(mark).to_have_attribute("data-kind", "held")
    stage.shows(unacked=1, done=0)
    expect(stage.task(1, "ghost").locator(".fuse")).to_be_visible()
    stage.press("worker-1", "release")
    stage.shows(unacked=0, done=1, redelivered=0)
    expect(mark).to_have_count(0)


def test_a_worker_killed_while_its_ack_hangs_has_its_task_done_twice(on_either: Demo, visit: Visit) -> None:
    demo = on_either.fresh()
    stage = visit(demo)
    stage.page.keyboard.press("2")
    stage.page.keyboard.press("3")
    for worker in ("worker-2", "worker-3"):
        expect(stage.lane(worker)).to_have_attribute("data-state", "stopped")
    consumed_by(demo.amqp_port(), 1)
    demo.act("worker-1", "hold", method="basic.ack")
    stage.submit("photo.")
    expect(stage.find('.tap-mark[data-kind="held"]')).to_have_text(re.compile("ack #1"))
    stage.press("worker-2", "start")
    expect(stage.lane("worker-2")).to_have_attribute("data-state", "idle")
    stage.press("worker-1", "stop")
    stage.shows(done=1, redelivered=1, done_twice=1, lost=0)
    expect(stage.find(".tap-mark")).to_have_count(0)
