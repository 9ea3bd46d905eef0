"""A minute of chaos on both brokers: nothing is lost that was safe, and nothing is lost without a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import needs
from tests.chaos import RESTARTS, storm
from tests.demo import BROKERS


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest) -> str:
    if request.param == "rabbitmq":
        needs.rabbitmq()
    name: str = request.param
    return name


@pytest.mark.long
@pytest.mark.alone
def test_a_minute_of_chaos_loses_nothing_and_the_books_are_right_after_every_event(
    broker: str, tmp_path: Path
) -> None:
    report = storm(broker, tmp_path, seed=5, seconds=60, tasks=10_000)
    assert report["ledger"]["done"] == 10_000
    assert report["ledger"]["redelivered"] > 0
    assert report["faults"]["restart_broker"] == RESTARTS
    assert report["unsure"] < report["results"] / 2  # one or none, where the consumer is not kept waiting
    wanted = {"stop", "finish", "freeze", "stick", "cut", "blackhole", "delay", "hold", "drop", "release"}
    assert wanted <= {fault for fault, count in report["faults"].items() if count}


@pytest.mark.long
@pytest.mark.alone
def test_under_auto_ack_every_loss_has_a_name(broker: str, tmp_path: Path) -> None:
    report = storm(broker, tmp_path, seed=7, seconds=20, tasks=2_000, ack="auto")
    assert report["ledger"]["lost"] > 0
    assert report["unsure"] < report["results"] / 2  # one or none, where the consumer is not kept waiting
