"""Clients that are not pika, through the tap, on both brokers: aio-pika, kombu, amqplib on Node, and Celery with its defaults.

Their programs are in tests/clients. What the page would show is asked of the same projection, fed with what the tap told.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import pytest

from tests import needs
from tests.demo import BROKERS, RABBITMQ_LATER
from tests.engine_process import EngineProcess
from tests.fake_engine import CHECKOUT, DEADLINE, Printed, until
from tests.history import audit, ends
from webapp import projection
from webapp.events import Reply, decode
from webapp.state import State

PROGRAMS = CHECKOUT / "tests" / "clients"
# A Node that was fetched through pip lies beside our Python.
NODE = shutil.which("node", path=f"{os.environ['PATH']}{os.pathsep}{Path(sys.executable).parent}") or "node"
CLIENTS = {  # how to run it, and what it calls itself
    "aio-pika": ((sys.executable, PROGRAMS / "aio_pika_job.py"), "aiormq"),
    "kombu": ((sys.executable, PROGRAMS / "kombu_job.py"), "py-amqp"),
    "amqplib": ((NODE, PROGRAMS / "amqplib_job.js"), "amqplib"),
}
CELERY = (sys.executable, "-m", "celery", "--app", "tests.clients.shop")

_numbers = itertools.count(1)


class Tapped:
    """A broker behind a tap, and what the tap has told since this test began."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.url = f"amqp://guest:guest@localhost:{engine.amqp_port}"
        self._since = len(engine.events)

    def wait(self, kind: str, count: int = 1, **fields: object) -> dict[str, Any]:
        """The `count`th event of this test with these fields."""
        before = sum(
            event["type"] == kind and fields.items() <= event.items()
            for event in self.engine.events[: self._since]
        )
        event: dict[str, Any] = self.engine.wait(kind, count + before, **fields)
        return event

    def wait_for_ends(self) -> None:
        """Until every connection of this test is seen to be over; their clients have ended."""
        for event in [
            each for each in self.engine.events[self._since :] if each["type"] == "ConnectionOpened"
        ]:
            self.wait("ConnectionClosed", conn=event["conn"])

    def page(self) -> State:
        """What the page would show by now. After each event the books have to be right."""
        state = State()
        for event in self.engine.events[self._since :]:
            fact = decode(json.dumps(event))
            if not isinstance(fact, Reply):
                projection.apply(state, fact)
                audit(state)
        return state


class Program:
    """A client, running, in a process group of its own. `with` kills it at the end."""

    def __init__(self, *argv: object, **environ: str) -> None:
        self.process = subprocess.Popen(
            [str(word) for word in argv],
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.out = Printed(self.process.stdout)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()
        self.ended()

    def kill(self) -> None:
        """kill -9, its children too."""
        os.killpg(self.process.pid, signal.SIGKILL)

    def tell(self) -> None:
        """A line on its input."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def ended(self) -> int:
        code = self.process.wait(DEADLINE)
        assert self.process.stdin
        self.process.stdin.close()
        self.out.close()
        return code

    def result(self) -> str:
        """What it printed, once it has ended, as it should."""
        assert self.ended() == 0, self.out.text
        return self.out.text


@pytest.fixture(scope="module", params=BROKERS)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if request.param == "rabbitmq":
        needs.rabbitmq()
    data = tmp_path_factory.mktemp(request.param)
    with EngineProcess("--workers", "0", data=data, broker=request.param) as engine:
        engine.amqp_port  # noqa: B018 - waits until it is up
        yield engine


@pytest.fixture
def tapped(engine: Any) -> Tapped:
    return Tapped(engine)


@pytest.fixture
def queue() -> str:
    """The name of a queue that nobody has used."""
    return f"photos-{next(_numbers)}"


# -- a work queue -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["killed", "closed"])
@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_client_holds_when_it_goes_comes_back_to_another(
    client: str, end: str, tapped: Tapped, queue: str
) -> None:
    argv, product = CLIENTS[client]
    bodies = ["one", "two", "three"]
    with Program(*argv, tapped.url, queue, "publish", *bodies) as publisher:
        assert publisher.result().split("\n")[:-1] == [f"confirmed {body}" for body in bodies]
    with Program(*argv, tapped.url, queue, "hold") as holder:
        holder.out.wait_for("took one new")
        with Program(*argv, tapped.url, queue, "work", "3") as worker:
            worker.out.wait_for("took two new\ntook three new\n")
            if end == "killed":
                holder.kill()
            else:
                holder.tell()
                assert holder.result() == "took one new\n"
            assert worker.result() == "took two new\ntook three new\ntook one again\n"

    # The tap has told it all …
    published = [tapped.wait("Published", queue=queue, body=body) for body in bodies]
    assert all(event["persistent"] for event in published)
    declared = tapped.wait("QueueDeclared", queue=queue, conn=published[0]["conn"])
    assert (declared["durable"], declared["kind"]) == (True, "classic")
    for event in published:
        tapped.wait("Confirmed", task=event["task"])
    first = tapped.wait("Delivered", queue=queue, body="one")
    second = tapped.wait("Delivered", queue=queue, body="one", count=2)
    assert (first["redelivered"], second["redelivered"]) == (False, True)
    assert first["task"] == second["task"] == published[0]["task"]
    tapped.wait("ConnectionClosed", conn=first["conn"], by="network" if end == "killed" else "client")
    for event in published:
        tapped.wait("Acked", task=event["task"], conn=second["conn"])
    tapped.wait("ConnectionClosed", conn=second["conn"], by="client")
    for conn in (published[0]["conn"], first["conn"], second["conn"]):
        assert tapped.wait("ConnectionOpened", conn=conn)["product"].startswith(f"{product} ")
    for conn in (first["conn"], second["conn"]):
        started = tapped.wait("ConsumerStarted", conn=conn)
        assert (started["queue"], started["auto_ack"], started["prefetch"]) == (queue, False, 1)

    # … so that the page has a producer, two lanes, and the task's two attempts.
    page = tapped.page()
    (producer,) = page.producers.values()
    assert producer.published == 3 and producer.product.startswith(product)
    lanes = {lane.name: (lane.kind, lane.queue, lane.ack, lane.prefetch) for lane in page.workers.values()}
    (one, other), facts = lanes, ("guest", queue, "manual", 1)
    assert lanes == {one: facts, other: facts}
    assert [page.workers[name].done for name in (one, other)] == [0, 3]
    # aio-pika closes its connection at once, the others their channel first.
    gone = "connection_closed" if end == "killed" or client == "aio-pika" else "channel_closed"
    assert ends(page.tasks[first["task"]]) == [(one, gone), (other, "acked")]
    ledger = page.ledger
    assert (ledger["published"], ledger["done"], ledger["redelivered"], ledger["lost"]) == (3, 3, 1, 0)


def stored(tapped: Tapped) -> None:
    """Returns once the broker has confirmed a persistent message: what it was told before, an ack that the tap has just seen go by, say,
    it has taken, and keeps over its kill -9."""
    with pika.BlockingConnection(pika.URLParameters(tapped.url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare("stored", durable=True)
        channel.basic_publish("", "stored", b"", pika.BasicProperties(delivery_mode=2))


@pytest.mark.parametrize("engine", RABBITMQ_LATER, indirect=True, scope="module")
def test_aio_pika_takes_up_its_work_again_after_a_restart_of_the_broker(tapped: Tapped, queue: str) -> None:
    argv, _ = CLIENTS["aio-pika"]
    with Program(*argv, tapped.url, queue, "work", "2") as worker:
        before = tapped.wait("ConsumerStarted", queue=queue)
        with Program(*argv, tapped.url, queue, "publish", "one") as publisher:
            publisher.result()
        worker.out.wait_for("took one new")
        tapped.wait("Acked", conn=before["conn"])
        stored(tapped)
        assert tapped.engine.order("restart_broker")["ok"]
        after = tapped.wait("ConsumerStarted", queue=queue, count=2)
        with Program(*argv, tapped.url, queue, "publish", "two") as publisher:
            publisher.result()
        assert re.findall("took .*", worker.result()) == ["took one new", "took two new"]
    tapped.wait("ConnectionClosed", conn=before["conn"], by="broker")
    tapped.wait("Acked", conn=after["conn"])
    tapped.wait("ConnectionClosed", conn=after["conn"])
    assert tapped.page().ledger["done"] == 2


# -- Celery -------------------------------------------------------------------------------------------------------


class Shop:
    """The Celery application behind the tap: its workers, its producer, and what was really done."""

    def __init__(self, tapped: Tapped, log: Path, **environ: str) -> None:
        self._log = log
        self._environ = {"SHOP_BROKER": f"{tapped.url}//", "SHOP_LOG": str(log), **environ}

    def worker(self, name: str, **environ: str) -> Program:
        command = (*CELERY, "worker", "--hostname", f"{name}@%h", "--concurrency", "2", "--loglevel", "INFO")
        return Program(*command, **self._environ, **environ)

    def orders(self, count: int) -> Program:
        return Program(sys.executable, "-m", "tests.clients.orders", count, **self._environ)

    def ping(self) -> str:
        """What the workers answer when they are asked whether they are there."""
        with Program(*CELERY, "inspect", "ping", **self._environ) as inspect:
            return inspect.result()

    def begun(self) -> list[int]:
        """The photos that a worker began with, in that order."""
        return [int(line) for line in self._log.read_text().split()] if self._log.exists() else []


@pytest.mark.parametrize("engine", RABBITMQ_LATER, indirect=True, scope="module")
def test_a_celery_worker_runs_ten_tasks(tapped: Tapped, tmp_path: Path) -> None:
    shop = Shop(tapped, tmp_path / "log")
    with shop.worker("one") as worker:
        worker.out.wait_for(r"one@\S+ ready")
        with shop.orders(10) as orders:
            assert orders.result() == "sent\nresults 0 2 4 6 8 10 12 14 16 18\n"
        assert sorted(shop.begun()) == list(range(10))
        assert "pong" in shop.ping()

        consumer = tapped.wait("ConsumerStarted", queue="celery")
        assert (consumer["auto_ack"], consumer["prefetch"]) == (False, 8)  # four for each of its processes
        opened = tapped.wait("ConnectionOpened", conn=consumer["conn"])
        assert opened["product"].startswith("py-amqp ") and opened["heartbeat"] == 60
        tapped.wait("Delivered", queue="celery", conn=consumer["conn"], count=10)
        tapped.wait("Acked", conn=consumer["conn"], count=10)
        heartbeat = tapped.wait("Delivered", conn=consumer["conn"], routing_key="worker.heartbeat")
        assert heartbeat["auto_ack"]

        page = tapped.page()
        (lane,) = (lane for lane in page.workers.values() if opened["conn"] in lane.conns)
        assert (lane.state, lane.done, lane.product) == ("idle", 10, opened["product"])
        assert (lane.queue, lane.ack, lane.prefetch) == ("celery", "manual", 8)
        photos = [task for task in page.tasks.values() if task.queue == "celery"]
        assert [ends(task) for task in photos] == [[(lane.name, "acked")]] * 10

        worker.process.terminate()
        assert "Warm shutdown" in worker.result()
    tapped.wait("ConnectionClosed", conn=opened["conn"], by="client")
    tapped.wait_for_ends()
    # What was the worker's own is gone with it: its mailbox, its ear for the others' events.
    assert not [name for name in tapped.page().queues if "pidbox" in name or name.startswith("celeryev")]


def test_with_acks_late_the_task_of_a_killed_celery_worker_goes_to_another(
    tapped: Tapped, tmp_path: Path
) -> None:
    shop = Shop(tapped, tmp_path / "log", SHOP_ACKS_LATE="yes")
    with shop.worker("victim", SHOP_SECONDS="3600") as victim:
        victim.out.wait_for(r"victim@\S+ ready")
        with shop.orders(1) as orders:
            until(lambda: shop.begun() == [0], "the task begun")
            first = tapped.wait("Delivered", queue="celery")
            with shop.worker("heir") as heir:
                heir.out.wait_for(r"heir@\S+ ready")
                victim.kill()
                assert orders.result() == "sent\nresults 0\n"
                second = tapped.wait("Delivered", queue="celery", redelivered=True)
                tapped.wait("Acked", task=first["task"], conn=second["conn"])
    assert shop.begun() == [0, 0]
    assert first["task"] == second["task"]
    tapped.wait("ConnectionClosed", conn=first["conn"], by="network")
    page = tapped.page()
    (one, end), (other, again) = ends(page.tasks[first["task"]])
    assert (end, again) == ("connection_closed", "acked") and one != other
    assert page.ledger["redelivered"] == 1
