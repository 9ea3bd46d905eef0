"""Foul weather: clocks that jump, a tab that slept, two thousand tasks a second. The page stays true, and somebody can still use it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.page.scripted import until

Open = Callable[..., Page]

HOUR = 3_600_000  # ms

# This machine's clocks, to be set by `window.skew`, in ms.
SKEWED = """() => {
  window.skew = 0;
  const [monotonic, wall] = [performance.now.bind(performance), Date.now];
  performance.now = () => monotonic() + window.skew;
  Date.now = () => wall() + window.skew;
}"""
DRAWN = "new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(drawn))))"
# Everything that is written on the page, in titles too.
WORDS = """() => [document.body.innerText, ...[...document.querySelectorAll('[title], [aria-label], [aria-valuetext]')]
  .map(node => [node.title, node.ariaLabel, node.ariaValueText].join(' '))].join('\\n')"""
# Scenes of one run, in which time goes on: the same workers with the same tasks, at that moment, as the frame number n.
AT = "([n, at]) => { feed({ ...make.busy({ lanes: 3, from: 9 }), n, at }); return " + DRAWN + "; }"
# A hidden tab gets its frames, but is not drawn: the browser keeps what waits for the next picture until somebody looks.
HIDDEN = """() => {
  window.draws = [];
  window.awake = requestAnimationFrame;
  window.requestAnimationFrame = draw => window.draws.push(draw);
  return new Promise(asleep => window.awake(() => window.awake(asleep)));
}"""
AWAKE = (
    """() => {
  window.requestAnimationFrame = window.awake;
  for (const draw of window.draws) requestAnimationFrame(draw);
  return """
    + DRAWN
    + """;
}"""
)


def at(page: Page, n: int, moment: float) -> None:
    page.evaluate(AT, [n, moment])


def nonsense(page: Page) -> list[str]:
    """What no counter may show, with the words around it; `kill -9` is a command."""
    said = page.evaluate(WORDS).replace("kill -9", "")
    return [
        said[max(0, hit.start() - 30) : hit.end() + 10]
        for hit in re.finditer(r"NaN|Infinity|undefined|null|(?<![\w.-])[-−]\d", said)
    ]


def held(page: Page) -> float:
    """Seconds for which the first lane has had its task, as the lane says."""
    said = page.locator(".lane .runner .time").first.inner_text()
    number = re.search(r"([\d.]+) s", said)
    assert number, said
    return float(number[1])


def test_a_clock_that_jumps_by_an_hour_makes_no_number_wrong_for_longer_than_a_frame(fed: Open) -> None:
    page = fed()
    page.evaluate(SKEWED)
    at(page, 1, 100)
    assert 1 <= held(page) < 60

    for n, skew in ((2, HOUR), (3, 0), (4, -HOUR), (5, 0)):
        page.evaluate(f"window.skew = {skew}; {DRAWN}")
        assert nonsense(page) == [], skew
        assert held(page) < 60, "an hour in which nothing was heard is counted"
        at(page, n, 100 + n)
        assert nonsense(page) == [], skew
        assert 1.3 + n <= held(page) < 60
        expect(page.locator(".time-digits")).to_have_text(re.compile(r"^01:4\d"))

    # and the engine's own
    at(page, 6, 3700)
    assert nonsense(page) == []
    expect(page.locator(".lane .runner .time").first).to_contain_text(re.compile(r"60:\d\d min"))
    at(page, 7, 50)  # before anything was delivered
    assert nonsense(page) == []
    at(page, 8, 110)
    assert nonsense(page) == []
    assert 11 <= held(page) < 60


def test_a_tab_that_slept_ten_minutes_shows_the_truth_at_once_and_replays_nothing(fed: Open) -> None:
    page = fed()
    page.evaluate(SKEWED)
    page.evaluate(
        "() => { window.run = make.soak({ lanes: 3, each: 2, ready: 20, rate: 5, fps: 1 }); feed(run.next()); }"
    )
    expect(page.locator(".lane")).to_have_count(3)
    page.evaluate(HIDDEN)
    last: dict[str, Any] = page.evaluate(
        """() => {
          let frame;
          for (let second = 0; second < 600; second++) {
            window.skew += 1000;
            feed((frame = run.next()));
          }
          return frame;
        }"""
    )
    assert page.evaluate("window.draws.length") == 1, "each second asks for a picture of its own"
    page.evaluate(AWAKE)
    for key, value in last["ledger"].items():
        assert page.locator(f"[data-ledger={key}]").inner_text() == f"{value:,}", key
    moved = {f"t{number}" for number in range(last["ledger"]["done"] - 5, last["ledger"]["published"] + 1)}
    flying = page.locator("[data-flight]").evaluate_all(
        "all => all.map(node => node.dataset.flight.split('/')[0])"
    )
    assert len(flying) <= 15  # what this second brought: five delivered, five acknowledged, five published
    assert set(flying) <= moved
    assert nonsense(page) == []


def test_a_laptop_that_slept_ten_minutes_joins_again_and_replays_nothing(fed: Open) -> None:
    page = fed()
    page.evaluate(SKEWED)
    at(page, 1, 100)
    page.evaluate(f"window.skew = 600_000; {DRAWN}")
    at(page, 900, 700)  # the keyframe that a page gets when it joins again
    expect(page.locator(".lane .runner .time").first).to_contain_text(re.compile(r"10:0\d min"))
    assert page.locator("[data-flight]").count() == 0
    assert nonsense(page) == []


@pytest.mark.long
def test_at_two_thousand_tasks_a_second_the_page_answers_and_stays_small(fed: Open) -> None:
    page = fed()
    page.evaluate(
        """() => {
          const run = make.soak({ lanes: 8, each: 20, ready: 5000, rate: 2000, fps: 30 });
          window.frames = 0;
          window.nodes = [];
          const beat = setInterval(() => {
            window.last = run.next();
            feed(window.last);
            if (++window.frames % 10 === 0) window.nodes.push(document.querySelectorAll('*').length);
            if (window.enough && window.frames >= 60) clearInterval(beat);
          }, 33);
        }"""
    )
    until(page, "window.frames > 20")
    page.locator("[data-role=field]").fill("mine..")
    page.locator("[data-role=submit]").click()
    page.locator(".lane [data-role=stop]").first.click()
    page.keyboard.press("?")
    expect(page.locator("[data-dialog=help]")).to_be_visible()
    page.keyboard.press("Escape")
    assert [each["do"] for each in page.evaluate("window.asked")] == ["submit", "worker"]
    page.evaluate("window.enough = true")
    until(page, "window.frames >= 60")
    nodes = page.evaluate("window.nodes")
    assert max(nodes) < 5000, nodes
    assert nodes[-1] < nodes[1] * 1.25, nodes
    last = page.evaluate("new Promise(done => setTimeout(() => done(window.last), 50))")
    assert (
        last["ledger"]["published"]
        == last["ledger"]["done"] + last["ledger"]["ready"] + last["ledger"]["unacked"]
    )
    for key, value in last["ledger"].items():
        expect(page.locator(f"[data-ledger={key}]")).to_have_text(f"{value:,}")
    assert nonsense(page) == []
