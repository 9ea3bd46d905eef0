"""The core takes values and returns values: no socket, clock, chance, process, thread or framework is in reach of its imports."""

import ast
from pathlib import Path

import pytest

from tests.imports import reached

ROOT = Path(__file__).parent.parent
PURE = [
    "webapp.broker.arguments",
    "webapp.broker.content",
    "webapp.broker.errors",
    "webapp.broker.exchanges",
    "webapp.broker.letters",
    "webapp.broker.memory",
    "webapp.broker.properties",
    "webapp.broker.queues",
    "webapp.engine.codec",
    "webapp.engine.channels",
    "webapp.engine.contents",
    "webapp.engine.grants",
    "webapp.engine.no_process",
    "webapp.engine.observer",
    "webapp.engine.wire",
    "webapp.events",
    "webapp.frames",
    "webapp.messages",
    "webapp.peers",
    "webapp.projection",
    "webapp.queues",
    "webapp.records",
    "webapp.routing",
    "webapp.state",
    "webapp.stopwatch",
    "webapp.topology",
    "webapp.wirelog",
    "webapp.wounds",
]
# Of others, only this: whoever needs another one asks here first whether that is still a value in, a value out.
HARMLESS = {
    "__future__",
    "bisect",
    "collections",
    "collections.abc",
    "dataclasses",
    "errno",
    "heapq",
    "itertools",
    "msgspec",
    "pika",  # the package itself, which `pika.spec` cannot be had without
    "pika.exceptions",
    "pika.spec",
    "re",
    "struct",
    "typing",
}
# The broker's tables of fields need pika's codec of values, and times; of what is beside those in there, nothing.
FIELDS = {
    "datetime": {"UTC", "datetime"},
    "pika.compat": {"long"},
    "pika.data": {"decode_value", "encode_value"},
}


def impure(module: str, root: Path = ROOT) -> dict[str, str]:
    """What is in reach of this module and should not be, and who imports it."""
    package = module.split(".")[0]
    found = reached(module, root)
    return {name: by for name, by in found.items() if name.split(".")[0] != package and name not in HARMLESS}


@pytest.mark.parametrize("module", PURE)
def test_the_core_is_pure(module: str) -> None:
    allowed = FIELDS if module.startswith("webapp.broker.") else {}
    assert {name: by for name, by in impure(module).items() if name not in allowed} == {}


def test_of_what_the_fields_need_only_that_is_used() -> None:
    """`datetime` reads a clock, too, and pika.compat has one."""
    names: dict[str, set[str]] = {}
    for module in PURE:
        tree = ast.parse((ROOT / module.replace(".", "/")).with_suffix(".py").read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module in FIELDS:
                names.setdefault(node.module, set()).update(alias.name for alias in node.names)
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "datetime":
                assert node.attr == "fromtimestamp", module
    assert names == FIELDS


def test_what_is_in_reach_of_the_core_is_core_too() -> None:
    found = {name for module in PURE for name in reached(module, ROOT) if name.startswith("webapp.")}
    assert found - {"webapp.engine", "webapp.broker"} <= set(PURE)


def test_pika_is_for_its_numbers_errors_and_fields_only() -> None:
    users = {module for module in PURE for name in reached(module, ROOT) if name.split(".")[0] == "pika"}
    assert {user for user in users if not user.startswith("webapp.broker.")} == {
        "webapp.engine.codec",
        "webapp.engine.contents",
        "webapp.engine.grants",
        "webapp.engine.observer",
    }


def test_the_edges_are_not_and_the_walk_sees_it() -> None:
    """Had the walk gone blind, all of the above would hold."""
    assert {"threading", "time"} <= set(impure("webapp.current"))
    assert impure("webapp.broker.store")["sqlite3"] == "webapp.broker.store"
    assert "asyncio" in impure("webapp.engine.tap")


# -- the walk itself ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("planted", "where", "found"),
    [
        ("import time", "core", "time"),
        ("import time as typing", "core", "time"),
        ("import struct, socket", "core", "socket"),
        ("from random import choice", "core", "random"),
        ("import os.path", "core", "os.path"),
        ("import collections.abc\nimport pika.adapters", "core", "pika.adapters"),
        ("def now():\n    from time import monotonic\n    return monotonic()", "core", "time"),
        ("class Clock:\n    import time", "core", "time"),
        ("try:\n    import flask\nexcept ImportError:\n    pass", "core", "flask"),
        ("if TYPE_CHECKING:\n    import asyncio", "core", "asyncio"),
        ("import importlib", "core", "importlib"),
        ("import threading", "__init__", "threading"),
        ("import subprocess", "room.__init__", "subprocess"),
        ("import eventlet", "room.near", "eventlet"),
        ("import sqlite3", "room.far", "sqlite3"),
    ],
)
def test_a_planted_import_is_found_wherever_it_is(
    tmp_path: Path, planted: str, where: str, found: str
) -> None:
    house = build(tmp_path)
    assert impure("house.core", tmp_path) == {}
    room = house.joinpath(*where.split(".")).with_suffix(".py")
    room.write_text(f"{room.read_text()}\n{planted}\n")
    module = f"house.{where}".removesuffix(".__init__")
    assert impure("house.core", tmp_path) == {found: module}


@pytest.mark.parametrize(
    "way",
    [
        "import house.shed",
        "import house.shed as shed",
        "from house import shed",
        "from house.shed import now",
        "from . import shed",
        "from .shed import now",
        "from .room import lamp",
        "from house.room import lamp",
    ],
)
def test_every_way_to_import_leads_on(tmp_path: Path, way: str) -> None:
    house = build(tmp_path)
    (house / "shed.py").write_text("import time\n")
    (house / "room" / "lamp.py").write_text("from .. import shed\n")
    (house / "core.py").write_text(f"{way}\n")
    assert impure("house.core", tmp_path) == {"time": "house.shed"}


def test_a_package_imports_relative_to_itself(tmp_path: Path) -> None:
    room = build(tmp_path) / "room"
    (room / "__init__.py").write_text("from .lamp import light\n")
    (room / "lamp.py").write_text("import time\n")
    assert impure("house.core", tmp_path) == {"time": "house.room.lamp"}


def test_a_module_that_is_not_there_is_no_pure_one(tmp_path: Path) -> None:
    build(tmp_path)
    with pytest.raises(ModuleNotFoundError, match=r"house\.cellar"):
        impure("house.cellar", tmp_path)


def build(folder: Path) -> Path:
    """A package whose core reaches all of it, in a ring, and nothing that is not harmless."""
    files = {
        "__init__": "",
        "core": "import re\nfrom house.room import near",
        "room/__init__": "",
        "room/near": "from .far import THERE",
        "room/far": "import house.core\nTHERE = 1",
    }
    for name, text in files.items():
        file = folder / "house" / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{text}\n")
    return folder / "house"
