"""The page in a real Chromium, on the real demo."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests import needs
from tests.demo import BROKERS, Demo
from tests.page.stage import Stage

# Chromium heeds the last such flag alone: so what Playwright switches off comes first. Then two pages of its address bar's own, which a headless
# Chromium loads with each window too: while a page opens they took about as much of the processor as the page.
OFF = [
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(OFF)}",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for all files here; not for those outside, whose own event loops Playwright's would forbid."""
    needs.chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs.CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=BROKERS)
def on_both(request: pytest.FixtureRequest, demo_on: Callable[[str], Demo]) -> Demo:
    return demo_on(request.param)


@pytest.fixture(scope="module", params=["embedded"])
def on_embedded(request: pytest.FixtureRequest, demo_on: Callable[[str], Demo]) -> Demo:
    return demo_on(request.param)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Stage]]:
    """Opens a demo's page in a new window. No page may write an error or a warning to its console."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def visit(demo: Demo, width: int = 1280, height: int = 720, **more: object) -> Stage:
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        page = context.new_page()
        stage = Stage(page, demo)
        page.on("console", lambda said: stage.hear(said.type, said.text))
        page.on("pageerror", lambda error: stage.hear("error", str(error)))
        stage.complaints = complaints
        stage.open()
        return stage

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []
