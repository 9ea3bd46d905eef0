"""Every fault of the README's table, on both brokers at once: what it says does not depend on the machine, but for the times.

`make faults` has the table written anew, the brokers one after the other: `--renew`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeAlias

import pytest

from tests import fault_table, needs
from tests.demo import BROKERS, Demo
from tests.fault_table import NOT_BEFORE, SCENARIOS, Measured, Scenario

pytestmark = pytest.mark.long
Row: TypeAlias = tuple[Scenario, Mapping[str, "Future[Measured]"]]


@pytest.fixture(scope="module")
def renew(request: pytest.FixtureRequest) -> Iterator[dict[Scenario, dict[str, Measured]] | None]:
    """What was measured, where the table is to be written anew; it is once all is there."""
    if not request.config.getoption("--renew"):
        yield None
        return
    found: dict[Scenario, dict[str, Measured]] = {each: {} for each in SCENARIOS}
    yield found
    if all(len(measured) == len(BROKERS) for measured in found.values()):
        fault_table.write([fault_table.line(each, measured) for each, measured in found.items()])


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Demo]]:
    """A demo on each broker. Nobody waits for its start here: without a RabbitMQ there is still the other."""
    flags = ("--ack-timeout", str(fault_table.ACK_TIMEOUT))
    demos = {broker: Demo(tmp_path_factory.mktemp(broker), *flags, broker=broker) for broker in BROKERS}
    with ExitStack() as stack:
        for demo in demos.values():
            stack.enter_context(demo)
        yield demos


@pytest.fixture(scope="module", params=SCENARIOS, ids=lambda each: f"{each.fault}: {each.what}")
def row(request: pytest.FixtureRequest, demos: Mapping[str, Demo], renew: object) -> Row:
    """A scenario, and what came of it on each broker: side by side, for most of it is waiting."""
    with ThreadPoolExecutor(len(BROKERS) if renew is None else 1) as pool:
        measured = {
            broker: pool.submit(fault_table.measure, demo, request.param) for broker, demo in demos.items()
        }
    return request.param, measured


@pytest.mark.parametrize("broker", BROKERS)
def test_a_fault_is_noticed_and_ends_as_the_readme_says(
    row: Row, broker: str, renew: dict[Scenario, dict[str, Measured]] | None
) -> None:
    if broker == "rabbitmq":
        needs.rabbitmq()
    scenario, measured = row[0], row[1][broker].result()
    if renew is not None:
        renew[scenario][broker] = measured
    else:
        assert measured.words == fault_table.rows()[scenario.key]
    assert (measured.seconds is None) == (measured.noticed == "")
    assert (measured.seconds or 0.0) >= NOT_BEFORE.get(measured.noticed, 0.0)
