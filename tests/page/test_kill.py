"""What the page is for: stop a worker, and see what becomes of its task. On both brokers."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.demo import Demo
from tests.page.stage import Stage

Visit = Callable[..., Stage]


def test_the_task_of_a_stopped_worker_visibly_comes_back(on_either: Demo, visit: Visit) -> None:
    on_either.fresh()
    stage = visit(on_either)
    stage.submit("photo........", times=3)  # nobody may be done before the way back has been looked at
    stage.submit("photo")
    stage.shows(published=4, unacked=3, ready=1)
    dead = stage.holder(1)
    expect(stage.task(1, "ghost")).to_contain_text(dead)

    stage.press(dead, "stop")
    # crossed out on the dead lane
    expect(stage.lane(dead)).to_have_attribute("data-state", "stopped")
    crossed = stage.lane(dead).locator('[data-task="1"][data-place=dropped]')
    expect(crossed).to_be_visible()
    assert "line-through" in crossed.locator(".number").evaluate(
        "n => getComputedStyle(n).textDecorationLine"
    )
    # off the Unacked shelf, on the Ready shelf, and the way from one to the other is drawn
    expect(stage.task(1, "ready")).to_be_visible()
    expect(stage.task(1, "ready")).to_have_attribute("data-look", "again")
    expect(stage.find("[data-role=caption]")).to_contain_text("The broker still had #1")
    expect(stage.task(1, "ghost")).to_have_count(0)
    stage.shows(published=4, unacked=2, ready=2, lost=0)

    # and on another lane, as the second attempt
    again = stage.find('[data-place=lane][data-task="1"][data-attempt="2"]')
    expect(again).to_be_visible()
    second = stage.holder(1)
    assert second != dead
    expect(stage.lane(second)).to_contain_text("2nd attempt")
    expect(stage.task(1, "ghost")).to_contain_text(second)

    stage.shows(published=4, done=4, ready=0, unacked=0, lost=0, redelivered=1)
    expect(stage.lane(dead).locator("[data-role=start]")).to_be_visible()


def test_with_an_idle_neighbour_it_is_there_at_once(on_either: Demo, visit: Visit) -> None:
    on_either.fresh()
    stage = visit(on_either)
    stage.submit("photo" + "." * 20)
    dead = stage.holder(1)
    stage.press(dead, "stop")
    again = stage.find('[data-place=lane][data-task="1"][data-attempt="2"]')
    expect(again).to_be_visible()
    expect(stage.lane(dead).locator("[data-place=dropped]")).to_be_visible()
    assert stage.holder(1) != dead
    stage.shows(published=1, unacked=1, redelivered=1, lost=0)


def test_under_auto_ack_exactly_what_was_in_its_hands_is_lost_by_name(on_either: Demo, visit: Visit) -> None:
    on_either.fresh(ack="auto")
    stage = visit(on_either)
    stage.submit("photo........", times=4)
    stage.shows(published=4, at_risk=4)
    expect(stage.find("[data-place=ghost]")).to_have_count(0)
    dead = stage.holder(1)
    held = [chip.split()[0] for name, _, _, chips in stage.seen()["lanes"] if name == dead for chip in chips]
    assert len(held) == 2  # four tasks, three workers, round robin: the first has two

    stage.press(dead, "stop")
    stage.shows(lost=2)
    for n in held:
        expect(stage.find(f'.tray [data-task="{n}"][data-place=lost]')).to_be_visible()
    assert sorted(stage.seen()["lost"]) == sorted(held)
    stage.shows(published=4, done=2, lost=2, at_risk=0, redelivered=0)


def test_a_stopped_worker_starts_again_and_works_on(on_either: Demo, visit: Visit) -> None:
    on_either.fresh()
    stage = visit(on_either)
    for worker in ("worker-1", "worker-2", "worker-3"):
        stage.press(worker, "stop")
        expect(stage.lane(worker)).to_have_attribute("data-state", "stopped")
    stage.submit("photo.")
    stage.shows(published=1, ready=1)
    stage.press("worker-2", "start")
    stage.shows(done=1)
    expect(stage.lane("worker-2").locator(".tally b")).to_have_text("1")
