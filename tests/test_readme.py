"""The README says what is so: flags and defaults, packages, commands, links."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tests.fake_engine import CHECKOUT
from tests.links import dead
from webapp.settings import OPTIONS

README = (CHECKOUT / "README.md").read_text("utf-8")


def table(heading: str) -> list[list[str]]:
    """The first table after a heading: its rows' cells, without the head."""
    rows = re.search(rf"^## {heading}\n.*?((?:^\|[^\n]*\n)+)", README, re.MULTILINE | re.DOTALL)
    assert rows, heading
    return [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in rows[1].splitlines()[2:]]


def test_every_setting_is_there_with_its_variable_and_its_default() -> None:
    rows = {row[0].split(",")[0].strip("`"): row for row in table("Configuration")}
    assert list(rows) == [option.flag for option in OPTIONS]
    for option in OPTIONS:
        _, variable, default, meaning = rows[option.flag]
        assert variable == f"`{option.variable}`"
        assert meaning
        if option.name == "data":
            assert CHECKOUT / default.strip("`") == option.default
        elif option.default is not None:
            assert default == f"`{option.default}`"


def test_every_package_is_there_with_a_reason() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = [re.split(r"[^\w-]", requirement)[0] for requirement in project["dependencies"]]
    rows = {row[0]: row[1] for row in table("What it is built on")}
    assert [*needed, "socket.io-client"] == list(rows)
    assert all(rows.values())


def test_every_make_command_exists() -> None:
    makefile = (CHECKOUT / "Makefile").read_text("utf-8")
    for command in set(re.findall(r"\bmake ([a-z-]+)", README)):
        assert re.search(rf"^{command}:", makefile, re.MULTILINE), command


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A `title`, here\n[a](page.md#a-title-here) [b](page.md#b) [c](c.md) [d](https://e.f/)\n```\n[x](y)\n```\n"
    )
    assert list(dead(page)) == ["page.md#b", "c.md"]
    assert list(dead(CHECKOUT / "README.md")) == []
