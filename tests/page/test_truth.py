"""Every page shows the same, true state: reloaded, beside another, offline and back, and while the broker is away."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.demo import Demo
from tests.fake_engine import until
from tests.page.conftest import Windows
from tests.page.stage import Stage

Visit = Callable[..., Stage]


# What comes and goes faster than a test can ask: the broker's dot and a number of the ledger.
WATCH = """() => {
  window.seen = [];
  const broker = document.querySelector('[data-role=broker]'), unacked = document.querySelector('[data-ledger=unacked]');
  const look = () => window.seen.push('up ' + broker.dataset.up, 'unacked ' + unacked.textContent);
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
}"""


def agree(demo: Demo, *stages: Stage) -> None:
    """Waits until every page shows what REST says, and all of them the same."""
    last: list[object] = []

    def look() -> bool:
        state, seen = demo.state(), [stage.seen() for stage in stages]
        last[:] = [state, *seen]
        truth = {key: f"{state['ledger'][key]:,}" for key in seen[0]["ledger"]}
        lanes = [[worker["name"], worker["state"], str(worker["done"])] for worker in state["workers"]]
        return all(
            each == seen[0] and each["ledger"] == truth and [lane[:3] for lane in each["lanes"]] == lanes
            for each in seen
        )

    try:
        until(look, "every page in agreement with REST")
    except AssertionError:
        raise AssertionError(f"pages and REST differ: {last}") from None


def test_two_pages_and_a_reloaded_one_show_the_same(on_embedded: Demo, visit: Visit) -> None:
    demo = on_embedded.fresh()
    one, two = visit(demo), visit(demo, 390, 844)
    one.submit("photo" + "." * 30)
    one.submit("photo.", times=3)
    one.press(one.holder(1), "stop")
    expect(two.find('[data-task="1"][data-place=dropped]')).to_have_count(1)
    two.page.reload()
    two.live()
    expect(two.find('[data-task="1"][data-place=dropped]')).to_have_count(1)
    agree(demo, one, two)
    one.shows(done=3, unacked=1)
    agree(demo, one, two)


@pytest.mark.long
def test_a_page_that_was_offline_for_ten_seconds_is_right_at_once(
    on_embedded: Demo, visit: Visit, windows: Windows
) -> None:
    demo = on_embedded.fresh()
    watching, away = visit(demo), visit(demo)
    windows.deafen(away.page)
    away.submit("photo..", times=2)
    away.shows(published=2)
    away.page.context.set_offline(True)
    expect(away.find("body")).to_have_attribute("data-link", "reconnecting")
    watching.submit("x.", times=20)
    watching.press("worker-1", "stop")
    watching.page.wait_for_timeout(10_000)  # the absence is what is tested
    assert away.seen()["ledger"]["published"] == "2"
    away.page.context.set_offline(False)
    away.live()
    away.shows(published=22)
    agree(demo, watching, away)


@pytest.mark.long
def test_the_broker_goes_and_comes_back_in_the_middle(on_embedded: Demo, visit: Visit) -> None:
    demo = on_embedded.fresh()
    stage = visit(demo)
    stage.submit("photo.....", times=3)
    stage.submit("x", times=2)
    stage.shows(published=5, unacked=3)
    (pid,) = broker_pids(demo)
    stage.page.evaluate(WATCH)
    os.kill(pid, signal.SIGKILL)
    until(
        lambda: {"up false", "unacked 0"} <= set(stage.page.evaluate("window.seen")), "the broker's absence"
    )
    expect(stage.find("[data-role=broker]")).to_have_attribute("data-up", "true")
    demo.once(lambda state: state["ledger"]["done"] == 5, "all five done")
    stage.shows(done=5, lost=0)
    agree(demo, stage)


def broker_pids(demo: Demo) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"webapp.broker" in words and any(demo.data.encode() in word for word in words):
                found.append(int(folder.name))
    return found


def test_the_pages_own_state_is_what_rest_says_in_every_part(on_embedded: Demo, visit: Visit) -> None:
    demo = on_embedded.fresh()
    stage = visit(demo)
    expect(stage.find("[data-role=broker]")).to_contain_text(demo.state()["broker"]["product"])
    expect(stage.find("[data-role=broker]")).to_contain_text(demo.state()["broker"]["version"])
    stage.submit("photo.", times=3)
    stage.shows(done=3)
    wire = stage.find("#wire")
    for method in ("basic.publish", "basic.deliver", "basic.ack"):
        expect(wire.get_by_text(method).first).to_be_visible()
    assert re.search(r"worker-\d", wire.inner_text()), json.dumps(wire.inner_text())
    expect(stage.find("#life")).to_contain_text("✓")
