"""A short talk, given with a remote and the keys, as on the stage of a lecture hall. On both brokers."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.demo import Demo
from tests.page.stage import Stage
from tests.page.test_time import LONG, back_to, past, step
from tests.page.test_truth import agree

Visit = Callable[..., Stage]


def test_a_scene_from_a_link_a_kill_by_digit_and_the_same_kill_once_more_step_by_step(
    on_either: Demo, visit: Visit
) -> None:
    demo = on_either.fresh()
    stage = visit(demo)
    press = stage.page.keyboard.press

    # a link sets the scene: nothing was published yet, so it does so without asking
    stage.page.goto(f"{demo.url()}/?prefetch=2&workers=2&body={LONG}&count=3")
    stage.live()
    stage.shows(published=3, unacked=3)
    expect(stage.find("[data-worker]")).to_have_count(2)
    expect(stage.find("[data-dialog]")).to_have_count(0)

    # a digit stops the worker that has the first task; the other one has room for one more
    victim = stage.holder(1)
    held = [
        chip.split()[0] for name, _, _, chips in stage.seen()["lanes"] if name == victim for chip in chips
    ]
    press(victim.removeprefix("worker-"))
    expect(stage.lane(victim)).to_have_attribute("data-state", "stopped")
    stage.shows(redelivered=1, unacked=2, ready=len(held) - 1)
    heir = stage.holder(1)
    assert heir != victim

    # back to the moment before, while the system runs on: the victim's hands are full, then empty
    back_to(stage, "kill -9")
    step(stage, "ArrowLeft")
    past(stage)
    expect(stage.lane(victim)).to_have_attribute("data-state", "working")
    stage.shows(redelivered=0, unacked=3, ready=0)
    while "tcp closed" not in step(stage, "ArrowRight"):
        pass
    expect(stage.lane(victim).locator('[data-task="1"][data-place=dropped]')).to_have_count(1)
    stage.shows(redelivered=0, unacked=3 - len(held), ready=len(held))

    # Shift and the digit start it again: now, not on the picture; live the page shows what is so
    press(f"Shift+Digit{victim[-1]}")
    demo.once(lambda now: all(each["state"] == "working" for each in now["workers"]), "both at work")
    expect(stage.lane(victim)).to_have_attribute("data-state", "stopped")
    press("l")
    past(stage, False)
    stage.shows(published=3, unacked=3, redelivered=len(held), lost=0)
    agree(demo, stage)

    # paused by the remote's button, and on again
    press(".")
    past(stage)
    press("l")
    past(stage, False)
