"""The code in force: the real program, the line that acts, what the switches make of it; and the copy, which runs as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.demo import Demo, consumed_by
from tests.fake_engine import CHECKOUT, until
from tests.page.stage import Stage

Visit = Callable[..., Stage]
SOURCE = (CHECKOUT / "workers" / "worker.py").read_text("utf-8")
CLIPBOARD = ["clipboard-read", "clipboard-write"]


@pytest.fixture
def demo(on_embedded: Demo) -> Demo:
    return on_embedded.fresh()


def code(demo: Demo, visit: Visit, **more: object) -> Stage:
    stage = visit(demo, **more)
    stage.find("[data-tab=code]").click()
    expect(stage.find(".code-line")).to_have_count(len(SOURCE.splitlines()))
    return stage


def line(stage: Stage, text: str) -> Locator:
    return stage.find(".code-line").filter(has_text=text)


def acting(stage: Stage) -> Locator:
    return stage.find(".code-line[data-acting]")


def test_it_is_the_file_itself_line_by_line(demo: Demo, visit: Visit) -> None:
    stage = code(demo, visit)
    assert stage.find(".code-line code").all_text_contents() == SOURCE.splitlines()
    assert stage.find(".code-number").all_text_contents() == [
        str(n + 1) for n in range(len(SOURCE.splitlines()))
    ]


def test_the_line_that_acts_is_marked_from_the_delivery_to_the_ack(on_either: Demo, visit: Visit) -> None:
    stage = code(on_either.fresh(), visit)
    expect(acting(stage)).to_contain_text("start_consuming")
    stage.submit("photo......")
    name = stage.holder(1)
    stage.find("[data-role=code-lane]").select_option(name)
    expect(acting(stage)).to_contain_text("connection.sleep")
    expect(stage.find("[data-role=code-caption]")).to_have_text("works · #1")
    expect(acting(stage)).to_contain_text("start_consuming")
    # the last lines are marked for half a second each: the picture is wound back to them
    scrub = stage.find("[data-role=scrub]")
    attempt = on_either.task(1)["attempts"][0]
    result, ended = attempt["result_at"], attempt["ended_at"]
    for at, text in (
        (result - 1, "connection.sleep"),
        (result + 0.2, "basic_publish"),
        (max(result + 0.5, ended) + 0.2, "basic_ack"),
    ):
        scrub.evaluate(
            "(node, t) => { node.value = t; node.dispatchEvent(new Event('input', {bubbles: true})); }", at
        )
        expect(acting(stage)).to_contain_text(text)


def test_a_killed_worker_died_at_its_line_and_a_frozen_one_stands_there(demo: Demo, visit: Visit) -> None:
    stage = code(demo, visit)
    stage.submit("photo" + "." * 20)
    dead = stage.holder(1)
    stage.press(dead, "stop")  # from now on its code is the one that is looked at
    expect(stage.find("[data-role=code-lane]")).to_have_value(dead)
    expect(acting(stage)).to_contain_text("connection.sleep")
    expect(acting(stage)).to_contain_text("✕ died here · #1")
    expect(stage.find("#code")).to_have_attribute("data-off", "")
    second = stage.holder(1)
    assert second != dead
    demo.act(second, "freeze")
    stage.lane(second).locator(".name").click()
    expect(acting(stage)).to_contain_text("❄ frozen here · #1")
    demo.act(second, "stop")
    (third,) = {"worker-1", "worker-2", "worker-3"} - {dead, second}
    demo.act(third, "finish")
    expect(acting(stage)).to_contain_text("✕ died here")


def test_a_moved_switch_marks_its_lines_and_says_what_is_not_reached(demo: Demo, visit: Visit) -> None:
    stage = code(demo, visit)
    expect(line(stage, "basic_ack(")).not_to_have_attribute("data-struck", "")
    expect(line(stage, "basic_qos(")).to_contain_text("prefetch_count=1")
    stage.find("[data-role=ack-auto]").click()
    changed = (
        "ack = os.environ",
        "basic_consume(",
        "basic_ack(",
    )  # they say so for a few seconds: one look for all
    until(
        lambda: all(
            any(text in one for one in stage.find(".code-line[data-fresh]").all_text_contents())
            for text in changed
        ),
        "the changed lines marked",
    )
    expect(line(stage, "basic_ack(")).to_have_attribute("data-struck", "")
    expect(line(stage, "basic_ack(")).to_contain_text("not reached")
    expect(line(stage, "basic_qos(")).to_contain_text("no effect")
    expect(line(stage, "basic_consume(")).to_contain_text("auto_ack=True")
    expect(stage.find("[data-fresh]")).to_have_count(0)  # by and by
    stage.find("[data-role=ack-manual]").click()
    expect(line(stage, "basic_ack(")).not_to_have_attribute("data-struck", "")
    stage.find("[data-role=prefetch]").select_option("5")
    expect(line(stage, "basic_qos(")).to_have_attribute("data-fresh", "")
    expect(line(stage, "basic_qos(")).to_contain_text("prefetch_count=5")


@pytest.mark.long
def test_a_worker_that_still_runs_with_the_old_setting_says_so(demo: Demo, visit: Visit) -> None:
    stage = code(demo, visit)
    stage.submit("photo........")
    name = stage.holder(1)
    stage.find("[data-role=code-lane]").select_option(name)
    stage.find("[data-role=prefetch]").select_option("5")
    expect(stage.find("[data-role=code-caption]")).to_contain_text("still runs with the old setting")
    expect(line(stage, "basic_qos(")).to_contain_text("prefetch_count=1")
    expect(line(stage, "basic_qos(")).to_contain_text("prefetch_count=5")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Runs a program from a file of its own, with nothing of ours in its environment."""
    running: list[subprocess.Popen[bytes]] = []

    def run(program: str) -> subprocess.Popen[bytes]:
        file = tmp_path / "copied.py"
        file.write_text(program, "utf-8")
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("WORKER_", "UNACKED_", "AMQP_"))
        }
        running.append(subprocess.Popen([sys.executable, str(file)], cwd=tmp_path, env=environ))
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("ack", "prefetch"), [("manual", 5), ("auto", 1)])
def test_the_copied_program_runs_as_it_is_joins_and_does_a_task(
    on_either: Demo,
    visit: Visit,
    run: Callable[[str], subprocess.Popen[bytes]],
    ack: str,
    prefetch: int,
) -> None:
    stage = code(on_either.fresh(ack=ack, prefetch=prefetch), visit, permissions=CLIPBOARD)
    stage.find("[data-role=copy]").click()
    expect(stage.find(".copy-said")).to_contain_text("Copied")
    program = stage.page.evaluate("navigator.clipboard.readText()")
    for worker in ("worker-1", "worker-2", "worker-3"):
        on_either.act(worker, "stop")
    run(program)
    mine = stage.lane("my-worker")
    expect(mine).to_have_attribute("data-state", "idle")
    expect(mine).to_have_attribute("data-kind", "guest")
    expect(mine).to_have_attribute("data-ack", ack)
    lane = next(each for each in on_either.state()["workers"] if each["name"] == "my-worker")
    consumed_by(on_either.amqp_port(), 1)
    assert ack == "auto" or lane["prefetch"] == prefetch
    stage.submit("photo.")
    stage.shows(published=1, done=1)
    assert on_either.task(1)["worker"] == "my-worker"
    stage.find("[data-role=code-lane]").select_option("my-worker")
    expect(stage.find("[data-role=code-caption]")).to_contain_text("a program of its own")
    expect(acting(stage)).to_have_count(0)


def test_where_the_clipboard_is_shut_it_can_be_copied_by_hand(demo: Demo, visit: Visit) -> None:
    stage = code(demo, visit)
    stage.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('shut')); }")
    stage.find("[data-role=copy]").click()
    field = stage.find("[data-dialog=copy] textarea")
    expect(field).to_be_focused()
    assert "basic_ack" in field.input_value()
