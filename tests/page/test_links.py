"""A link is a scene: the address follows what is chosen, an opened link does what it says or asks first, and nonsense in it does no harm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.page.scripted import load, ready, show, until

Open = Callable[..., Page]

SCENE = "/?ack=auto&prefetch=5&workers=4&body=photo...&count=6"
RESET = {"do": "reset", "ack": "auto", "prefetch": 5, "workers": 4}
SUBMIT = {"do": "submit", "body": "photo...", "count": 6, "persistent": True}

# Addresses with something wrong in them, and what the page says of it. None of them asks for anything else than what is on.
WRONG = {
    "/?ack=": "must be manual or auto",
    "/?prefetch=99999999999999999999": "must be a whole number from 0 to 1,000",
    "/?workers=NaN&count=1e9&pin=0x1&pin=-1&tab=__proto__": "and 2 more",
    "/?constructor=1&__proto__=2&toString": "there is no such setting",
    "/?%E0%A4%A=%&prefetch=%zz&%ff=%fe": "there is no such setting",
    "/?theme=<script>alert(1)</script>": "must be light or dark",
    f"/?body={'x' * 10_000}": "must be a text of at most 4,096 bytes",
    f"/?ack=manual&x={'%41' * 10_000}": "read up to its 16,384th character",
}


def asked(page: Page) -> list[Any]:
    """The commands that went up since the page was loaded."""
    commands: list[Any] = page.evaluate("window.asked")
    return commands


def query(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query)


def asks(page: Page) -> dict[str, list[str]]:
    """What the page's address asks for. The page's own word: Playwright's may be an earlier one."""
    return query(page.evaluate("location.href"))


def open_scene(page: Page, address: str, published: int) -> None:
    """Opens an address where so many tasks have been published, by nobody's hand here."""
    load(page, address)
    show(page, "busy", {"lanes": 2, "each": 0, "from": published + 1})


def begun(page: Page, state: str) -> None:
    """A fresh run; of its workers the last is in this state."""
    page.evaluate(
        """state => new Promise(drawn => {
             const frame = make.busy({ lanes: 4, each: 0, prefetch: 5, ack: "auto", more: { run: 2 } });
             frame.workers["worker-4"].state = state;
             feed(frame);
             requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(drawn)));
           })""",
        state,
    )


def test_the_address_follows_what_is_chosen_and_a_reload_brings_it_back(fed: Open) -> None:
    page = fed(color_scheme="light", own=True)
    before = page.evaluate("history.length")
    show(page, "queues", ["hello", "world"])
    page.locator("[data-tab=code]").click()
    page.keyboard.press("t")
    page.keyboard.press("z")
    page.locator(".tray [data-task]").first.click()
    page.locator(".tab", has_text="world").click()
    chosen = {"tab": ["code"], "theme": ["dark"], "type": ["big"], "queue": ["world"]}
    pinned = page.locator(".pinned .pin-text")
    expect(pinned).to_be_visible()
    assert asks(page).items() >= chosen.items()
    n = asks(page)["pin"][0]
    assert page.evaluate("history.length") == before, "each choice is one more step back"

    page.reload()
    ready(page)
    show(page, "queues", ["hello", "world"])
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-type", "big")
    expect(page.locator("[data-tab=code]")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".tab", has_text="world")).to_have_attribute("aria-pressed", "true")
    expect(pinned).to_contain_text(f"#{n}")

    # what is taken back leaves the address
    page.keyboard.press("Escape")
    page.keyboard.press("z")
    page.locator("[data-tab=life]").click()
    assert asks(page).keys() == {"theme", "queue"}
    assert asked(page) == []


def test_back_and_forward_show_what_their_addresses_say(fed: Open) -> None:
    page = fed()
    for tab in ("workers", "output"):
        open_scene(page, f"/?tab={tab}", 0)
        expect(page.locator(f"[data-tab={tab}]")).to_have_attribute("aria-selected", "true")
    page.go_back()
    ready(page)
    show(page, "busy", {"lanes": 2})
    expect(page.locator("[data-tab=workers]")).to_have_attribute("aria-selected", "true")
    page.go_forward()
    ready(page)
    show(page, "busy", {"lanes": 2})
    expect(page.locator("[data-tab=output]")).to_have_attribute("aria-selected", "true")


def test_a_scene_is_set_up_at_once_where_nothing_can_be_lost_and_else_asked_for(fed: Open) -> None:
    page = fed()
    offer = page.locator("[data-role=offer]")
    open_scene(page, f"{SCENE}&tab=code", 0)
    until(page, "window.asked.length > 0")
    begun(page, "starting")
    assert asked(page) == [RESET], "who consumes first would be given all of them"
    begun(page, "idle")
    expect(page.locator(".toast")).to_contain_text("auto-ack, prefetch 5, 4 workers, photo... × 6")
    until(page, "window.asked.length > 1")
    assert asked(page) == [RESET, SUBMIT]
    expect(offer).to_have_count(0)
    assert asks(page) == {"tab": ["code"]}

    open_scene(page, SCENE, 7)
    expect(offer).to_contain_text("auto-ack, prefetch 5, 4 workers, photo... × 6")
    expect(offer).to_contain_text("7 tasks of the present run would go")
    assert asked(page) == []
    assert asks(page).keys() >= {"ack", "body"}, "an unanswered question leaves with a reload"
    page.locator("[data-role=offer-no]").click()
    expect(offer).to_have_count(0)
    assert asked(page) == []
    assert asks(page) == {}
    page.reload()
    ready(page)
    show(page, "busy", {"lanes": 2, "from": 8})
    expect(page.locator(".lane")).to_have_count(2)
    expect(offer).to_have_count(0)

    open_scene(page, SCENE, 7)
    page.locator("[data-role=offer-yes]").click()
    until(page, "window.asked.length > 0")
    begun(page, "idle")
    expect(page.locator(".toast")).to_contain_text("Set up as the link says")
    until(page, "window.asked.length > 1")
    assert asked(page) == [RESET, SUBMIT]
    assert asks(page) == {}

    open_scene(page, "/?ack=manual&prefetch=1&workers=2", 7)  # as it is already
    expect(page.locator(".lane")).to_have_count(2)
    expect(offer).to_have_count(0)
    assert asked(page) == []


def test_a_link_to_the_scene_is_shown_copied_and_offers_it_again(fed: Open) -> None:
    page = fed(permissions=["clipboard-read", "clipboard-write"])
    dialog = page.locator("[data-dialog=share]")
    address = page.locator("[data-role=address]")
    open_scene(page, "/?tab=code", 7)
    page.locator("[data-role=field]").fill("r&b #1 50%...")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(dialog).to_be_visible()
    assert query(address.input_value()) == {
        "ack": ["manual"],
        "prefetch": ["1"],
        "workers": ["2"],
        "kind": ["quorum"],
        "idempotent": ["false"],
        "tab": ["code"],
    }
    page.locator("[data-role=share-look]").uncheck()
    page.locator("[data-role=share-task]").check()
    page.locator("[data-dialog=share] [data-role=copy]").click()
    expect(page.locator("[data-dialog=share] [data-role=copy]")).to_have_text("Copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == address.input_value()
    assert query(link) == {
        "ack": ["manual"],
        "prefetch": ["1"],
        "workers": ["2"],
        "kind": ["quorum"],
        "idempotent": ["false"],
        "body": ["r&b #1 50%..."],
    }
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.locator("[data-role=more]").click()
    page.locator("[role=menu] [data-role=share]").click()
    expect(dialog).to_be_visible()
    page.locator("[data-role=share-close]").click()
    expect(dialog).to_have_count(0)
    assert asked(page) == []

    open_scene(page, link, 7)
    expect(page.locator("[data-role=offer]")).to_contain_text("r&b #1 50%...")


def test_nonsense_in_an_address_is_left_out_told_and_changes_nothing(fed: Open) -> None:
    page = fed()
    for address, words in WRONG.items():
        about = address[:60]
        open_scene(page, address, 0)
        toast = page.locator(".toast")
        expect(toast, about).to_contain_text("Left out of this link")
        expect(toast, about).to_contain_text(words)
        expect(page.locator("[data-role=offer]"), about).to_have_count(0)
        assert asked(page) == [], about
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), about
        assert page.locator("html").get_attribute("data-theme") is None, about
        page.locator("[data-role=field]").fill("m.")
        page.locator("[data-role=submit]").click()
        until(page, "window.asked.length > 0")
        assert asked(page) == [{"do": "submit", "body": "m.", "count": 1, "persistent": True}], about

    # what is right beside what is wrong holds
    open_scene(page, "/?ack=auto&prefetch=lots", 7)
    expect(page.locator("[data-role=offer]")).to_contain_text("This link prepares a scene: auto-ack.")


def test_a_link_with_the_longest_task_arrives(fed: Open) -> None:
    page = fed()
    body = "%E2%82%AC" * 1365
    open_scene(page, f"/?body={body}", 0)
    expect(page.locator(".toast")).to_contain_text("Set up as the link says")
    until(page, "window.asked.length > 0")
    assert asked(page) == [{"do": "submit", "body": "€" * 1365, "count": 1, "persistent": True}]
