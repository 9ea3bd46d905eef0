"""The page without a server behind it: the real page and its code, fed with frames that a test writes.

The page's one module that knows the socket is swapped for one whose frames come from `feed(frame)`; `make` in the window has the builders of
tests/js/frames.js and of js/ beside this file. The commands that went up are in `asked`, and are answered with `answer` where there is one. For
what depends on the picture alone: it is there at once, and the same each time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route

TESTS = Path(__file__).parents[1]
HERE = Path(__file__).parent / "js"
MODULES = {
    "frames.js": TESTS / "js" / "frames.js",
    "scenes.js": HERE / "scenes.js",
    "hinted.js": HERE / "hinted.js",
    "soak.js": HERE / "soak.js",
    "ways.js": HERE / "ways.js",
}
MAIN = """
import { createApp } from "./app.js";
import * as frames from "./frames.js";
import { hinted } from "./hinted.js";
import * as scenes from "./scenes.js";
import { soak } from "./soak.js";
import * as ways from "./ways.js";
window.make = { ...frames, ...scenes, ...ways, hinted, soak };
window.asked = [];
createApp({
  start(on) {
    window.feed = on.frame;
    on.link(true);
  },
  sync() {},
  seen() {},
  film: async () => null,
  program: async () => "",
  async command(command) {
    window.asked.push(command);
    return window.answer ?? { ok: true };
  },
});
"""


def script(page: Page, url: str) -> None:
    """Opens the page of the server at `url`, to be fed."""

    def answer(body: str) -> Any:
        return lambda route: route.fulfill(body=body, content_type="text/javascript")

    def main(route: Route) -> None:
        route.fulfill(body=MAIN, content_type="text/javascript")

    page.route("**/static/js/main.js*", main)
    for name, file in MODULES.items():
        page.route(
            f"**/static/js/{name}*", answer(file.read_text("utf-8").replace("../../../static/js/", "./"))
        )
    load(page, url)


def load(page: Page, url: str) -> None:
    """Leads a window whose page is fed to another address of it."""
    page.goto(url)
    ready(page)


def ready(page: Page) -> None:
    """Waits until the page, just loaded, can be fed."""
    until(page, "window.feed !== undefined")


def until(page: Page, condition: str) -> None:
    """Waits for what is no element; the page's own policy forbids what Playwright has for that, which evaluates text."""
    page.evaluate(
        f"""() => new Promise((done, late) => {{
             const began = Date.now();
             const look = () => ({condition}) ? done() : Date.now() - began > 20000 ? late('waited in vain') : setTimeout(look, 20);
             look();
           }})"""
    )


def show(page: Page, scene: str, *arguments: object) -> None:
    """Feeds the keyframe that `make.SCENE(...arguments)` makes, and waits until it is drawn."""
    page.evaluate(
        """([scene, given]) => new Promise(drawn => {
             feed(make[scene](...given));
             requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(drawn)));
           })""",
        [scene, list(arguments)],
    )
