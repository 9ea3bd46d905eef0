"""Workers that live and never answer, or answer too late, on both brokers: the ack timeout, and work done twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.demo import RABBITMQ_LATER, Demo, alone, begun, consumed_by, demos, holder, task, worker

ACK_TIMEOUT = 5


@pytest.fixture(scope="module", params=RABBITMQ_LATER)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    yield from demos(request, tmp_path_factory, "--ack-timeout", str(ACK_TIMEOUT))


@pytest.fixture
def demo(shared: Demo) -> Demo:
    return shared.fresh()


def test_a_stuck_worker_is_found_by_the_ack_timeout_and_stays_stuck_until_it_is_started(demo: Demo) -> None:
    name = "worker-1"
    demo.act(name, "stick")
    demo.once(lambda state: worker(state, name)["stuck"] and worker(state, name)["state"] == "idle", "stuck")
    assert demo.ask("POST", f"/api/workers/{name}/stick").status == 409
    consumed_by(demo.amqp_port(), 3)
    demo.submit("photo.", 3)  # one for each: the others are there when the stuck one is found
    (kept,) = demo.once(
        lambda state: (
            state["ledger"]["done"] == 2 and [each for each in state["tasks"] if each["state"] == "unacked"]
        ),
        "the others' done",
    )
    assert kept["worker"] == name
    tasks = demo.once(lambda state: state["ledger"]["done"] == 3 and state["tasks"], "done by another")
    (again,) = [each for each in tasks if each["id"] == kept["id"]]
    assert again["results"] == 2
    n = again["n"]
    first, second = demo.once(
        lambda state: task(state, n)["attempts"][0]["noticed"] and task(state, n)["attempts"], "why"
    )
    assert (first["worker"], first["end"], first["noticed"]) == (name, "channel_closed", "ack_timeout")
    assert first["fault"] == {"kind": "stuck", "at": first["delivered_at"]}
    assert first["delivered_at"] + ACK_TIMEOUT <= first["ended_at"] <= second["delivered_at"]
    assert demo.state()["ledger"]["done_twice"] == 1
    demo.once(lambda state: worker(state, name)["state"] == "idle", "it is back")
    assert worker(demo.state(), name)["stuck"]
    demo.act(name, "start")
    demo.once(
        lambda state: not worker(state, name)["stuck"] and worker(state, name)["state"] == "idle", "well"
    )
    assert demo.ask("POST", f"/api/workers/{name}/start").status == 409


def late(demo: Demo) -> None:
    """Task 1 takes longer than the ack timeout: the broker gives it to another, and the first one finishes all the same."""
    demo.act("worker-3", "stop")
    demo.once(lambda state: [each["consumers"] for each in state["queues"]] == [2], "two consumers")
    consumed_by(demo.amqp_port(), 2)
    demo.submit("photo..........")  # the broker looks once a second: it may be six until it has noticed
    name = demo.once(lambda state: holder(state, 1), "a holder")
    demo.once(lambda state: len(task(state)["attempts"]) == 2, "the second attempt")
    assert task(demo.state())["attempts"][0]["worker"] == name


@pytest.mark.long
def test_a_worker_that_is_too_late_finishes_and_the_task_is_done_twice(demo: Demo) -> None:
    late(demo)
    demo.once(lambda state: task(state)["results"] == 2, "the second effect")
    assert demo.state()["ledger"]["done_twice"] == 1


@pytest.mark.long
def test_a_frozen_worker_that_is_thawed_too_late_finishes_and_the_task_is_done_twice(demo: Demo) -> None:
    """Its channel is closed before its heartbeat is missed: it still has a connection to say what it made of the task."""
    name = alone(demo)
    demo.submit("x")
    demo.submit(
        "photo....."
    )  # delivered with the first one's ack: so the broker has just heard of the worker
    demo.once(lambda state: state["ledger"]["done"] == 1 and holder(state, 2), "the second in hand")
    begun(demo, name, "photo.....")
    demo.act(name, "freeze")
    demo.act("worker-2", "start")
    first = demo.once(
        lambda state: task(state, 2)["attempts"][0]["noticed"] and task(state, 2)["attempts"][0], "noticed"
    )
    demo.act(name, "thaw")
    assert (first["noticed"], first["fault"]["kind"]) == ("ack_timeout", "freeze")
    demo.once(lambda state: task(state, 2)["results"] == 2, "the second effect")
    assert demo.state()["ledger"]["done_twice"] == 1


def test_idempotent_workers_do_it_once_and_ack_it_all_the_same(demo: Demo) -> None:
    before = demo.state()["workers"]
    demo.settings(idempotent=True)
    pids = {each["pid"] for each in before}
    demo.once(
        lambda state: all(each["state"] == "idle" and each["pid"] not in pids for each in state["workers"]),
        "three new ones",
    )
    name = alone(demo)
    demo.act(name, "hold", method="basic.ack")
    demo.submit("photo")
    demo.once(lambda state: worker(state, name)["faults"]["held"], "a held ack")
    demo.act("worker-2", "start")
    demo.act(name, "stop")
    ledger = demo.once(lambda state: state["ledger"]["done"] == 1 and state["ledger"], "acked")
    assert (ledger["redelivered"], ledger["done_twice"]) == (1, 0)
    assert task(demo.state())["results"] == 1
    demo.settings(idempotent=False)
