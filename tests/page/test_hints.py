"""The hints beside the picture, fed with frames: each says what puzzles, whole, in a place of its own, and moves nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.page.moments import working
from tests.page.scripted import show
from webapp import events as ev

Open = Callable[..., Page]

# What each scene of js/hinted.js is told with; "" is a quiet picture.
SCENES: dict[str, str | re.Pattern[str]] = {
    "quiet": "",
    "no_workers": "No workers: nothing will be delivered. Press Add a worker.",
    "all_stopped": "Every worker is stopped: 4 tasks wait. Press Start again on one.",
    "unheard": "Nobody consumes from mail: 1 task waits there. Our workers consume from task_queue.",
    "frozen": re.compile(
        r"worker-2 is frozen with task 20\. Only the heartbeat tells the broker: within 1\d\d s\."
        r"|worker-2 is silent\. Its heartbeat is missed: \d\d–1\d\d s left\."  # a phone has the caption here
    ),
    "starved": "worker-2 idles: with no limit all went to who was there; worker-1 holds 9. Try prefetch 1.",
    "auto": "Prefetch has no effect: the broker forgets a task as soon as it is sent. Stop a worker and see.",
    "void": "Prefetch has no effect under auto-ack.",
    "full": "Every running worker has its one task. The next goes to whoever acks first.",
}

LOUD = ("no_workers", "all_stopped", "frozen")

# Where everything is that no hint may move: the head with its buttons, lanes that every scene has, shelves, the form, the foot.
STANDING = """() => Object.fromEntries([...document.querySelectorAll(
    '.lanes, .lane, .lane button, .col-head, .col-head > :not([data-role=hint]), .shelf, .graves, .form, .foot, .ledger, .column'
  )].map((node, i) => { const b = node.getBoundingClientRect();
    return [`${i} ${node.className} ${node.dataset.role ?? ''}`, [b.left, b.top + scrollY, b.width, b.height].map(Math.round).join()]; }))"""

# What of a hint cannot be read: it is cut, sticks out of its column, or lies over what stands beside it.
UNREAD = """() => {
  const hint = document.querySelector('[data-role=hint]'), at = hint.getBoundingClientRect(), found = [];
  const words = document.createRange();
  words.selectNodeContents(hint);
  const room = hint.closest('.column').getBoundingClientRect(), text = words.getBoundingClientRect();
  if (hint.scrollHeight > hint.clientHeight + 1 || text.bottom > at.bottom + 3) found.push('cut');
  if (text.left < room.left || text.right > room.right) found.push('sticks out');
  for (const node of document.querySelectorAll('.col-head h2, .col-head button:not([hidden]), .lane')) {
    const it = node.getBoundingClientRect();
    if (it.left < text.right - 1 && text.left < it.right - 1 && it.top < text.bottom - 2 && text.top < it.bottom - 2)
      found.push(`over ${node.className || node.tagName}`);
  }
  return found;
}"""


@pytest.mark.parametrize(
    ("width", "height"), [(1280, 720), pytest.param(1024, 700, marks=pytest.mark.long), (390, 844)]
)
def test_each_hint_is_said_whole_and_moves_nothing(fed: Open, width: int, height: int) -> None:
    page = fed(width, height)
    hint = page.locator("[data-role=hint]")
    for scene, words in SCENES.items():
        show(page, "hinted", scene)
        expect(hint).to_have_text(words)
        assert (hint.get_attribute("data-quiet") is None) == (scene in (*LOUD, "quiet")), scene
        assert words == "" or page.evaluate(UNREAD) == [], scene
        stands = page.evaluate(STANDING)
        hint.evaluate("node => node.replaceChildren()")
        assert page.evaluate(STANDING) == stands, scene


LEFT = re.compile(r"within (\d+) s\.$")


def left(page: Page) -> int:
    """The seconds that the hint says are left."""
    hint = page.locator("[data-role=hint]")
    expect(hint).to_have_text(LEFT)
    found = LEFT.search(hint.inner_text())
    assert found
    seconds = int(found[1])
    expect(page.locator("[data-role=caption]")).to_contain_text(re.compile(rf"\D{seconds} s left"))
    return seconds


def test_the_seconds_that_a_hint_says_are_left_go_down_with_those_on_the_shelf_and_stand_in_a_pause(
    fed: Open,
) -> None:
    page = fed(own=True)
    page.clock.install(time=0)
    page.reload()
    page.clock.pause_at(60_000)
    story = working()
    story.say(ev.WorkerFrozen, worker="worker-2")  # with a heartbeat of 4 s
    page.evaluate("frame => feed(frame)", story.frame())
    page.clock.run_for(100)
    assert left(page) == 12
    page.clock.run_for(5000)
    assert left(page) == 7
    page.keyboard.press(".")
    page.clock.run_for(3000)
    assert left(page) == 7
    page.keyboard.press(".")
    page.clock.run_for(2000)
    assert left(page) < 7


def test_big_type_leaves_out_the_process_and_says_states_and_hints_whole(fed: Open) -> None:
    page = fed(1280, 720)
    show(page, "hinted", "quiet")
    status = page.locator(".lane .status").first
    expect(status).to_have_text("idle · pid 4001")
    page.keyboard.press("z")
    expect(page.locator("html")).to_have_attribute("data-type", "big")
    for scene in ("quiet", "frozen", "full"):
        show(page, "hinted", scene)
        cut = page.locator(".lane .status").evaluate_all(
            "all => all.filter(node => node.scrollWidth > node.clientWidth).map(node => node.innerText)"
        )
        assert cut == [], scene
        assert scene == "quiet" or page.evaluate(UNREAD) == [], scene
    show(page, "hinted", "quiet")
    assert status.inner_text() == "idle"


def test_what_a_dead_worker_held_beyond_the_names_is_counted(fed: Open) -> None:
    page = fed(1280, 720)
    show(page, "hinted", "fallen")
    lane = page.locator("[data-worker=worker-1]")
    expect(lane.locator(".buffered")).to_have_text("99 buffered")
    expect(page.locator("[data-role=caption]")).to_contain_text("The broker still had 100 tasks.")
