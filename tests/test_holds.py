"""A frame that hangs in mid-air, on both brokers: the ack that comes late, never, or twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.demo import RABBITMQ_LATER, Demo, alone, demos, held, task, worker

ACK_TIMEOUT = 8  # seconds: longer than it may take us to do what is to be done before


@pytest.fixture(scope="module", params=RABBITMQ_LATER)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    yield from demos(request, tmp_path_factory, "--ack-timeout", str(ACK_TIMEOUT))


@pytest.fixture
def demo(shared: Demo) -> Demo:
    return shared.fresh()


def with_its_ack_held(demo: Demo) -> str:
    """worker-1 has done task 1 and said so; its ack hangs in mid-air."""
    name = alone(demo)
    demo.act(name, "hold", method="basic.ack")
    assert worker(demo.state(), name)["faults"]["armed"] == ["basic.ack"]
    demo.submit("photo")
    now = demo.once(lambda state: held(state, name) and state, "a held ack")
    (hung,) = held(now, name)
    assert (hung["method"], hung["by"], hung["task"]) == ("basic.ack", "client", task(now)["id"])
    assert (task(now)["state"], task(now)["results"]) == ("unacked", 1)
    assert worker(now, name)["faults"]["armed"] == []
    return name


def noticed(demo: Demo) -> dict[str, Any]:
    """The first attempt at task 1, once another is done. Why it ended may be seen after that: two sockets, two orders."""
    first: dict[str, Any] = demo.once(
        lambda state: state["ledger"]["done"] and task(state)["attempts"][0]["noticed"] and task(state),
        "done by another",
    )["attempts"][0]
    return first


def test_a_held_ack_that_is_released_is_an_ack(demo: Demo) -> None:
    name = with_its_ack_held(demo)
    demo.act(name, "release")
    ledger = demo.once(lambda state: state["ledger"]["done"] and state["ledger"], "done")
    assert (ledger["redelivered"], ledger["done_twice"]) == (0, 0)
    assert held(demo.state(), name) == []
    demo.submit("photo.")
    demo.once(lambda state: state["ledger"]["done"] == 2, "the next one")


def test_a_worker_that_dies_while_its_ack_is_held_has_its_task_done_twice(demo: Demo) -> None:
    name = with_its_ack_held(demo)
    demo.act("worker-2", "start")
    demo.act(name, "stop")
    ledger = demo.once(lambda state: state["ledger"]["done"] and state["ledger"], "done")
    assert (ledger["redelivered"], ledger["done_twice"], ledger["lost"]) == (1, 1, 0)
    first, second = task(demo.state())["attempts"]
    assert (first["worker"], first["end"], first["noticed"]) == (
        name,
        "connection_closed",
        "connection_closed",
    )
    assert first["fault"]["kind"] == "stop"
    assert first["fault"]["at"] <= first["ended_at"] <= second["delivered_at"]
    assert (second["end"], second["noticed"], second["fault"]) == ("acked", "", None)
    assert held(demo.state(), name) == []


@pytest.mark.long
def test_an_ack_that_was_dropped_never_came_until_the_ack_timeout(demo: Demo) -> None:
    name = with_its_ack_held(demo)
    demo.act(name, "drop")
    now = demo.once(lambda state: held(state, name) == [] and state, "nothing held")
    assert task(now)["state"] == "unacked"
    demo.act("worker-2", "start")
    first = noticed(demo)
    assert (first["end"], first["noticed"], first["fault"]["kind"]) == (
        "channel_closed",
        "ack_timeout",
        "drop",
    )
    assert demo.state()["ledger"]["done_twice"] == 1


@pytest.mark.long
def test_an_ack_held_past_the_ack_timeout_is_answered_with_406(demo: Demo) -> None:
    name = with_its_ack_held(demo)
    demo.act("worker-2", "start")
    first = task(demo.state())["attempts"][0]
    assert first["deadline"] == pytest.approx(first["delivered_at"] + ACK_TIMEOUT)
    first = noticed(demo)
    second = task(demo.state())["attempts"][1]
    assert (first["end"], first["noticed"], first["fault"]["kind"]) == (
        "channel_closed",
        "ack_timeout",
        "hold",
    )
    assert first["deadline"] <= first["ended_at"] <= second["delivered_at"]
    assert demo.state()["ledger"]["done_twice"] == 1
    demo.once(lambda state: held(state, name) == [], "its connection closed, and the ack with it")


def test_a_held_delivery_is_unacked_and_arrives_when_it_is_released(demo: Demo) -> None:
    name = alone(demo)
    demo.act(name, "hold", method="basic.deliver")
    demo.submit("photo")
    now = demo.once(lambda state: held(state, name) and state, "a held delivery")
    (hung,) = held(now, name)
    assert (hung["method"], hung["by"], hung["task"]) == ("basic.deliver", "broker", task(now)["id"])
    assert (task(now)["state"], task(now)["results"]) == ("unacked", 0)
    demo.act(name, "release")
    demo.once(lambda state: state["ledger"]["done"] == 1, "done")
