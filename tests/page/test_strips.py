"""What happened, task by task and worker by worker; and one light for the same task, worker or number, wherever it is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.demo import Demo, alone
from tests.page.stage import Stage

Visit = Callable[..., Stage]
LONG = "photo" + "." * 30  # for what is looked at while somebody works on it
LIT = re.compile(r"(^| )lit( |$)")


@pytest.fixture
def demo(on_embedded: Demo) -> Demo:
    return on_embedded.fresh()


def strip(stage: Stage, n: int) -> Locator:
    return stage.find(f'#life .strip[data-of="{n}"]')


def row(stage: Stage, worker: str) -> Locator:
    return stage.find("#stints .strip").filter(has=stage.find(f'[data-by="{worker}"]'))


def test_a_task_whose_worker_was_stopped_has_two_attempts_and_each_worker_one_of_them(
    on_either: Demo, visit: Visit
) -> None:
    on_either.fresh()
    stage = visit(on_either)
    stage.submit("photo.........")
    dead = stage.holder(1)
    expect(strip(stage, 1).locator("[data-kind=held]")).to_be_visible()
    stage.press(dead, "stop")
    again = strip(stage, 1).locator("[data-kind=again]")
    expect(again).to_be_visible()
    second = again.get_attribute("data-by")
    assert second and second != dead
    ended = strip(stage, 1).locator("[data-kind=bad]")
    expect(ended).to_have_attribute("title", re.compile(f"^{dead} ✕ connection closed, .* after the kill$"))
    kinds = strip(stage, 1).locator(".segment").evaluate_all("all => all.map(n => n.dataset.kind)")
    assert [kind for kind in kinds if kind != "wait"] == ["bad", "again"]

    stage.find("[data-tab=workers]").click()
    expect(row(stage, dead).locator('.segment[data-of="1"][data-kind=bad]')).to_be_visible()
    expect(row(stage, dead).locator(".away[data-away=stopped]")).to_have_attribute(
        "title", "stopped · kill -9"
    )
    expect(row(stage, second).locator('.segment[data-of="1"]')).to_be_visible()
    stage.shows(done=1)
    expect(row(stage, second).locator('.segment[data-of="1"][data-kind=done]')).to_be_visible()
    stage.press(dead, "start")
    expect(row(stage, dead).locator(".away[data-away=starting]").last).to_be_attached()
    expect(row(stage, dead)).to_have_attribute("data-state", "idle")


def test_what_lies_in_a_workers_hands_is_told_from_what_it_works_on(on_embedded: Demo, visit: Visit) -> None:
    stage = visit(on_embedded.fresh(prefetch=3))
    alone(on_embedded)
    stage.find("[data-tab=workers]").click()
    on_embedded.submit(LONG, 3)
    mine = row(stage, "worker-1")
    expect(mine.locator(".segment")).to_have_count(1)
    expect(mine.locator('.segment[data-of="1"]')).to_be_visible()
    expect(mine.locator(".hold")).to_have_count(2)
    assert sorted(mine.locator(".hold").evaluate_all("all => all.map(n => n.dataset.of)")) == ["2", "3"]
    on_embedded.act("worker-1", "freeze")
    expect(mine.locator(".away[data-away=frozen]")).to_be_visible()
    on_embedded.act("worker-1", "stop")
    expect(mine.locator(".away[data-away=stopped]")).to_be_visible()
    expect(mine.locator(".hold[data-kind=bad]")).to_have_count(2)


def test_the_views_are_tabs_and_arrow_keys_lead_from_one_to_the_next(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    tabs = stage.page.get_by_role("tab")
    assert tabs.all_inner_texts() == ["Life of a task", "Workers", "Code in force", "Output"]
    tabs.first.focus()
    for key, name, panel in [
        ("ArrowRight", "Workers", "stints"),
        ("ArrowRight", "Code in force", "code"),
        ("End", "Output", "output"),
        ("ArrowRight", "Life of a task", "life"),
        ("ArrowLeft", "Output", "output"),
        ("Home", "Life of a task", "life"),
    ]:
        stage.page.keyboard.press(key)
        tab = stage.page.get_by_role("tab", name=name)
        expect(tab).to_be_focused()
        expect(tab).to_have_attribute("aria-selected", "true")
        expect(stage.page.get_by_role("tabpanel")).to_have_id(panel)
        expect(stage.find("[role=tab][tabindex='0']")).to_have_count(1)


def test_the_task_under_the_pointer_lights_up_everywhere(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    demo.submit(LONG, 2)
    stage.shows(unacked=2)
    places = [
        stage.task(1, "ghost"),
        stage.task(1, "lane"),
        strip(stage, 1),
        stage.find('.wire-line[data-of="1"]').last,
    ]
    for place in places:
        stage.find(".logo").hover()
        expect(stage.find(".lit")).to_have_count(0)
        place.hover()
        for other in places:
            expect(other).to_have_class(LIT)
        expect(strip(stage, 2)).not_to_have_class(LIT)
    stage.find(".logo").hover()
    strip(stage, 2).locator("button").focus()
    expect(stage.task(2, "ghost")).to_have_class(LIT)
    expect(stage.task(1, "ghost")).not_to_have_class(LIT)


def test_a_number_of_the_ledger_lights_its_tasks_and_a_lane_its_own(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    demo.submit(LONG, 5)
    stage.shows(unacked=3, ready=2)
    stage.ledger("ready").hover()
    expect(stage.find("[data-place=ready].lit")).to_have_count(2)
    expect(stage.find("[data-place=ghost].lit")).to_have_count(0)
    stage.find("[data-term=unacked]").focus()
    expect(stage.find("[data-place=ghost].lit")).to_have_count(3)
    expect(stage.find("[data-place=ready].lit")).to_have_count(0)
    holder = stage.holder(1)
    stage.lane(holder).locator(".name").hover()
    expect(stage.find("[data-place=ghost].lit")).to_have_count(1)
    expect(stage.find("[data-place=ghost].lit")).to_have_attribute("data-task", "1")
    assert set(stage.find(".wire-line.lit").evaluate_all("all => all.map(n => n.dataset.by)")) >= {holder}
    assert set(stage.find(".segment.lit").evaluate_all("all => all.map(n => n.dataset.by)")) == {holder}


def test_a_pinned_task_stays_in_view(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    demo.submit("first")
    stage.shows(done=1)
    strip(stage, 1).locator("button").click()
    demo.submit("x", 30)
    stage.shows(done=31)
    expect(strip(stage, 31)).to_be_visible()
    expect(strip(stage, 1)).to_be_visible()
    expect(stage.find(".pinned")).to_contain_text("#1 first")
    stage.find("[data-role=unpin]").click()
    expect(strip(stage, 1)).to_have_count(0)
    expect(stage.find(".pinned")).to_be_hidden()
