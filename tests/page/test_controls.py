"""What can be clicked and typed: the form, the switches, the lanes' menus, the keys, the numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.demo import Demo
from tests.page.stage import Stage

Visit = Callable[..., Stage]


@pytest.fixture
def demo(on_embedded: Demo) -> Demo:
    return on_embedded.fresh()


def test_enter_submits_and_the_field_says_how_long_it_takes(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    field = stage.find("[data-role=field]")
    field.fill("photo...")
    expect(stage.find("#producer")).to_contain_text("3 s")
    field.press("Enter")
    stage.shows(published=1)


def test_times_five_and_times_twenty(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    stage.find("[data-role=field]").fill("x")
    stage.find("[data-role=submit-5]").click()
    stage.shows(published=5)
    stage.find("[data-role=submit-20]").click()
    stage.shows(published=25, done=25)


@pytest.mark.parametrize(
    ("typed", "says"), [("   ", "needs some text"), ("x" * 5000, "4096 bytes"), ("." * 700, "600 dots")]
)
def test_a_task_that_cannot_be_is_refused_in_words_beside_the_field(
    demo: Demo, visit: Visit, typed: str, says: str
) -> None:
    stage = visit(demo)
    stage.submit(typed)
    expect(stage.find("[data-role=submit-error]")).to_contain_text(says)
    expect(stage.find("[data-role=field]")).to_have_value(typed)
    stage.submit("photo.")
    expect(stage.find("[data-role=submit-error]")).to_be_hidden()
    stage.shows(published=1)


@pytest.mark.parametrize(
    "text", ["<img src=x onerror=alert(1)>", "\"quotes' &amp;", "🐇🐇 hop", "שלום مرحبا"]
)
def test_any_text_is_shown_as_text(demo: Demo, visit: Visit, text: str) -> None:
    stage = visit(demo)
    stage.submit(text + "." * 20)
    expect(stage.lane(stage.holder(1))).to_contain_text(text)
    expect(stage.find("main img")).to_have_count(0)


def test_the_switch_to_auto_ack_and_back_restarts_the_workers(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    pids = [worker["pid"] for worker in demo.state()["workers"]]
    stage.find("[data-role=ack-auto]").click()
    expect(stage.find(".lane[data-ack=auto][data-state=idle]")).to_have_count(3)
    assert not {worker["pid"] for worker in demo.state()["workers"]} & set(pids)
    expect(stage.find("[data-role=ack-auto]")).to_be_checked()
    stage.find("[data-role=ack-manual]").click()
    expect(stage.find(".lane[data-ack=manual][data-state=idle]")).to_have_count(3)


def test_a_worker_in_the_middle_of_a_task_finishes_it_before_it_is_restarted(
    demo: Demo, visit: Visit
) -> None:
    stage = visit(demo)
    stage.submit("photo......")
    name = stage.holder(1)
    stage.find("[data-role=prefetch]").select_option("5")
    stage.shows(done=1, redelivered=0)
    demo.once(
        lambda state: all(w["prefetch"] == 5 and w["state"] == "idle" for w in state["workers"]), "prefetch 5"
    )
    expect(stage.lane(name)).to_have_attribute("data-state", "idle")


def test_a_worker_is_added_and_works(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    stage.find("[data-role=add-worker]").click()
    expect(stage.lane("worker-4")).to_have_attribute("data-state", "idle")
    stage.submit("photo" + "." * 20, times=4)
    expect(stage.lane("worker-4")).to_have_attribute("data-state", "working")


def test_the_menu_of_a_lane_freezes_cuts_and_finishes(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    for action, state in (("freeze", "frozen"), ("thaw", "idle"), ("finish", "stopped")):
        stage.press("worker-2", "lane-menu")
        stage.find(f"[data-role=menu-{action}]").click()
        expect(stage.lane("worker-2")).to_have_attribute("data-state", state)
    stage.press("worker-1", "lane-menu")
    stage.find("[data-role=menu-cut]").click()
    expect(stage.find("#wire")).to_contain_text("cut")
    expect(stage.lane("worker-1")).to_have_attribute("data-state", "idle")  # it comes back by itself


def test_a_number_of_the_ledger_lists_its_tasks(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    stage.submit("cat", times=2)
    stage.shows(done=2)
    stage.ledger("done").click()
    dialog = stage.find("[data-dialog=list]")
    expect(dialog.locator(".list-item")).to_have_count(2)
    expect(dialog).to_contain_text("cat")
    stage.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_digits_stop_workers_and_the_question_mark_lists_the_keys(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    expect(stage.lane("worker-2")).to_have_attribute("data-state", "idle")
    stage.page.keyboard.press("2")
    expect(stage.lane("worker-2")).to_have_attribute("data-state", "stopped")
    stage.page.keyboard.press("?")
    expect(stage.find("[data-dialog]")).to_be_visible()


def test_reset_asks_and_then_begins_anew(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    stage.submit("photo....", times=5)
    stage.shows(published=5)
    stage.find("[data-role=reset]").click()
    stage.find("[data-role=reset-yes]").click()
    stage.shows(published=0, ready=0, unacked=0)
    expect(stage.find(".lane[data-state=idle]")).to_have_count(3)


def test_what_happened_is_said_in_words(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    stage.submit("photo" + "." * 20)
    dead = stage.holder(1)
    stage.press(dead, "stop")
    expect(stage.find("#live")).to_contain_text(dead)
    expect(stage.find("#live")).to_contain_text("second attempt")


def test_a_refusal_is_shown(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    demo.act("worker-1", "stop")
    expect(stage.lane("worker-1")).to_have_attribute("data-state", "stopped")
    stage.page.evaluate(
        """() => document.querySelector('#workers').dispatchEvent(new CustomEvent('command',
           {bubbles: true, detail: {do: 'worker', name: 'worker-1', action: 'stop'}}))"""
    )
    expect(stage.find("#toasts")).to_contain_text("stopped already")


def test_with_five_thousand_tasks_the_page_stays_usable(demo: Demo, visit: Visit) -> None:
    for worker in ("worker-1", "worker-2", "worker-3"):
        demo.act(worker, "stop")
    stage = visit(demo)
    demo.submit("photo.", 5000)
    stage.shows(published=5000, ready=5000)
    assert stage.page.evaluate("document.querySelectorAll('*').length") < 3000
    stage.find("[data-role=reset]").click()
    stage.find("[data-role=reset-yes]").click()
    stage.shows(published=0, ready=0)


@pytest.mark.parametrize(("width", "height", "scheme"), [(1280, 720, "light"), (390, 844, "dark")])
def test_nothing_sticks_out_and_what_stands_still_does_not_jump(
    demo: Demo, visit: Visit, width: int, height: int, scheme: str
) -> None:
    stage = visit(demo, width, height, color_scheme=scheme)
    expect(stage.find(".lane")).to_have_count(3)  # drawn, not only told
    stage.page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    stage.page.evaluate(
        """() => { window.shifts = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) window.shifts += e.value; })
           .observe({type: 'layout-shift', buffered: false}); }"""
    )
    demo.submit("photo" + "." * 30)
    demo.submit("photo..", 4)
    demo.act(stage.holder(1), "stop")
    stage.shows(done=4, unacked=1)
    assert stage.page.evaluate("document.documentElement.scrollWidth") <= width
    assert stage.page.evaluate("window.shifts") < 0.02
