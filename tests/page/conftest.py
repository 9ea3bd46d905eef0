"""The page in a real Chromium, on the real demo."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import needs
from tests.demo import BROKERS, Demo
from tests.fake_engine import Web
from tests.page.scripted import script
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


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a web process that hands out the page; there is no broker behind it and no worker."""
    with Web("--port", "0", "--data", str(tmp_path_factory.mktemp("pages"))) as web:
        yield web.url()


@pytest.fixture
def fed(browser: Browser, pages: str) -> Iterator[Callable[..., Page]]:
    """Opens the page in a new window, to be fed with frames. It may write no error or warning to its console."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def hear(kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            complaints.append(f"{kind}: {text}")

    def fed(width: int = 1280, height: int = 720, **more: object) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, **{"base_url": pages, **more}
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: hear(said.type, said.text))
        page.on("pageerror", lambda error: hear("error", str(error)))
        script(page, pages)
        return page

    yield fed
    for context in contexts:
        context.close()
    assert complaints == []
