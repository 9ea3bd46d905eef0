"""Silence and slowness, on both brokers: what the heartbeat notices, and what nothing notices."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.demo import RABBITMQ_LATER, Demo, alone, demos, holder, task, worker


@pytest.fixture(scope="module", params=RABBITMQ_LATER)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    yield from demos(request, tmp_path_factory)


@pytest.fixture
def demo(shared: Demo) -> Demo:
    return shared.fresh()


@pytest.mark.long
def test_only_the_heartbeat_notices_a_black_hole(demo: Demo) -> None:
    demo.submit("photo.....")
    name = demo.once(lambda state: holder(state, 1), "a holder")
    demo.act(name, "blackhole")
    now = worker(demo.state(), name)
    silence = now["silence"]
    assert silence["heartbeat"] == now["heartbeat"] == 4
    first, second = demo.once(
        lambda state: (
            state["ledger"]["done"] and task(state)["attempts"][0]["noticed"] and task(state)["attempts"]
        ),
        "done by another",
    )
    assert (first["worker"], first["end"], first["noticed"]) == (name, "connection_closed", "heartbeat")
    assert first["fault"] == {"kind": "blackhole", "at": silence["since"]}
    assert silence["earliest"] <= first["ended_at"] <= second["delivered_at"]


def test_a_black_hole_that_ends_in_time_costs_nothing(demo: Demo) -> None:
    name = alone(demo)
    demo.submit("photo.")
    demo.once(lambda state: holder(state, 1), "in hand")
    demo.act(name, "blackhole")
    demo.submit("photo")
    demo.act(name, "restore")
    demo.once(lambda state: state["ledger"]["done"] == 2, "both done")
    assert demo.state()["ledger"]["redelivered"] == 0
    assert worker(demo.state(), name)["silence"] is None
