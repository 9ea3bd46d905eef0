"""The tutorial's two programs, as processes, through the real tap, on both brokers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pika
import pytest

from tests import needs
from tests.demo import RABBITMQ_LATER
from tests.engine_process import DEADLINE, EngineProcess
from tests.fake_engine import Printed, until
from workers import once

CHECKOUT = Path(__file__).resolve().parent.parent
NOWHERE = "amqp://guest:guest@127.0.0.1:1/"


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


class Program:
    """One of the two, running. `out` is what it prints, errors included."""

    def __init__(self, *words: str, stdin: Any = subprocess.DEVNULL, **environ: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *words],
            cwd=CHECKOUT,
            env={**os.environ, **environ},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # whoever runs the tests in the background may have it ignored, and that is inherited
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.out = Printed(self.process.stdout)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.stdin:
            self.process.stdin.close()
        if self.process.poll() is None:
            self.process.kill()
        self.exit_code()

    def exit_code(self) -> int:
        code = self.process.wait(DEADLINE)
        self.out.close()
        return code


@dataclass
class Bench:
    """A queue of a test's own, and a place for results."""

    url: str
    channel: Any
    queue: str

    def worker(self, **environ: str) -> Program:
        return Program(
            "workers/worker.py",
            **{
                "AMQP_URL": self.url,
                "WORKER_NAME": "worker-7",
                "WORKER_QUEUE": self.queue,
                "WORKER_ACK": "manual",
                **environ,
            },
        )

    def publish(self, *bodies: str) -> None:
        self.channel.queue_declare(self.queue, durable=True, arguments={"x-queue-type": "quorum"})
        for body in bodies:
            self.channel.basic_publish(
                "", self.queue, body.encode(), pika.BasicProperties(message_id=f"id {body}")
            )

    def count(self, queue: str = "") -> int:
        return int(self.channel.queue_declare(queue or self.queue, passive=True).method.message_count)

    def results(self, count: int) -> list[tuple[str, str]]:
        """Correlation id and body of each result, once there are `count`."""
        until(lambda: self.count("results") >= count, f"{count} results")
        got = [self.channel.basic_get("results", auto_ack=True) for _ in range(self.count("results"))]
        return [(properties.correlation_id, body.decode()) for _, properties, body in got]


@pytest.fixture
def bench(engine: EngineProcess, request: pytest.FixtureRequest) -> Iterator[Bench]:
    url = f"amqp://guest:guest@127.0.0.1:{engine.amqp_port}/"
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.queue_declare("results")
        channel.queue_purge("results")
        queue = request.node.originalname
        yield Bench(url, channel, queue)
        channel.queue_delete(queue)


# -- worker.py ----------------------------------------------------------------------------------------------------


def test_a_task_is_worked_its_result_published_and_then_acked(engine: EngineProcess, bench: Bench) -> None:
    bench.publish("photo")
    with bench.worker() as worker:
        worker.out.wait_for(
            r"^ \[\*\] Waiting for messages. To exit press CTRL\+C\n \[x\] Received photo\n \[x\] Done\n$"
        )
        delivered = engine.wait("Delivered", task="id photo", queue=bench.queue)
        acked = engine.wait("Acked", conn=delivered["conn"], task="id photo")
        result = engine.wait("Published", conn=delivered["conn"], result_of="id photo")
        assert result["seq"] < acked["seq"]
        assert (result["routing_key"], result["body"]) == ("results", "photo")
    assert bench.results(1) == [("id photo", "photo")]


def test_a_worker_asks_for_its_name_its_prefetch_and_a_short_heartbeat(
    engine: EngineProcess, bench: Bench
) -> None:
    with bench.worker(WORKER_NAME="worker-42", WORKER_PREFETCH="9", WORKER_ACK="auto") as worker:
        worker.out.wait_for("Waiting")
        opened = engine.wait("ConnectionOpened", name="worker-42")
        assert opened["heartbeat"] == 4
        consumer = engine.wait("ConsumerStarted", conn=opened["conn"])
        assert (consumer["prefetch"], consumer["auto_ack"]) == (9, True)


def test_auto_ack_sends_no_ack_and_works_all_the_same(engine: EngineProcess, bench: Bench) -> None:
    bench.publish("one", "two")
    with bench.worker(WORKER_ACK="auto"):
        assert bench.results(2) == [("id one", "one"), ("id two", "two")]
        delivered = engine.wait("Delivered", task="id one", queue=bench.queue)
    engine.wait("ConnectionClosed", conn=delivered["conn"])
    assert not [
        event for event in engine.events if event["type"] == "Acked" and event["conn"] == delivered["conn"]
    ]


def test_bytes_that_are_no_text_do_not_kill_it(engine: EngineProcess, bench: Bench) -> None:
    bench.publish()
    bench.channel.basic_publish("", bench.queue, b"\xff\xfe..", pika.BasicProperties())
    with bench.worker() as worker:
        worker.out.wait_for("Done")
        engine.wait("Acked", conn=engine.wait("Delivered", queue=bench.queue)["conn"])
    assert bench.count() == 0


def test_sigterm_finishes_the_task_in_hand_and_gives_back_the_rest(bench: Bench) -> None:
    bench.publish("in hand.....", "b", "c", "d", "e", "f", "g")
    with bench.worker(WORKER_PREFETCH="5") as worker:
        worker.out.wait_for("Received in hand")
        worker.process.send_signal(signal.SIGTERM)
        assert worker.exit_code() == 0
        assert worker.out.text.count("Received") == worker.out.text.count("Done") == 1
    assert bench.results(1) == [("id in hand.....", "in hand.....")]
    until(lambda: bench.count() == 6, "the other six are in the queue again")


def test_sigterm_under_auto_ack_works_through_what_nobody_else_has(
    engine: EngineProcess, bench: Bench
) -> None:
    bench.publish("in hand.", "b", "c", "d")
    with bench.worker(WORKER_ACK="auto") as worker:
        worker.out.wait_for("Received in hand")
        engine.wait("Delivered", queue=bench.queue, count=4)
        worker.process.send_signal(signal.SIGTERM)
        assert worker.exit_code() == 0
    assert [body for _, body in bench.results(4)] == ["in hand.", "b", "c", "d"]


def test_sigterm_ends_an_idle_worker(bench: Bench) -> None:
    with bench.worker() as worker:
        worker.out.wait_for("Waiting")
        worker.process.send_signal(signal.SIGTERM)
        assert worker.exit_code() == 0


def test_ctrl_c_ends_a_worker_quietly(bench: Bench) -> None:
    bench.publish("long" + "." * 30)
    with bench.worker() as worker:
        worker.out.wait_for("Received")
        worker.process.send_signal(signal.SIGINT)
        assert worker.exit_code() == 0
        assert "Traceback" not in worker.out.text
    until(lambda: bench.count() == 1, "its task is in the queue again")


def test_a_queue_of_another_kind_is_consumed_as_it_is(bench: Bench) -> None:
    bench.channel.queue_declare(bench.queue, durable=True)
    bench.channel.basic_publish("", bench.queue, b"x", pika.BasicProperties(message_id="id x"))
    with bench.worker():
        assert bench.results(1) == [("id x", "x")]


def test_a_worker_whose_connection_is_cut_says_so_in_one_line(engine: EngineProcess, bench: Bench) -> None:
    with bench.worker(WORKER_NAME="worker-cut") as worker:
        worker.out.wait_for("Waiting")
        engine.order("cut", conns=[engine.wait("ConnectionOpened", name="worker-cut")["conn"]])
        assert worker.exit_code() == 1
        assert worker.out.text.count("\n") == 2, worker.out.text


@pytest.mark.parametrize("url", [NOWHERE, "amqp://no.such.host.invalid/"])
@pytest.mark.parametrize(
    "program", [["workers/worker.py"], ["-m", "workers.new_task", "x"]], ids=["worker", "new_task"]
)
def test_without_a_broker_each_says_so_in_one_line(program: list[str], url: str) -> None:
    with Program(*program, AMQP_URL=url) as running:
        assert running.exit_code() == 1
        assert running.out.text.startswith(" [!] No broker: ")
        assert running.out.text.count("\n") == 1, running.out.text


def test_a_wrong_password_is_named(engine: EngineProcess) -> None:
    with Program("workers/worker.py", AMQP_URL=f"amqp://guest:wrong@127.0.0.1:{engine.amqp_port}/") as worker:
        assert worker.exit_code() == 1
        assert "ACCESS_REFUSED" in worker.out.text


def test_tasks_whose_names_begin_alike_are_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "FOLDER", str(tmp_path))
    one, other = "x" * 254 + "1", "x" * 254 + "2"  # an AMQP short string has 255 bytes
    assert once.first(one)
    assert not once.first(one)
    assert (once.known(one), once.known(other), once.known(None)) == (True, False, False)


def test_the_worker_fits_on_one_slide() -> None:
    code = [line for line in (CHECKOUT / "workers" / "worker.py").read_text().splitlines() if line.strip()]
    assert len(code) <= 51


# -- new_task.py --------------------------------------------------------------------------------------------------


@pytest.fixture
def task_queue(bench: Bench) -> Bench:
    """The bench, with the queue whose name new_task.py knows."""
    bench.queue = "task_queue"
    bench.publish()
    bench.channel.queue_purge(bench.queue)
    return bench


def test_all_words_of_the_command_line_are_one_task(task_queue: Bench) -> None:
    with Program("-m", "workers.new_task", "a", "photo", "...", AMQP_URL=task_queue.url) as program:
        assert program.exit_code() == 0
        assert program.out.text == " [x] Sent a photo ...\n"
    _, properties, body = task_queue.channel.basic_get("task_queue", auto_ack=True)
    assert (body, properties.delivery_mode) == (b"a photo ...", 2)
    assert len(properties.message_id) == 32


def test_without_a_task_it_keeps_asking(task_queue: Bench) -> None:
    with Program("-m", "workers.new_task", stdin=subprocess.PIPE, AMQP_URL=task_queue.url) as program:
        program.process.stdin.write("one.\n\n   \ntwo..\n")
        program.process.stdin.close()
        assert program.exit_code() == 0
        assert program.out.text.count("Enter new task: ") == 5
        assert program.out.text.count("Type something") == 2
    bodies = [task_queue.channel.basic_get("task_queue", auto_ack=True)[2] for _ in range(2)]
    assert bodies == [b"one.", b"two.."]


def test_ctrl_c_at_the_prompt_is_no_error(task_queue: Bench) -> None:
    with Program("-m", "workers.new_task", stdin=subprocess.PIPE, AMQP_URL=task_queue.url) as program:
        program.process.stdin.write("x\n")
        program.process.stdin.flush()
        program.out.wait_for("Sent x")
        program.process.send_signal(signal.SIGINT)
        assert program.exit_code() == 0
        assert "Traceback" not in program.out.text
