"""Every fault is in every place where faults are named: the tables, the page that teaches them, the README's measurements, the chaos."""

from __future__ import annotations

import re

from tests import chaos, fault_table
from tests.fake_engine import CHECKOUT
from webapp import commands
from webapp.engine import faults, orders

PAGE = (CHECKOUT / "docs" / "faults.md").read_text("utf-8")


def rows() -> dict[str, set[str]]:
    """The page's table: file -> what a user asks for."""
    found = re.findall(r"^\| \[(\w+)\.py\]\(\S+\) \| ([^|]+) \|", PAGE, re.MULTILINE)
    return {file: set(re.findall(r"`(\w+)`", cell)) for file, cell in found}


def test_the_page_and_the_table_name_the_same_faults() -> None:
    assert set.union(*rows().values()) == set(faults.ACTIONS)


def test_each_is_in_the_file_that_the_page_says() -> None:
    folder = CHECKOUT / "webapp" / "engine" / "faults"
    assert {path.stem for path in folder.glob("*.py")} - {"__init__", "line"} == set(rows())
    for file, actions in rows().items():
        for action in actions:
            assert faults.ACTIONS[action].__module__ == f"webapp.engine.faults.{file}"


def test_each_file_begins_with_a_drawing() -> None:
    for file in rows():
        text = (CHECKOUT / "webapp" / "engine" / "faults" / f"{file}.py").read_text("utf-8")
        head = text.split('"""')[1]
        assert "client" in head and "broker" in head and re.search("[►◄]", head), file


def test_orders_and_commands_know_them_all() -> None:
    assert {str(order.__struct_config__.tag) for order in orders.FAULTS} == set(faults.ACTIONS)
    assert set(commands.FAULTS) == set(faults.ACTIONS)
    assert commands.LONGEST_DELAY == orders.DELAY_MAX


def test_all_that_can_be_done_to_a_worker_is_measured_and_in_the_readme() -> None:
    measured = {scenario.fault for scenario in fault_table.SCENARIOS}
    can = {*commands.ACTIONS, *commands.FAULTS} - set(fault_table.CURES)
    assert measured == can | {"broker", "engine"}
    assert list(fault_table.rows()) == [scenario.key for scenario in fault_table.SCENARIOS]


def test_all_that_can_be_done_to_a_worker_happens_in_the_chaos() -> None:
    source = (CHECKOUT / "tests" / "chaos.py").read_text("utf-8")
    for action in {*commands.ACTIONS, *commands.FAULTS}:
        assert f'"{action}"' in source, action
    assert chaos.PAUSE == 0.2
