"""The stage in a real Chromium: whatever is on it can be read, nothing lies over a word, and what stands still stands still."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.page.scripted import show

Open = Callable[..., Page]

# Of each lane: what sticks out of it or lies over its neighbour, and what does not say what it has to.
READ_LANES = """() => [...document.querySelectorAll('.lane')].flatMap(lane => {
  const name = lane.dataset.worker, out = [];
  const at = lane.getBoundingClientRect();
  const seen = {};
  for (const part of ['.name', '.state-word', '.runner .number', '.pips', '.acts .kill:not([hidden])']) {
    const node = lane.querySelector(part), box = node?.getBoundingClientRect();
    if (!box || box.width < 4 || box.height < 4) { out.push(`${name}: no ${part}`); continue; }
    if (box.left < at.left || box.right > at.right + .5 || box.top < at.top - .5 || box.bottom > at.bottom + .5) out.push(`${name}: ${part} sticks out`);
    if (node.scrollWidth > node.clientWidth + 1 && part !== '.name' && part !== '.pips') out.push(`${name}: ${part} is cut`);
    for (const [other, it] of Object.entries(seen))
      if (box.left < it.right - 1 && it.left < box.right - 1 && box.top < it.bottom - 3 && it.top < box.bottom - 3) out.push(`${name}: ${part} over ${other}`);
    seen[part] = box;
  }
  for (const pip of lane.querySelectorAll('.pips i')) {
    const box = pip.getBoundingClientRect(), row = pip.parentElement.getBoundingClientRect();
    if (box.width < 2 || box.right > row.right + 1) out.push(`${name}: a pip is cut`);
  }
  return out;
})"""

# Points along the lines of the ways back that lie in a lane other than the one they come from or go to, or over a word of the queue's heads.
CROSSINGS = """() => {
  const stage = document.getElementById('stage').getBoundingClientRect(), found = [];
  const solid = [...document.querySelectorAll('.lane .slot, .lane .who, .lane .acts, .shelf h3, .shelf .more, .col-head')];
  for (const path of document.querySelectorAll('.trail .fell, .trail .on')) {
    const length = path.getTotalLength();
    for (let i = 0; i <= 200; i++) {
      const p = path.getPointAtLength(length * i / 200), x = p.x + stage.left, y = p.y + stage.top;
      for (const node of solid) {
        const box = node.getBoundingClientRect();
        if (x > box.left + 1 && x < box.right - 1 && y > box.top + 1 && y < box.bottom - 1)
          found.push(`${path.getAttribute('class')} over ${node.className} of ${node.closest('.lane')?.dataset.worker}`);
      }
    }
  }
  return [...new Set(found)];
}"""

# Where everything is that has no part in the death of worker-2: other lanes and what is in them, shelves, heads, the form, the foot.
STANDING = """() => Object.fromEntries([...document.querySelectorAll(
    '.lane:not([data-worker="worker-2"]) :is(.slot, .name, .acts, .kill), .lane, .shelf, .graves, .col-head, .form, .foot, .ledger'
  )].map((node, i) => { const b = node.getBoundingClientRect();
    return [`${i} ${node.className} ${node.closest('.lane')?.dataset.worker ?? ''}`, [b.left, b.top, b.width, b.height].map(Math.round).join()]; }))"""


@pytest.mark.parametrize("prefetch", [1, 5, 0])
def test_from_one_to_sixteen_lanes_each_says_who_it_is_and_what_it_does(fed: Open, prefetch: int) -> None:
    page = fed()
    for lanes in (1, 2, 3, 4, 6, 8, 12, 16):
        each = {1: 1, 5: 5, 0: 12}[prefetch]
        show(page, "busy", {"lanes": lanes, "each": each, "prefetch": prefetch, "ready": 300, "from": 100})
        expect(page.locator(".lane")).to_have_count(lanes)
        assert page.evaluate(READ_LANES) == [], lanes
        expect(page.locator("[data-role=more-lanes]")).to_be_hidden()
        last = page.locator(".lane").last.evaluate(
            "lane => lane.getBoundingClientRect().bottom - lane.parentElement.getBoundingClientRect().bottom"
        )
        assert last <= 1, f"{lanes} lanes: the last one ends {last} px below"
        if prefetch != 1:  # how many are buffered is said at any density
            said = page.locator(".lane .behind").first.inner_text()
            assert (f"+{each - 1}" in said) or (f"{each - 1} buffered" in said) or lanes < 5, said


def test_more_lanes_than_fit_are_scrolled_and_counted(fed: Open) -> None:
    page = fed()
    show(page, "busy", {"lanes": 40})
    more = page.locator("[data-role=more-lanes]")
    expect(more).to_contain_text("more lanes")
    hidden = int(more.inner_text().split()[1])
    assert 10 <= hidden <= 30
    more.click()
    expect(more).not_to_contain_text(f" {hidden} ")


def test_the_slots_of_a_prefetch_are_drawn_running_buffered_and_free(fed: Open) -> None:
    page = fed()
    show(page, "busy", {"lanes": 3, "each": 3, "prefetch": 5})
    lane = page.locator(".lane").first
    expect(lane.locator(".runner .number")).to_have_text("#1")
    expect(lane.locator(".minis .chip")).to_have_count(2)
    expect(lane.locator(".frees i")).to_have_count(2)
    expect(lane.locator(".limit")).to_have_text("prefetch 5")
    show(page, "busy", {"lanes": 3, "each": 20, "prefetch": 50})
    expect(lane.locator(".limit")).to_have_text("20 of 50")
    expect(lane.locator(".frees i")).to_have_count(0)
    show(page, "busy", {"lanes": 3, "each": 20, "prefetch": 0})
    expect(lane.locator(".limit")).to_have_text("no limit")


def test_under_auto_ack_the_limit_is_struck_out_and_the_reason_is_said(fed: Open) -> None:
    page = fed()
    show(page, "busy", {"lanes": 3, "each": 4, "prefetch": 2, "ack": "auto"})
    limit = page.locator(".lane .limit").first
    expect(limit).to_have_text("prefetch 2")
    assert "line-through" in limit.evaluate("node => getComputedStyle(node).textDecorationLine")
    expect(page.locator("[data-role=hint]")).to_contain_text("Prefetch has no effect")
    expect(page.locator(".shelf.unacked")).to_contain_text("The broker keeps no copy")
    expect(page.locator(".frees i")).to_have_count(0)


@pytest.mark.parametrize(
    ("width", "height", "first", "named"),
    [
        (1280, 720, 6, 7),
        (1280, 720, 12_345, 6),
        (1280, 720, 123_450, 4),
        (1920, 1080, 12_345, 6),
        (1024, 720, 123_450, 4),
        (390, 844, 123_450, 6),
    ],
)
def test_ten_thousand_ready_tasks_are_grouped_honestly_and_the_next_have_their_names(
    fed: Open, width: int, height: int, first: int, named: int
) -> None:
    page = fed(width, height)
    show(page, "busy", {"lanes": 16, "each": 5, "prefetch": 5, "ready": 10_000, "from": first})
    chips = page.locator("[data-place=ready]")
    shown = chips.count()
    assert shown >= named
    assert chips.all_inner_texts() == [f"#{first + 80 + n}" for n in range(shown)]
    more = page.locator(".shelf.ready .more")
    expect(more).to_have_text(f"+ {10_000 - shown:,} more")
    sticks = page.evaluate(
        """() => { const room = document.querySelector('.ready-cells').getBoundingClientRect();
           return [...document.querySelectorAll('.ready-cells .chip, .ready-cells .more')].map(n => n.getBoundingClientRect())
             .filter(b => b.right > room.right + 1 || b.bottom > room.bottom + 1).length; }"""
    )
    assert sticks == 0
    over = page.evaluate(
        """() => { const more = document.querySelector('.ready-cells .more').getBoundingClientRect();
           return [...document.querySelectorAll('.ready-cells .chip')].map(n => n.getBoundingClientRect())
             .filter(b => b.right > more.left + 1 && b.left < more.right && b.bottom > more.top + 2 && b.top < more.bottom - 2).length; }"""
    )
    assert over == 0
    assert page.evaluate("document.querySelectorAll('*').length") < 2500


def test_where_only_a_guest_has_a_queue_what_waits_there_is_drawn_small_too(fed: Open) -> None:
    page = fed(own=True)
    frame = page.evaluate("make.busy({ lanes: 1, ready: 300 })")
    frame["queues"] = {"guests": {**frame["queues"]["task_queue"], "name": "guests"}}
    for task in frame["tasks"].values():
        task["queue"] = "guests"
    page.evaluate("frame => feed(frame)", frame)
    expect(page.locator(".shelf.ready .count")).to_have_text("300")
    expect(page.locator(".ready-cells")).to_have_attribute("data-size", "small")


# What a number has four digits of and no comma in; what only names something (a task, a process, a delivery) is no number.
PLAIN_NUMBERS = """() => [...document.querySelectorAll('#page *')].filter(node => !node.matches('#wire *, #field'))
  .flatMap(node => [...[...node.childNodes].filter(it => it.nodeType === 3).map(it => it.data), node.title ?? ""])
  .filter(said => /\\d{4}/.test(said.replace(/#\\d+|pid \\d+|:\\d+/g, '')))"""


def test_the_ledger_the_shelves_the_lanes_and_the_tabs_write_a_number_the_same_way(fed: Open) -> None:
    page = fed(own=True, locale="de-DE")  # the page's language is English, whatever the browser's is
    scene = {"lanes": 3, "each": 40, "prefetch": 2000, "ready": 5009, "from": 123_456}
    show(page, "busy", scene)
    expect(page.locator("[data-ledger=ready]")).to_have_text("5,009")
    expect(page.locator(".shelf.ready .count")).to_have_text("5,009")
    expect(page.locator("[data-ledger=published]")).to_have_text("128,584")
    expect(page.locator(".lane .limit").first).to_have_text("40 of 2,000")
    assert page.evaluate(PLAIN_NUMBERS) == []


def test_four_busy_workers_have_their_names_on_the_copies(fed: Open) -> None:
    page = fed()
    show(page, "busy", {"lanes": 4, "ready": 300})
    expect(page.locator(".lanes")).to_have_attribute("data-density", "roomy")
    ghosts = page.locator(".ghost-cells .ghost")
    expect(ghosts).to_have_count(4)
    room = page.locator(".ghost-cells").bounding_box()
    assert room is not None
    for n, ghost in enumerate(ghosts.all(), 1):
        expect(ghost.locator(".holder")).to_be_visible()
        expect(ghost.locator(".holder")).to_contain_text(f"worker-{n}")
        box = ghost.bounding_box()
        assert box is not None and box["y"] + box["height"] <= room["y"] + room["height"] + 0.5


@pytest.mark.parametrize("free", [True, False])
@pytest.mark.parametrize(
    ("lanes", "dead", "each"), [(3, 2, 1), (12, 2, 5), (12, 11, 5), (16, 8, 1), (8, 8, 5), (3, 1, 12)]
)
def test_ways_back_cross_no_word(fed: Open, lanes: int, dead: int, each: int, free: bool) -> None:
    page = fed()
    show(
        page,
        "killed",
        {"lanes": lanes, "dead": dead, "each": each, "prefetch": each, "free": free, "ready": 50},
    )
    expect(page.locator(".trail")).to_have_count(1)
    expect(page.locator(".trail .fell")).to_be_visible()
    assert page.evaluate(CROSSINGS) == []
    if each > 1:
        expect(page.locator(".trail .gap")).to_contain_text(f"{each} back")
    elif not free:
        expect(page.locator(".trail .gap")).to_have_text("↻ back")
    if free:
        expect(page.locator(".trail .gap")).to_contain_text("3 ms")
        expect(page.locator(".trail .on").first).to_be_visible()


def test_a_token_lands_beside_the_words_of_its_copy(fed: Open) -> None:
    page = fed(own=True)
    page.clock.install(time=0)
    page.reload()
    page.clock.pause_at(60_000)
    page.evaluate("feed(make.acking())")
    page.clock.run_for(300)
    over = page.evaluate(
        """() => {
             const way = document.querySelector('.wake'), copy = document.querySelector('.ghost[data-task="1"][data-place=done]');
             const x = document.getElementById('stage').getBoundingClientRect().left + way.getPointAtLength(way.getTotalLength()).x;
             return [...copy.querySelectorAll('.number, .holder')].map(node => node.getBoundingClientRect())
               .filter(box => x + 10 > box.left && x - 10 < box.right).length;
           }"""
    )
    assert over == 0


# What a text lies over, of the words of the stage; whether it is in the window, and whole.
ALONE = """node => { const at = node.getBoundingClientRect(), out = [];
  if (at.width < 8 || at.left < 0 || at.right > innerWidth) out.push(`from ${at.left} to ${at.right}`);
  if (node.scrollWidth > node.clientWidth + 1 && !node.closest('svg')) out.push('cut');
  for (const other of document.querySelectorAll('.tray > *, .col-head > *, .col-hint, .caption, .lane .number, .lane .pips i, .lane .name')) {
    const box = other.getBoundingClientRect();
    if (box.width > 2 && box.left < at.right && at.left < box.right && box.top < at.bottom - 1 && at.top < box.bottom - 1)
      out.push(`over ${other.className} ${other.textContent}`);
  }
  return out; }"""


@pytest.mark.parametrize("width", [360, 390])
def test_on_a_phone_the_way_back_and_the_dead_lane_say_what_they_are(fed: Open, width: int) -> None:
    page = fed(width, 844)
    for each, said in ((1, "#3 · ↻ 3 ms"), (2, "2 back · ↻ 3 ms")):
        show(page, "killed", {"lanes": 3, "dead": 3 if each == 1 else 2, "each": each, "prefetch": each})
        expect(page.locator(".trail .fell")).to_be_visible()
        assert page.evaluate(CROSSINGS) == []
        label = page.locator(".trail .gap")
        expect(label).to_have_text(said)
        assert label.evaluate(ALONE) == []
        never = page.locator(".lane[data-down] .runner .first .time .word")
        expect(never).to_have_text("never acked")
        assert never.evaluate(ALONE) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_in_big_type_the_dead_lane_says_so_too(fed: Open) -> None:
    page = fed()
    page.keyboard.press("z")
    show(page, "killed", {"lanes": 3, "dead": 2})
    never = page.locator(".lane[data-down] .runner .first .time .word")
    expect(never).to_be_visible()
    assert never.evaluate(ALONE) == []


def test_on_a_phone_the_chips_behind_the_first_are_whole(fed: Open) -> None:
    page = fed(360, 740)
    for first, prefetch in ((7, 5), (90, 5), (1000, 5), (12_345, 20)):
        show(page, "busy", {"lanes": 3, "each": 5, "prefetch": prefetch, "from": first})
        cut = page.evaluate(
            """() => [...document.querySelectorAll('.minis .chip')].filter(chip =>
                 chip.getBoundingClientRect().right > chip.parentElement.getBoundingClientRect().right + 1).length"""
        )
        assert cut == 0, first


def test_on_a_phone_the_lanes_say_themselves_why_a_task_came_back(fed: Open) -> None:
    page = fed(390, 844)
    show(page, "busy", {"lanes": 3})
    hint = page.locator("[data-role=hint]")
    assert hint.get_attribute("data-hint") != "caption"
    show(page, "killed", {"lanes": 3, "dead": 3, "each": 1})
    expect(hint).to_contain_text("worker-3’s connection closed. The broker still had #3.")


def test_when_the_broker_goes_away_no_worker_is_blamed(fed: Open) -> None:
    page = fed()
    caption = page.locator("[data-role=caption]")
    show(page, "outage", False)
    expect(caption).to_contain_text("The broker went away")
    show(page, "outage", True)
    expect(caption).to_contain_text("The broker is back")
    expect(page.locator(".lane[data-excused]")).to_have_count(3)
    expect(page.locator(".lane").first).to_contain_text("no broker")
    expect(page.locator(".trail")).to_have_count(0)


def test_several_queues_are_tabs_and_many_are_in_a_menu(fed: Open) -> None:
    page = fed()
    names = [f"hello-{n:02}" for n in range(12)]
    show(page, "queues", ["hello", "world"])
    expect(page.locator(".tabs .tab[data-queue]")).to_have_count(3)
    expect(page.locator("[data-role=more-queues]")).to_be_hidden()
    expect(page.locator('.tab[data-queue="world"]')).to_contain_text("2")
    page.locator('.tab[data-queue="hello"]').click()
    expect(page.locator('.tab[data-queue="hello"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".tray.lost [data-place=lost]")).to_have_count(2)
    expect(page.locator(".tray.lost")).to_contain_text("1 in other queues")
    show(page, "queues", names)
    page.locator("[data-role=more-queues]").click()
    page.locator('[data-role="queue-hello-07"]').click()
    expect(page.locator('.tab[data-queue="hello-07"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".shelf.ready .count")).to_have_text("8")


@pytest.mark.parametrize(("width", "height"), [(200, 600), (390, 844), (1280, 720), (5000, 1400)])
def test_names_of_two_hundred_characters_and_windows_of_any_width(fed: Open, width: int, height: int) -> None:
    page = fed(width, height)
    names = {"1": "w" * 200, "2": "laptop with a name of its own " * 7}
    show(page, "busy", {"lanes": 5, "each": 3, "prefetch": 5, "names": names, "body": "long " * 60 + "....."})
    sticks = page.evaluate(
        """() => { const main = document.getElementById('stage').getBoundingClientRect();
          return [...document.querySelectorAll('.lane, .lane .name, .lane .button:not([hidden]), .shelf, .chip')].filter(n => {
            const b = n.getBoundingClientRect(); return b.width > 0 && b.right > main.right + 1; }).map(n => n.className); }"""
    )
    assert sticks == []
    for lane in page.locator(".lane").all():
        assert lane.locator(".name").evaluate("node => node.getBoundingClientRect().width") > 30
    show(page, "queues", ["q" * 200, "r" * 200])
    tabs = page.evaluate(
        """() => { const head = document.querySelector('.queue .col-head').getBoundingClientRect();
          return [...document.querySelectorAll('.tabs-row')].map(n => n.getBoundingClientRect()).filter(b => b.width < 30 || b.right > head.right + 1).length; }"""
    )
    assert tabs == 0  # in the narrowest window the row of tabs is scrolled
    widths = [tab.bounding_box()["width"] for tab in page.locator(".tab[data-queue]").all()]
    assert max(widths) < 2 * min(widths), widths  # a long name leaves room for a short one


@pytest.mark.parametrize("lanes", [3, 12])
def test_what_stands_still_does_not_shift_while_a_worker_dies(fed: Open, lanes: int) -> None:
    page = fed()
    scene = {"lanes": lanes, "each": 5, "prefetch": 5, "ready": 40}
    show(page, "busy", scene)
    page.evaluate("document.fonts.ready")
    before = page.evaluate(STANDING)
    assert len(before) > 4 * lanes
    show(page, "killed", {**scene, "dead": 2, "free": False})
    expect(page.locator(".trail .fell")).to_be_visible()
    assert page.evaluate(STANDING) == before
    show(page, "killed", {**scene, "dead": 2})
    expect(page.locator(".trail .on").first).to_be_visible()
    assert page.evaluate(STANDING) == before
    show(page, "busy", scene)
    expect(page.locator(".trail")).to_have_count(0)
    assert page.evaluate(STANDING) == before
