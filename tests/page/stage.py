"""The page as somebody in front of it sees it: shelves, lanes, the ledger, and what can be clicked."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.demo import Demo

DEADLINE = 30_000  # ms
LEDGER = ("published", "done", "ready", "unacked", "at_risk", "lost", "dead", "redelivered", "done_twice")
expect.set_options(timeout=DEADLINE)

READ = """() => ({
  link: document.body.dataset.link,
  ledger: Object.fromEntries([...document.querySelectorAll('[data-ledger]')].map(n => [n.dataset.ledger, n.textContent])),
  lanes: [...document.querySelectorAll('[data-worker]')].map(n => [n.dataset.worker, n.dataset.state,
    n.querySelector('.tally b').textContent, [...n.querySelectorAll('[data-task]')].map(c => c.dataset.task + ' ' + c.dataset.place)]),
  ready: [...document.querySelectorAll('[data-place=ready]')].map(n => n.dataset.task),
  ghosts: [...document.querySelectorAll('[data-place=ghost]')].map(n => n.dataset.task),
  lost: [...document.querySelectorAll('.tray [data-place=lost]')].map(n => n.dataset.task),
})"""


class Stage:
    """One open page."""

    def __init__(self, page: Page, demo: Demo) -> None:
        self.page = page
        self.demo = demo

    def open(self) -> None:
        self.page.goto(self.demo.url())
        self.live()

    def live(self) -> None:
        expect(self.page.locator("body")).to_have_attribute("data-link", "live")

    # -- looking --------------------------------------------------------------------------------------------------

    def find(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def task(self, n: int, place: str) -> Locator:
        """The n-th task's chip at a place: ready | ghost | lane | dropped | lost | dead."""
        return self.page.locator(f'[data-task="{n}"][data-place={place}]')

    def lane(self, worker: str) -> Locator:
        return self.page.locator(f'[data-worker="{worker}"]')

    def ledger(self, key: str) -> Locator:
        return self.page.locator(f"[data-ledger={key}]")

    def shows(self, **ledger: int) -> None:
        """Waits until the ledger shows these numbers."""
        for key, value in ledger.items():
            expect(self.ledger(key)).to_have_text(f"{value:,}")

    def seen(self) -> Any:
        """Everything on the stage, as values."""
        return self.page.evaluate(READ)

    def holder(self, n: int) -> str:
        """The worker whose lane the n-th task is in."""
        chip = self.task(n, "lane").first
        expect(chip).to_be_visible()
        name = chip.evaluate("node => node.closest('[data-worker]').dataset.worker")
        assert isinstance(name, str)
        return name

    # -- doing ----------------------------------------------------------------------------------------------------

    def submit(self, body: str, times: int = 1) -> None:
        self.find("[data-role=field]").fill(body)
        for _ in range(times):
            self.find("[data-role=submit]").click()

    def press(self, worker: str, role: str) -> None:
        self.lane(worker).locator(f"[data-role={role}]").click()
