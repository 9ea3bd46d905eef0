"""What flies: in the middle of its line, and over no word but its own number, at every moment of its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.page import moments
from tests.page.moments import Story
from tests.page.scripted import show
from webapp import events as ev

Open = Callable[..., Page]
Told = Callable[[], Iterator[Story]]

STEP = 60  # ms of the page's clock
STEPS = 20

# Of each word of the stage that something in the air lies over: the word, and what. Which of two is above is what a pointer would find there; for
# that what cannot be touched is made so. Where a task flies to, its number waits as a shadow: that is no word yet.
COVERED = """() => {
  for (const node of document.querySelectorAll('.air, .air *, .shelf-says')) node.style.pointerEvents = 'auto';
  const faces = [...document.querySelectorAll('.plane')].filter(plane => plane.style.opacity !== '0')
    .flatMap(plane => [...plane.children].filter(it => getComputedStyle(it).opacity > 0.1 && it.offsetWidth > 0)
      .map(face => [face, face.getBoundingClientRect(), (plane.textContent.match(/#\\d+/) ?? [''])[0]]));
  const found = [];
  const walk = document.createTreeWalker(document.getElementById('stage'), NodeFilter.SHOW_TEXT);
  for (let text = walk.nextNode(); text; text = walk.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || node.closest('.air, .lines, .sr, [hidden], [data-coming]')) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const word of range.getClientRects())
      for (const [face, box, own] of faces) {
        const [left, right] = [Math.max(word.left, box.left), Math.min(word.right, box.right)];
        const [top, bottom] = [Math.max(word.top, box.top), Math.min(word.bottom, box.bottom)];
        if (right - left < 2 || bottom - top < 4 || text.data.startsWith(own || '-')) continue;
        const stack = document.elementsFromPoint((left + right) / 2, (top + bottom) / 2);
        const [over, under] = [stack.indexOf(face), stack.indexOf(node)];
        if (over >= 0 && (under < 0 || over < under)) found.push(`${face.textContent} over ${text.data}`);
      }
  }
  return found;
}"""

# How far, in px, the middle of what flies is from the place it is moved to.
OFF = """() => { const stage = document.getElementById('stage').getBoundingClientRect();
  return Math.max(0, ...[...document.querySelectorAll('.plane')].map(plane => {
    const [x, y] = plane.style.transform.match(/-?[\\d.]+(?=px)/g).map(Number), box = plane.firstChild.getBoundingClientRect();
    return Math.hypot(box.left + box.width / 2 - stage.left - x, box.top + box.height / 2 - stage.top - y);
  })); }"""

# Of what is written on the shelves for who reads: what a word of the air, seen yet or fading, or a chip in it lies at.
CROSSED = """() => {
  const boxes = selector => [...document.querySelectorAll(selector)].filter(node => node.checkVisibility())
    .map(node => [node.textContent, node.getBoundingClientRect()]);
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  return [['.shelf-says', '.plane > *'], ['.shelf .note', '.plane > .word']].flatMap(([still, moving]) =>
    boxes(still).flatMap(([said, at]) => boxes(moving).filter(([, box]) => meet(at, box)).map(([word]) => `${word} at ${said}`)));
}"""

# Of each ack in the air, by task: how far, in px, it is to the right of its own copy and off its middle line; null where it has none.
TO_COPY = """() => {
  for (const slide of document.getAnimations()) if (slide instanceof CSSTransition) slide.finish();
  return Object.fromEntries([...document.querySelectorAll('.plane[data-kind=ack]')].map(plane => {
    const n = plane.dataset.flight.match(/\\d+/)[0], copy = document.querySelector(`.ghost[data-task="${n}"]`);
    if (copy === null) return [n, null];
    const [token, box] = [plane.firstChild.getBoundingClientRect(), copy.getBoundingClientRect()];
    return [n, [token.left + token.width / 2 - box.right, token.top + token.height / 2 - box.top - box.height / 2]];
  })); }"""


def manual() -> Iterator[Story]:
    """A publish, a delivery, an ack, a closed connection, a redelivery and a requeue, at once."""
    story = moments.working()
    story.ack(2)
    story.wait(1)
    yield story
    story.deliver(5, "worker-1")
    story.ack(4)
    story.kill("worker-2")
    story.deliver(3, "worker-3")
    story.publish("mail.", "photo..")
    yield story


def auto() -> Iterator[Story]:
    """A result, and a death under auto-ack."""
    story = Story(ack="auto")
    story.publish(*["photo....."] * 3)
    story.share([1, 2, 3])
    story.wait(3)
    yield story
    result = {"queue": "", "exchange": "", "routing_key": "results", "persistent": False}
    story.say(
        ev.Published,
        conn=story.conns["worker-1"],
        channel=1,
        task="r1",
        body="ok",
        size=2,
        result_of="t1",
        **result,
    )
    story.kill("worker-2")
    yield story


@pytest.mark.parametrize("told", [manual, auto])
def test_what_flies_covers_no_word_and_is_in_the_middle_of_its_way(fed: Open, told: Told) -> None:
    page = fed(own=True)
    page.clock.install(time=0)
    page.reload()
    page.clock.pause_at(60_000)
    flown: set[str] = set()
    for story in told():
        page.evaluate("frame => feed(frame)", story.frame())
        for _ in range(STEPS):
            page.clock.run_for(STEP)
            kinds = page.evaluate("[...document.querySelectorAll('.plane')].map(plane => plane.dataset.kind)")
            flown |= set(kinds)
            assert page.evaluate(COVERED) == []
            assert page.evaluate(OFF) < 1
        story.wait(STEP * STEPS / 1000)
    wanted = {"publish", "deliver", "ack", "fall", "redeliver"} if told is manual else {"finish", "bury"}
    assert flown >= wanted


@pytest.mark.parametrize("width", [1024, 1920])
def test_no_sentence_of_a_shelf_stands_where_a_killed_workers_task_comes_back(fed: Open, width: int) -> None:
    page = fed(width, 900, own=True)
    story = working(page, 1)
    story.kill("worker-1")
    tell(page, story, 0)
    flown: set[str] = set()
    for _ in range(STEPS + 5):
        page.clock.run_for(STEP)
        flown |= set(
            page.evaluate("[...document.querySelectorAll('.plane')].map(plane => plane.dataset.kind)")
        )
        assert page.evaluate(CROSSED) == []
    assert flown == {"fall", "requeue"}
    expect(page.locator(".shelf-says")).to_be_visible()


def working(page: Page, workers: int) -> Story:
    """A page whose clock stands still, with so many busy workers and a backlog."""
    page.clock.install(time=0)
    page.reload()
    page.clock.pause_at(60_000)
    story = Story(workers=workers)
    story.publish(*["photo....."] * 3 * workers)
    story.share(range(1, workers + 1), workers)
    story.wait(3)
    tell(page, story, 1000)
    return story


def tell(page: Page, story: Story, wait: int) -> None:
    """Feeds what is told, and lets so many ms pass."""
    page.evaluate("frame => feed(frame)", story.frame())
    page.clock.run_for(wait)
    story.wait(wait / 1000)


@pytest.mark.parametrize(
    "workers", [pytest.param(3, marks=pytest.mark.long), 4, pytest.param(8, marks=pytest.mark.long)]
)
def test_an_ack_lands_beside_its_own_copy_though_the_next_task_was_delivered_at_once(
    fed: Open, workers: int
) -> None:
    page = fed(own=True)
    story = working(page, workers)
    acked = range(1, workers + 1)
    for n in acked:
        story.ack(n)
        story.deliver(n + workers, f"worker-{n}")
    tell(page, story, 300)
    expect(page.locator(".shelf.unacked .count")).to_have_text(str(workers))
    ways: dict[str, list[float] | None] = {}
    while flying := page.evaluate(TO_COPY):
        ways |= flying
        expect(page.locator(".shelf.unacked .more")).to_be_hidden()
        page.clock.run_for(15)
    assert sorted(map(int, ways)) == list(acked)
    for n, way in ways.items():
        assert way is not None, f"the copy of #{n} went before its ack landed"
        assert 8 < way[0] < 18 and abs(way[1]) < 3, f"the ack of #{n} lands {way} px from its copy"
    page.clock.run_for(100)
    kept = page.locator(".ghost").evaluate_all("copies => copies.map(copy => copy.dataset.task)")
    assert kept == [str(n + workers) for n in acked]


def test_an_ack_whose_copy_gets_its_cell_only_on_the_way_lands_beside_it(fed: Open) -> None:
    page = fed(own=True)
    story = working(page, 4)
    for n in (1, 2, 3, 4):
        story.ack(n)
        story.deliver(n + 4, f"worker-{n}")
    tell(page, story, 300)
    story.ack(5)  # its chip is still on its way to the lane, and the shelf is full of what leaves
    tell(page, story, 100)
    way = None
    while flying := page.evaluate(TO_COPY):
        way = flying.get("5")
        page.clock.run_for(15)
    assert way is not None and 8 < way[0] < 18 and abs(way[1]) < 3, way


# Of each ack in the air, by task: how far, in px, its middle is from where the edge of the shelf is above the number of those that are kept; null where
# its copy is drawn.
TO_NUMBER = """() => {
  const number = document.querySelector('.shelf.unacked .count').getBoundingClientRect(), edge = document.querySelector('.shelf.unacked').getBoundingClientRect().top;
  return Object.fromEntries([...document.querySelectorAll('.plane[data-kind=ack]')].flatMap(plane => {
    const n = plane.dataset.flight.match(/\\d+/)[0], token = plane.firstChild.getBoundingClientRect();
    if (plane.style.opacity === '0') return [];
    if (document.querySelector(`.ghost[data-task="${n}"]`) !== null) return [[n, null]];
    return [[n, Math.hypot(token.left + token.width / 2 - number.left - number.width / 2, token.top + token.height / 2 - edge)]];
  })); }"""


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_an_ack_whose_copy_has_no_cell_lands_at_the_number_of_those_that_are_kept(
    fed: Open, size: tuple[int, int]
) -> None:
    page = fed(*size, own=True)
    story = working(page, 16)
    for n in range(1, 17):
        story.ack(n)
        story.deliver(n + 16, f"worker-{n}")
    story.wait(0.05)
    for n in range(17, 33):  # tasks of no dots: each ack leaves when its chip has been seen to come
        story.ack(n)
        story.deliver(n + 16, f"worker-{n - 16}")
    tell(page, story, 1050)
    ways: dict[str, float | None] = {}
    while flying := page.evaluate(TO_NUMBER):
        ways |= flying
        page.clock.run_for(15)
    landed = [way for way in ways.values() if way is not None]
    assert len(landed) >= 4 and max(landed) < 4, ways


def test_a_way_that_is_drawn_after_the_page_was_scrolled_ends_at_its_copy(fed: Open) -> None:
    page = fed(390, 844, reduced_motion="reduce")
    show(page, "killed", {"lanes": 3, "dead": 2})
    expect(page.locator(".trail .fell")).to_be_visible()
    page.evaluate("document.querySelector('.lanes').scrollIntoView({ block: 'start' })")
    show(page, "killed", {"lanes": 3, "dead": 3})
    expect(page.locator('.lane[data-down][data-worker="worker-3"]')).to_be_visible()
    apart = page.evaluate(
        """() => { const way = document.querySelector('.trail .fell'), stage = document.getElementById('stage').getBoundingClientRect();
           const [from, to] = [way.getPointAtLength(0), way.getPointAtLength(way.getTotalLength())];
           const middle = node => { const box = node.getBoundingClientRect(); return box.top + box.height / 2 - stage.top; };
           return [from.y - middle(document.querySelector('[data-worker="worker-3"] .slot')), to.y - middle(document.querySelector('.ghost[data-task="3"]'))]; }"""
    )
    assert max(map(abs, apart)) < 6, apart
