"""After a death: a second click undoes nothing, nothing of the dead worker clings to the one that was started again, and what is gone says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.page.scripted import show

Open = Callable[..., Page]

# A kill of worker-1 a moment ago, by the button; its task waits. `more` is made of the frame before it is fed.
KILLED = """(more) => new Promise(drawn => {
  const frame = make.killed({ dead: 1, lanes: 3, free: false });
  frame.tasks.t1.attempts[0].fault = { kind: "stop", at: frame.at - 3.002 };
  Object.assign(frame.workers["worker-1"], more.worker);
  Object.assign(frame.tasks.t1, more.task);
  Object.assign(frame.ledger, more.ledger);
  feed(frame);
  requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(drawn)));
})"""


@pytest.mark.parametrize(("state", "role"), [("working", "stop"), ("stopped", "start")])
def test_the_second_click_of_two_undoes_nothing(fed: Open, state: str, role: str) -> None:
    page = fed()
    page.evaluate(KILLED, {"worker": {"state": state, "pid": 4001 if state == "working" else None}})
    button = page.locator(f'[data-worker="worker-1"] [data-role={role}]')
    button.dispatch_event("click", {"detail": 2})
    assert page.evaluate("window.asked") == []
    button.dispatch_event("click", {"detail": 1})
    assert page.evaluate("window.asked.map(each => each.action)") == [role]


def test_the_way_back_goes_when_its_worker_is_started_again(fed: Open) -> None:
    page = fed()
    page.evaluate(KILLED, {})
    expect(page.locator(".trail .fell")).to_be_visible()
    page.evaluate(KILLED, {"worker": {"state": "starting", "pid": 4711, "dropped": []}})
    assert page.locator(".trail .fell").is_hidden()


def test_a_transient_task_of_a_dead_worker_is_crossed_out_too(fed: Open) -> None:
    page = fed()
    page.evaluate(KILLED, {"task": {"persistent": False}})
    dropped = page.locator('[data-place=dropped][data-task="1"] .number').first
    expect(dropped).to_be_visible()
    assert dropped.evaluate("node => getComputedStyle(node).textDecorationLine") == "line-through"


def test_on_a_phone_too_the_ledger_says_that_something_was_done_twice(fed: Open) -> None:
    page = fed(390, 844)
    show(page, "busy", {"lanes": 2})
    expect(page.locator("[data-ledger=done_twice]")).to_be_hidden()
    page.evaluate(KILLED, {"ledger": {"done_twice": 1}})
    expect(page.locator("[data-ledger=done_twice]")).to_be_visible()
    expect(page.locator("[data-ledger=redelivered]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
