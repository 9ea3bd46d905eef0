"""The page in a real Chromium, on the real demo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import needs
from tests.demo import BROKERS, RABBITMQ_LATER, Demo
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


@pytest.fixture(scope="module", params=RABBITMQ_LATER)
def on_either(request: pytest.FixtureRequest, demo_on: Callable[[str], Demo]) -> Demo:
    return demo_on(request.param)


@pytest.fixture(scope="module", params=["embedded"])
def on_embedded(request: pytest.FixtureRequest, demo_on: Callable[[str], Demo]) -> Demo:
    return demo_on(request.param)


class Windows:
    """The windows of one process. One of them is every test's first, where that asks for nothing special: to lead it to a page takes half of what a new
    one takes. What a test leaves in it is taken out again; but its history grows, so who counts that asks for `own`."""

    PLAIN = frozenset({"color_scheme", "reduced_motion"})

    def __init__(self, browser: Browser, base_url: str) -> None:
        self.browser = browser
        self.base_url = base_url
        self._shared: Page | None = None
        self._taken = False
        self._own: list[BrowserContext] = []
        self._deaf: set[Page] = set()
        self._complaints: list[str] = []

    def open(self, width: int, height: int, *, own: bool = False, **more: Any) -> Page:
        if own or self._taken or not more.keys() <= self.PLAIN:
            return self._new(width, height, **more)
        self._taken = True
        if self._shared is None:
            self._shared = self._new(width, height)
            self._own.clear()
        self._shared.set_viewport_size({"width": width, "height": height})
        self._shared.emulate_media(
            color_scheme=more.get("color_scheme", "light"),
            reduced_motion=more.get("reduced_motion", "no-preference"),
        )
        return self._shared

    def _new(self, width: int, height: int, **more: Any) -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, base_url=self.base_url, **more
        )
        self._own.append(context)
        page = context.new_page()
        page.on("console", lambda said: self._hear(page, said.type, said.text))
        page.on("pageerror", lambda error: self._hear(page, "error", str(error)))
        return page

    def deafen(self, page: Page) -> None:
        """For a test that cuts the network on purpose: the browser complains of it, rightly."""
        self._deaf.add(page)

    def _hear(self, page: Page, kind: str, text: str) -> None:
        if kind in ("error", "warning") and page not in self._deaf:
            self._complaints.append(f"{kind}: {text}")

    def leave(self) -> list[str]:
        """Ends a test: what its pages complained of."""
        for context in self._own:
            context.close()
        self._own.clear()
        if self._taken and self._shared is not None:
            self._shared.context.set_offline(False)
            self._shared.unroute_all()
            self._shared.evaluate("localStorage.clear()")
            self._shared.goto("about:blank")
        self._taken = False
        self._deaf.clear()
        said, self._complaints = self._complaints, []
        return said


@pytest.fixture(scope="package")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a web process that hands out the page; there is no broker behind it and no worker."""
    with Web("--port", "0", "--data", str(tmp_path_factory.mktemp("pages"))) as web:
        yield web.url()


@pytest.fixture(scope="package")
def all_windows(browser: Browser, pages: str) -> Windows:
    return Windows(browser, pages)


@pytest.fixture
def windows(all_windows: Windows) -> Iterator[Windows]:
    """The windows of a test. No page may write an error or a warning to its console."""
    yield all_windows
    assert all_windows.leave() == []


@pytest.fixture
def visit(windows: Windows) -> Callable[..., Stage]:
    """Opens a demo's page in a new window."""

    def visit(demo: Demo, width: int = 1280, height: int = 720, **more: object) -> Stage:
        stage = Stage(windows.open(width, height, **more), demo)
        stage.open()
        return stage

    return visit


@pytest.fixture
def fed(windows: Windows, pages: str) -> Callable[..., Page]:
    """Opens the page in a new window, to be fed with frames."""

    def fed(width: int = 1280, height: int = 720, address: str = "/", **more: object) -> Page:
        page = windows.open(width, height, **more)
        script(page, pages + address)
        return page

    return fed
