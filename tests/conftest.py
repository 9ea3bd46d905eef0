"""For every test: what is shared, in which order files run, and that Hypothesis judges by what it finds, never by the clock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests import needs
from tests.demo import Demo

# At home every run tries others; CI tries the same ones each time, as Hypothesis itself would have it: what lands is not for chance to say.
settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("patient")

# The files that take longest, longest first: they begin first, so that no process is left alone with one at the end.
LONG = (
    "test_fault_table", "test_engine", "test_demo", "test_stuck", "page/test_links", "page/test_ways", "test_restart", "page/test_controls", "page/test_code", "page/test_kill", "page/test_truth", "page/test_time", "page/test_strips", "page/test_wire",
    "test_holds", "test_blackholes", "page/test_stage", "page/test_faults", "page/test_sizes", "test_other_clients", "test_command_line", "test_tutorials", "page/test_access", "page/test_output", "test_broker_safety",
    "test_vhost_machine", "page/test_keys", "test_workers", "page/test_pictures", "page/test_talk", "test_frames", "test_producer", "test_soup",
)  # fmt: skip
LONG_MAY_TAKE = (
    600  # seconds until a long test is given up: a busy machine takes several times as long as an idle one
)
HERE = Path(__file__).parent
PLACES = {HERE / f"{name}.py": place for place, name in enumerate(LONG)}
CONTRACT = HERE / "broker"
# They kill their brokers; the others share one of each kind.
OF_THEIR_OWN = {CONTRACT / "test_crash.py", CONTRACT / "test_durability.py"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew",
        action="store_true",
        help="take anew what is compared: the pictures of tests/page/pictures, or the README's table of faults",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: -1 if shares(item.path) else PLACES.get(item.path, len(PLACES)))
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(LONG_MAY_TAKE))


def shares(file: Path) -> bool:
    """Whether its tests are of those that share one node of each broker."""
    return file.parent == CONTRACT and file not in OF_THEIR_OWN


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    return Places(config, log) if config.getvalue("dist") == "load" else None


class Places(LoadScopeScheduling):
    """A file is one process's; so are together those that share a node, since four nodes of RabbitMQ keep a small machine busy by themselves."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return str(CONTRACT) if shares(self.config.rootpath / file) else file


@pytest.fixture(scope="session")
def demo_on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Demo]]:
    """`demo_on(broker)`: a demo on that broker, one for all who ask; `fresh()` makes it theirs."""
    running: dict[str, Demo] = {}
    with ExitStack() as stack:

        def demo_on(broker: str) -> Demo:
            if broker == "rabbitmq":
                needs.rabbitmq()
            demo = running.get(broker)
            if demo is None or demo.process.poll() is not None:
                demo = running[broker] = stack.enter_context(
                    Demo(tmp_path_factory.mktemp("demo"), broker=broker)
                )
            demo.url()  # it is up
            return demo

        yield demo_on
