"""What the workers printed, as in the tutorial's terminals."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.demo import Demo, alone
from tests.page.stage import Stage
from tests.test_workers import Program

Visit = Callable[..., Stage]


@pytest.fixture
def demo(on_embedded: Demo) -> Demo:
    return on_embedded.fresh()


def terminal(stage: Stage, worker: str) -> Locator:
    return stage.find(f'.terminal[data-by="{worker}"]')


def lines(stage: Stage, worker: str) -> Locator:
    return terminal(stage, worker).locator(".terminal-line")


def test_three_terminals_and_what_was_printed_in_each(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    stage.find("[data-tab=output]").click()
    expect(stage.find(".terminal")).to_have_count(3)
    stage.submit("photo.")
    stage.shows(done=1)
    name = demo.task(1)["worker"]
    expect(terminal(stage, name).locator("h3")).to_contain_text(f"{name}python workers/worker.py")
    expect(lines(stage, name)).to_have_text(
        [
            "$ python workers/worker.py",
            " [*] Waiting for messages. To exit press CTRL+C",
            " [x] Received photo.",
            " [x] Done",
        ],
        use_inner_text=False,
    )


def test_how_it_ended_is_its_last_line_until_it_starts_again(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    stage.find("[data-tab=output]").click()
    body = "photo" + "." * 20
    stage.submit(body)
    dead = stage.holder(1)
    expect(lines(stage, dead).last).to_have_text(f"[x] Received {body}")
    stage.press(dead, "stop")
    expect(lines(stage, dead).last).to_have_text("Killed")
    stage.press(dead, "start")
    expect(lines(stage, dead).last).to_contain_text("[*] Waiting")
    expect(lines(stage, dead).get_by_text("Killed")).to_be_visible()
    demo.act(dead, "finish")
    expect(lines(stage, dead).last).to_have_text("Terminated")


def test_a_terminal_follows_its_newest_line(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    stage.find("[data-tab=output]").click()
    alone(demo, "worker-1")  # or the quickest does most of them
    demo.submit("x", 300)
    stage.shows(done=300)
    expect(lines(stage, "worker-1").first).to_contain_text("earlier lines are not kept")
    expect(lines(stage, "worker-1").last).to_be_in_viewport()
    other = visit(demo)  # also where it is looked at for the first time, and nothing is printed any more
    other.find("[data-tab=output]").click()
    expect(lines(other, "worker-1").last).to_be_in_viewport()


def test_a_guests_output_is_elsewhere(demo: Demo, visit: Visit) -> None:
    stage = visit(demo)
    stage.find("[data-tab=output]").click()
    url = f"amqp://guest:guest@127.0.0.1:{demo.amqp_port()}/"
    with Program("workers/worker.py", AMQP_URL=url, WORKER_NAME="laptop"):
        expect(terminal(stage, "laptop")).to_contain_text("its output is in its own terminal")
