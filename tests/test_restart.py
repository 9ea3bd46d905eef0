"""kill -9 of a broker, on both: durable and persistent, both or nothing; and what is gone is named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.demo import RABBITMQ_LATER, Demo, consumed_by, demos, task


@pytest.fixture(scope="module", params=RABBITMQ_LATER)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    yield from demos(request, tmp_path_factory)


@pytest.fixture
def demo(shared: Demo) -> Demo:
    return shared.fresh()


def stopped(demo: Demo) -> None:
    """No worker takes anything."""
    for each in demo.state()["workers"]:
        demo.act(each["name"], "stop")
    demo.once(lambda state: {each["state"] for each in state["workers"]} == {"stopped"}, "all stopped")
    consumed_by(demo.amqp_port(), 0)


def restarted(demo: Demo) -> None:
    answer = demo.ask("POST", "/api/broker/restart")
    assert answer.status == 202, answer.body
    demo.once(lambda state: state["broker"]["up"], "the broker back")


@pytest.mark.parametrize(
    ("queue", "persistent", "survives"),
    [
        ({"kind": "quorum"}, True, True),
        ({"kind": "quorum"}, False, True),  # a quorum queue keeps everything on disk
        ({"kind": "classic"}, True, True),
        ({"kind": "classic"}, False, False),
        ({"durable": False}, True, False),
        ({"durable": False}, False, False),
    ],
    ids=str,
)
def test_what_is_durable_and_persistent_is_back_and_the_rest_is_lost_by_name(
    demo: Demo, queue: dict[str, object], persistent: bool, survives: bool
) -> None:
    demo.settings(**queue)
    stopped(demo)
    (lost,) = demo.submit("photo", persistent=persistent)
    assert task(demo.state())["persistent"] is persistent
    restarted(demo)
    if survives:
        assert demo.state()["ledger"]["ready"] == 1
    else:
        assert [each["id"] for each in demo.state()["tasks"] if each["state"] == "lost"] == [lost]
    demo.act("worker-1", "start")
    demo.submit("after")  # the producer is back by itself, and the queue too
    ledger = demo.once(
        lambda state: state["ledger"]["ready"] + state["ledger"]["unacked"] == 0 and state["ledger"], "done"
    )
    assert (ledger["done"], ledger["lost"]) == ((2, 0) if survives else (1, 1))
    assert [each["difference"] for each in demo.state()["queues"]] == [0]


def test_a_queue_with_tasks_in_it_cannot_become_another_kind(demo: Demo) -> None:
    demo.settings(durable=True)
    stopped(demo)
    demo.submit("photo")
    answer = demo.ask("PUT", "/api/settings", {"durable": False})
    assert (answer.status, "tasks are in it" in answer.json()["detail"]) == (409, True)
    assert demo.state()["settings"]["durable"] is True
    assert demo.ask("PUT", "/api/settings", {"durable": False, "kind": "quorum"}).status == 422


@pytest.mark.long
def test_what_the_workers_had_in_hand_when_the_broker_died_is_said_to_have_ended_by_that(demo: Demo) -> None:
    demo.settings(durable=True)
    demo.submit("photo.......")  # RabbitMQ is given three seconds before it is killed, where a queue is young
    demo.once(lambda state: state["ledger"]["unacked"] == 1, "in hand")
    restarted(demo)
    demo.once(lambda state: state["ledger"]["done"] == 1, "done after all")
    first = task(demo.state())["attempts"][0]
    assert (first["noticed"], first["fault"]["kind"]) == ("broker_restart", "broker")
