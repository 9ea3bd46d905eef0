"""Windows from 200 to 5,000 px wide, thumbs, and big type: all of the page is in the window, can be read, and can be pressed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.page.scripted import load, show
from tests.page.test_stage import READ_LANES

Open = Callable[..., Page]

WIDTHS = (200, 320, 390, 768, 1280, 1920, 5000)
BROKER = {"kind": "embedded", "product": "Unacked", "version": "0.1.0", "url": "amqp://x", "amqp_port": 1}
BUSY = {"lanes": 5, "dead": 2, "each": 2, "prefetch": 3, "ready": 300, "from": 123_456}

# What sticks out of the window at its sides, other than within a part that is scrolled or cut off on purpose.
OUTSIDE = """() => {
  const width = document.documentElement.clientWidth, out = [];
  if (document.documentElement.scrollWidth > width) out.push(`the page is ${document.documentElement.scrollWidth} wide`);
  const inside = box => box.left >= -1 && box.right <= width + 1;
  const cuts = node => getComputedStyle(node).overflowX !== 'visible' && inside(node.getBoundingClientRect());
  for (const node of document.querySelectorAll('#page *, .offer, .toast *, .menu *, dialog *')) {
    const box = node.getBoundingClientRect();
    if (box.width < 1 || box.height < 1 || inside(box) || node.closest('.sr, .skip, .lines, .air, [aria-hidden=true]')) continue;
    let over = node.parentElement;
    while (over !== null && over.id !== 'page' && !cuts(over)) over = over.parentElement;
    if (over === null || over.id === 'page')
      out.push(`${node.tagName}.${node.className} ${node.dataset.role ?? ''} ${Math.round(box.left)} to ${Math.round(box.right)}`);
  }
  return out;
}"""

# Words of the head, the ledger and the shelves that lie over each other.
OVER = """() => ['.header', '.ledger .equation', '.ledger .beside', '.shelf header', '.col-head', '.form .row', '.wire .foot-head', '.timeline'].flatMap(row =>
  [...document.querySelectorAll(row)].flatMap(node => {
    const parts = [...node.children].filter(it => !it.matches('.sr, .time-note, [popover]')).map(it => [it, it.getBoundingClientRect()])
      .filter(([it, box]) => box.width > 2 && box.height > 2 && getComputedStyle(it).position !== 'absolute');
    return parts.flatMap(([a, p], i) => parts.slice(i + 1).filter(([, q]) =>
      p.left < q.right - 1.5 && q.left < p.right - 1.5 && p.top < q.bottom - 1.5 && q.top < p.bottom - 1.5)
      .map(([b]) => `${row}: ${a.className || a.tagName} over ${b.className || b.tagName}`));
  }))"""

# Whether a click in the middle of it would reach it, once it is scrolled into sight.
REACHED = """node => {
  node.scrollIntoView({ block: 'center' });
  const box = node.getBoundingClientRect();
  return node.contains(document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2));
}"""

# What can be pressed and is too small for a thumb. What lies within a label is pressed with it; the skip link is for keys.
SMALL = """() => {
  const top = document.querySelector('dialog[open]') ?? document, out = [];
  for (const node of top.querySelectorAll('button, a[href], input, select, textarea, summary, label:has(input), [role=tab], [role=menuitem]')) {
    if (node.matches('.skip') || (node.matches('input') && node.closest('label'))) continue;
    const box = node.getBoundingClientRect();
    if (box.width < 1 || box.height < 1 || getComputedStyle(node).visibility === 'hidden') continue;
    if (box.width < 39.9 || box.height < 39.9)
      out.push(`${node.className} ${node.dataset.role ?? ''} '${node.textContent.slice(0, 12)}' ${Math.round(box.width)}x${Math.round(box.height)}`);
  }
  return [...new Set(out)];
}"""


def settled(page: Page, width: int, height: int) -> None:
    """Another size of the window, drawn."""
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate(
        "() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(drawn))))"
    )


def test_at_any_width_all_is_in_the_window_and_can_be_reached(fed: Open) -> None:
    page = fed(color_scheme="light", reduced_motion="reduce")
    found: list[str] = []
    for width in WIDTHS:
        settled(page, width, 720 if width > 800 else 844)
        for scene in ({**BUSY}, {**BUSY, "ack": "auto", "free": False}):
            show(page, "killed", scene)
            found += [f"{width}: {line}" for line in page.evaluate(OUTSIDE) + page.evaluate(OVER)]
        show(page, "killed", BUSY)
        for what in ("[data-role=field]", "[data-role=submit]", "[data-role=stop]:visible >> nth=0"):
            if not page.locator(what).evaluate(REACHED):
                found.append(f"{width}: {what} is covered")
        page.locator("[data-role=stop]:visible").last.click()
        assert page.evaluate("window.asked.at(-1)") == {"do": "worker", "name": "worker-5", "action": "stop"}
    assert found == [], "\n".join(found)


def test_a_very_wide_window_has_the_page_in_its_middle_and_large(fed: Open) -> None:
    page = fed(5000, 1400)
    show(page, "killed", BUSY)
    left = page.locator("[data-role=field]").bounding_box()
    right = page.locator(".lane").first.bounding_box()
    assert left is not None
    assert right is not None
    before, after = left["x"], 5000 - right["x"] - right["width"]
    assert abs(before - after) < 500, (before, after)
    sizes = page.evaluate(
        "['.lane .name', '.term b', '.chip', '.foot-tab'].map(each => parseFloat(getComputedStyle(document.querySelector(each)).fontSize))"
    )
    assert min(sizes) >= 18, sizes


def test_on_a_phone_nothing_that_can_be_pressed_is_smaller_than_a_thumb(fed: Open) -> None:
    page = fed(390, 844, has_touch=True, color_scheme="light", reduced_motion="reduce")
    found: list[str] = []

    def press(what: str) -> None:
        page.locator(what).evaluate("node => node.click()")  # that it can be reached is tested above

    def look(where: str) -> None:
        found.extend(f"{where}: {line}" for line in page.evaluate(SMALL) + page.evaluate(OUTSIDE))

    show(page, "killed", BUSY)
    look("a kill")
    for tab in ("workers", "code", "output"):
        press(f"[data-tab={tab}]")
        look(tab)
    show(page, "queues", ["hello", "world"])
    look("queues")
    for opens, opened in (
        ("[data-role=more]", ".menu"),
        ("[data-role=lane-menu]:visible >> nth=0", ".menu"),
        ("[data-ledger=lost]", "dialog[open]"),
        ("[data-role=wire-methods]", "[popover]:popover-open"),
        ("[data-role=info-ack]", "[popover]:popover-open"),
    ):
        press(opens)
        expect(page.locator(opened)).to_be_visible()
        look(opens)
        page.keyboard.press("Escape")
        expect(page.locator(opened)).to_have_count(0)
    for key, name in (("c", "share"), ("?", "help"), ("r", "reset")):
        page.keyboard.press(key)
        expect(page.locator(f"[data-dialog={name}]")).to_be_visible()
        look(name)
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)
    load(page, "/?ack=auto&colour=red&pin=1")  # a question, a note, a pinned task
    show(page, "busy", {"lanes": 2, "each": 3, "prefetch": 5, "from": 7, "ack": "manual"})
    expect(page.locator("[data-role=offer]")).to_be_visible()
    expect(page.locator(".toast")).to_be_visible()
    look("an offer")
    press("[data-role=time-pause]")
    expect(page.locator("body")).to_have_attribute("data-time", "past")
    look("paused")
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("lanes", [1, 8, 16])
def test_big_type_is_bigger_and_nothing_lies_over_anything(fed: Open, lanes: int) -> None:
    page = fed(reduced_motion="reduce")
    scene = {"lanes": lanes, "each": 3, "prefetch": 5, "ready": 300, "from": 100}
    show(page, "busy", scene)
    size = "parseFloat(getComputedStyle(document.querySelector('.lane .name')).fontSize)"
    small = page.evaluate(size)
    page.keyboard.press("z")
    expect(page.locator("html")).to_have_attribute("data-type", "big")
    show(page, "busy", scene)
    assert page.evaluate(size) > small * 1.1
    assert page.evaluate(READ_LANES) == []
    assert page.evaluate(OUTSIDE) + page.evaluate(OVER) == []


# Words of the lanes and of the head of their column that are cut.
SHORT = """() => [...document.querySelectorAll('.column.workers h2, .runner[data-place=dropped] .time')]
  .filter(node => node.scrollWidth > node.clientWidth).map(node => node.textContent)"""


@pytest.mark.parametrize("big", [False, True])
def test_a_dead_lane_says_never_acked_however_many_there_are(fed: Open, big: bool) -> None:
    page = fed(reduced_motion="reduce")
    if big:
        page.keyboard.press("z")
    for lanes in (2, 5, 9, 16):
        show(page, "killed", {"lanes": lanes, "dead": 2, "free": False})
        expect(page.locator(".runner[data-place=dropped] .line.first .time")).to_have_text("never acked")
        expect(page.locator(".runner[data-place=dropped] .line.first .time")).to_be_visible()
        assert page.evaluate(SHORT) == [], lanes
    expect(page.get_by_role("switch", name="idempotent")).to_be_visible()


def test_a_lane_that_has_no_room_for_the_word_has_the_sign_of_the_ledger(fed: Open) -> None:
    page = fed(reduced_motion="reduce")
    sign = """node => getComputedStyle(node.querySelector('.word')).display === 'none' && getComputedStyle(node, '::before').content"""
    for width, height, lanes in ((390, 844, 2), (1280, 720, 6)):
        settled(page, width, height)
        for ack, shown in (("manual", '"◐ "'), ("auto", '"△ "')):
            show(page, "busy", {"lanes": lanes, "ack": ack})
            assert page.locator(".runner .line.first .time").first.evaluate(sign) == shown


def test_in_big_type_the_head_of_a_small_window_is_whole(fed: Open) -> None:
    page = fed(1024, 768, reduced_motion="reduce")
    page.keyboard.press("z")
    for up in (True, False):
        show(page, "busy", {"lanes": 3, "more": {"broker": {**BROKER, "up": up}}})
        assert page.evaluate(OVER) + page.evaluate(OUTSIDE) == []
        cut = "node => node.scrollWidth > node.clientWidth"
        assert not page.locator(".logo").evaluate(cut)
        assert not page.locator("[data-role=broker]").evaluate(cut)
        expect(page.locator("[data-role=broker]")).to_have_accessible_name(re.compile("Unacked 0.1.0"))
    settled(page, 870, 768)
    more = page.locator("[data-role=more]").bounding_box()
    assert more is not None
    assert more["x"] + more["width"] <= 870


# By how much, in px, the tabs below the stage run into the wire beside them, and what stands over the wire out of it.
TABS = """() => { const right = what => document.querySelector(what).getBoundingClientRect().right;
  return Math.max(right('.foot-tab:last-child') - document.querySelector('.wire').getBoundingClientRect().left, right('.wire .foot-head > :last-child') - right('.wire')); }"""
CUT_WORD = "node => node.scrollWidth > node.clientWidth || node.clientWidth < 20"


def test_between_a_phone_and_a_desk_the_time_bar_says_live_and_big_type_has_the_whole_ledger(
    fed: Open,
) -> None:
    page = fed(700, 900, reduced_motion="reduce")
    show(page, "killed", BUSY)
    for width in (390, 620, 700, 850):
        settled(page, width, 900)
        assert not page.locator("[data-role=time-state]").evaluate(CUT_WORD), width
    page.keyboard.press("z")
    for width in (862, 900, 1024, 1100):
        settled(page, width, 768)
        assert page.evaluate(OUTSIDE) + page.evaluate(OVER) == [], width
        assert page.evaluate(TABS) <= 0, width


# Rows of the life strips that are there and not wholly to be seen.
CUT = """() => { const room = document.querySelector('#life .strips-room').getBoundingClientRect();
  return [...document.querySelectorAll('#life .strip')].filter(row => row.getBoundingClientRect().bottom > room.bottom + 1).map(row => row.dataset.of); }"""


def test_in_big_type_the_strips_are_whole_and_those_that_came_to_grief_come_first(fed: Open) -> None:
    page = fed(reduced_motion="reduce")
    scene = {"lanes": 3, "dead": 3, "each": 1, "free": False}
    show(page, "killed", scene)
    page.keyboard.press("z")
    for width, height, room in ((1280, 720, 2), (1366, 768, 2), (1920, 1080, 3), (390, 844, 3)):
        settled(page, width, height)
        show(page, "killed", scene)
        expect(page.locator("#life .strip")).to_have_count(room)
        expect(page.locator("#life .strip[data-of='3'] [data-kind=bad]")).to_be_visible()
        assert page.evaluate(CUT) == [], (width, height)


# Of the tray of the lost: how many tombstones are wholly in it, how many are not, whether one is too narrow or over another, and what is said of
# the others.
TOMBS = """() => { const room = document.querySelector('.tray.lost .tombs').getBoundingClientRect(), more = document.querySelector('.tray.lost .more');
  const inside = it => it.left >= room.left - 1 && it.right <= room.right + 1 && it.top >= room.top - 1 && it.bottom <= room.bottom + 1;
  const tombs = [...document.querySelectorAll('.tray.lost .chip'), ...more.hidden ? [] : [more]].map(each => each.getBoundingClientRect());
  const tight = [...document.querySelectorAll('.tray.lost .chip')].some(each => each.scrollWidth > each.clientWidth);
  const over = tight || tombs.some((a, i) => tombs.slice(i + 1).some(b => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1));
  return { whole: tombs.filter(inside).length - !more.hidden, cut: tombs.filter(it => !inside(it)).length, over, more: more.hidden ? '' : more.textContent }; }"""


@pytest.mark.parametrize("big", [False, True])
def test_the_tray_of_the_lost_cuts_none_and_says_how_many_more_there_are(fed: Open, big: bool) -> None:
    page = fed(reduced_motion="reduce")
    if big:
        page.keyboard.press("z")
    for width, height in ((1280, 720), (390, 844)):
        settled(page, width, height)
        for ack, first, count in (
            ("manual", 6, 2),
            ("manual", 8, 23),
            ("auto", 8, 14),
            ("auto", 9, 2),
            ("auto", 1234, 230),
        ):
            show(page, "lost", {"ack": ack, "from": first, "count": count})
            expect(page.locator(".tray.lost .count")).to_have_text(str(count))
            seen = page.evaluate(TOMBS)
            assert seen["cut"] == 0 and not seen["over"], (width, ack, count, seen)
            assert seen["whole"] >= min(count, 2), (width, ack, count, seen)
            rest = count - seen["whole"]
            assert seen["more"] == (f"+ {rest} more" if rest else ""), (width, ack, count, seen)
            assert "worker-1" in (page.locator(".tray.lost .chip").first.text_content() or "")
    page.locator(".tray.lost .more").click()
    expect(page.locator("[data-dialog=list]")).to_contain_text("230")
