"""The producer, through the real tap, on both brokers: confirmed means stored, and every trouble is told in numbers."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pika
import pytest

from tests import needs
from tests.demo import RABBITMQ_LATER
from tests.engine_process import DEADLINE, EngineProcess
from tests.fake_engine import until
from webapp.problems import NotSent
from webapp.producer import WINDOW, Producer, Submission, parameters
from webapp.settings import Settings


@pytest.fixture(scope="module", params=RABBITMQ_LATER)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EngineProcess]:
    """An engine without workers: a tap with a broker behind it."""
    if request.param == "rabbitmq":
        needs.rabbitmq()
    with EngineProcess(
        "--workers", "0", data=tmp_path_factory.mktemp("data"), broker=request.param
    ) as engine:
        engine.wait("BrokerStarted")
        yield engine


@dataclass
class Bench:
    """A producer on a queue of its own, and a plain connection to look with."""

    producer: Producer
    channel: Any
    queue: str
    port: list[int | None]

    def count(self) -> int:
        return int(self.channel.queue_declare(self.queue, passive=True).method.message_count)


@pytest.fixture
def bench(
    engine: EngineProcess, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    monkeypatch.setattr("webapp.producer.PATIENCE", DEADLINE)  # a broker that is there is found, however slow
    queue = request.node.originalname
    port: list[int | None] = [engine.amqp_port]
    producer = Producer(Settings(queue=queue), lambda: port[0])
    with pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port[0])) as connection:
        channel = connection.channel()
        yield Bench(producer, channel, queue, port)
        producer.stop(DEADLINE)
        with contextlib.suppress(pika.exceptions.AMQPError):  # a test may have ended the broker
            channel.queue_delete(queue)


def test_a_task_is_persistent_named_and_unchanged(bench: Bench) -> None:
    bench.producer.start()
    text = "<b>🐇</b> \u202eعمل ... "
    [task] = bench.producer.submit(text)
    _, properties, body = bench.channel.basic_get(bench.queue, auto_ack=True)
    assert body.decode() == text
    assert properties.message_id == task
    assert properties.delivery_mode == 2


def test_many_are_sent_at_once_and_their_ids_are_in_the_order_of_the_queue(bench: Bench) -> None:
    bench.producer.start()
    ids = bench.producer.submit("many", 1000)
    assert bench.count() == 1000
    first = [bench.channel.basic_get(bench.queue, auto_ack=True)[1].message_id for _ in range(300)]
    assert first == ids[:300]


def test_submits_at_the_same_time_all_get_their_own_ids(bench: Bench) -> None:
    bench.producer.start()
    got: dict[int, list[str]] = {}

    def submit(n: int) -> None:
        got[n] = bench.producer.submit("x", n)

    threads = [threading.Thread(target=submit, args=(n,)) for n in (1, 400, 3, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert {n: len(ids) for n, ids in got.items()} == {1: 1, 400: 400, 3: 3, 50: 50}
    assert len({task for ids in got.values() for task in ids}) == bench.count() == 454


def test_a_queue_that_was_deleted_is_declared_again_and_nothing_is_missing(bench: Bench) -> None:
    bench.producer.start()
    bench.producer.submit("before")
    bench.channel.queue_delete(bench.queue)
    assert len(bench.producer.submit("after", 600)) == 600
    assert bench.count() == 600


def test_a_queue_of_another_kind_is_used_as_it_is(bench: Bench) -> None:
    bench.channel.queue_declare(bench.queue, durable=True)
    bench.producer.start()
    assert len(bench.producer.submit("x", 2)) == 2
    assert bench.count() == 2


def test_it_is_called_producer(engine: EngineProcess, bench: Bench) -> None:
    bench.producer.start()
    bench.producer.submit("x")
    assert engine.wait("ConnectionOpened", name="producer")["product"].startswith("Unacked producer")


def test_during_an_outage_a_submit_is_refused_and_says_that_nothing_was_sent(bench: Bench) -> None:
    bench.port[0] = None
    bench.producer.start()
    with pytest.raises(NotSent) as refusal:
        bench.producer.submit("x", 3)
    assert refusal.value.members == {"ids": [], "unknown": 0, "not_sent": 3}
    assert "Nothing was sent" in refusal.value.detail


def test_a_broker_lost_in_the_middle_of_a_batch_leaves_no_message_uncounted(
    engine: EngineProcess, bench: Bench
) -> None:
    bench.producer.start()
    bench.producer.submit("first")
    conn = engine.wait("Published", queue=bench.queue)["conn"]
    # Some hundred are on the way at once, and each takes a while there and back: the batch is not done before its cut.
    assert engine.order("delay", conns=[conn], ms=200)["ok"]
    outcome: list[NotSent | list[str]] = []

    def submit() -> None:
        try:
            outcome.append(bench.producer.submit("x", 20_000))
        except NotSent as refusal:
            outcome.append(refusal)

    thread = threading.Thread(target=submit)
    thread.start()
    engine.wait(
        "Confirmed", conn=conn, count=WINDOW + 2
    )  # beside the first: one was sent for an earlier one's confirm
    engine.order("cut", conns=[conn])
    thread.join(DEADLINE)

    [refusal] = outcome
    assert isinstance(refusal, NotSent)
    ids, unknown, not_sent = (refusal.members[name] for name in ("ids", "unknown", "not_sent"))
    assert len(ids) + unknown + not_sent == 20_000
    assert 0 < len(ids) < 20_000
    until(lambda: bench.producer.up, "the producer is back")
    assert len(ids) <= bench.count() - 1 <= len(ids) + unknown
    assert len(bench.producer.submit("again")) == 1


def test_it_comes_back_after_a_restart_of_the_broker(engine: EngineProcess, bench: Bench) -> None:
    # A classic queue: RabbitMQ 3.10 cannot find a quorum queue again that was declared in the last second before a kill -9.
    bench.channel.queue_declare(bench.queue, durable=True)
    bench.producer.start()
    [task] = bench.producer.submit("before")
    bench.port[0] = None
    started = sum(event["type"] == "BrokerStarted" for event in engine.events)
    engine.order("restart_broker")
    engine.wait("BrokerStarted", count=started + 1)
    bench.port[0] = engine.amqp_port
    bench.producer.retry()
    [later] = bench.producer.submit("after")
    with pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", engine.amqp_port)) as connection:
        channel = connection.channel()
        assert [channel.basic_get(bench.queue, auto_ack=True)[1].message_id for _ in range(2)] == [
            task,
            later,
        ]


# -- without a broker -------------------------------------------------------------------------------------------------


def test_user_password_and_virtual_host_are_those_of_the_brokers_url() -> None:
    where = parameters(Settings(broker="amqps://me:p%40ss@elsewhere:5671/a%2Fb", host="0.0.0.0"), 4711)
    assert (where.host, where.port, where.virtual_host) == ("127.0.0.1", 4711, "a/b")
    assert (where.credentials.username, where.credentials.password) == ("me", "p@ss")
    assert where.ssl_options is None, (
        "the tap speaks plain AMQP; to the broker it is the engine that speaks TLS"
    )


def test_a_batch_cut_short_is_told_in_numbers() -> None:
    batch = Submission(b"x", 10)
    batch.confirmed = {"a": True, "b": False, "c": True}
    batch.unknown = 1
    batch.trouble = "The connection to the broker was lost."
    problem = batch.problem()
    assert problem.members == {"ids": ["a", "c"], "unknown": 1, "not_sent": 7}
    assert problem.detail == (
        "The connection to the broker was lost. Of 10, 2 were confirmed, 1 sent without an answer (they may be in the queue "
        "or not), 7 not sent."
    )
