"""kill -9 of the broker under load, again and again on the same data: what was confirmed is there afterwards, exactly once.

Confirmed publishes through a durable exchange, half of them to a classic queue and half to a quorum queue, two publishers with many
confirms outstanding, a consumer of each queue that acknowledges some of what it gets; then the kill, at any instant. What is
neither acknowledged nor confirmed may be there or not. What was acknowledged may come back if the kill overtook the ack: redelivered.
"""

import random
import resource
import signal
import threading
import time
from collections import Counter

import pika
import pytest
from pika.exceptions import AMQPError

from tests.broker.client import Client, channel_closed, wait_for
from tests.broker.nodes import BROKERS, Embedded
from webapp.broker.__main__ import FILE

ROUNDS = {"embedded": 20, "rabbitmq": 3}
LOAD = (0.05, 0.8)  # seconds from the first confirm to the kill
YOUNG = {
    "embedded": 0,
    "rabbitmq": 3,
}  # seconds: RabbitMQ 3.10 can lose a quorum queue that is younger than one
QUEUES = {"work": {}, "replicated": {"x-queue-type": "quorum"}}
EXCHANGE = "jobs"


class Publisher(threading.Thread):
    """Publishes to both queues in turn until the broker is gone; `confirmed` are the bodies the broker has answered for."""

    def __init__(self, port, name, size=0):
        super().__init__(daemon=True)
        self._size = size  # of a body, in bytes, at least
        self.confirmed, self.sent = set(), {}
        self.first = threading.Event()
        self._port, self._name = port, name
        self._number = 0

    def run(self):
        parameters = pika.ConnectionParameters("127.0.0.1", self._port, heartbeat=0)
        self._connection = pika.SelectConnection(
            parameters,
            on_open_callback=lambda connection: connection.channel(on_open_callback=self._opened),
            on_open_error_callback=lambda connection, _: connection.ioloop.stop(),
            on_close_callback=lambda connection, _: connection.ioloop.stop(),
        )
        self._connection.ioloop.start()
        self._connection.ioloop.close()

    def _opened(self, channel):
        self._channel = channel
        channel.confirm_delivery(self._answered, lambda _: self._more())

    def _more(self):
        """So many that confirms of several at once are on their way."""
        while len(self.sent) < 50:
            self._number += 1
            body = f"{self._name}-{self._number}".ljust(self._size)
            self.sent[self._number] = body
            self._channel.basic_publish(
                EXCHANGE, list(QUEUES)[self._number % 2], body.encode(), pika.BasicProperties(delivery_mode=2)
            )

    def _answered(self, frame):
        assert isinstance(frame.method, pika.spec.Basic.Ack)
        tag = frame.method.delivery_tag
        for number in [each for each in self.sent if each <= tag] if frame.method.multiple else [tag]:
            self.confirmed.add(self.sent.pop(number))
        self.first.set()
        self._more()


class Worker(threading.Thread):
    """Consumes a queue until the broker is gone, and acknowledges some of it: one by one, and all it has at once."""

    def __init__(self, port, queue, dice):
        super().__init__(daemon=True)
        self.seen, self.acked = [], set()
        self._port, self._queue, self._dice = port, queue, dice

    def run(self):
        held = []
        try:
            channel = pika.BlockingConnection(
                pika.ConnectionParameters("127.0.0.1", self._port, heartbeat=0)
            ).channel()
            channel.basic_qos(prefetch_count=100)
            for method, _, body in channel.consume(self._queue):
                self.seen.append(body.decode())
                held.append((method.delivery_tag, body.decode()))
                what = self._dice.random()
                if what < 0.3:
                    tag, acked = held.pop()
                    self.acked.add(acked)
                    channel.basic_ack(tag)
                elif what < 0.33:
                    self.acked.update(acked for _, acked in held)
                    held.clear()
                    channel.basic_ack(method.delivery_tag, multiple=True)
        except AMQPError:
            pass  # killed


@pytest.mark.long
def test_what_was_confirmed_survives_every_kill_exactly_once(kind, guard, tmp_path):
    broker = BROKERS[kind](guard, tmp_path)
    broker.start()
    with Client(broker.port) as client:
        declare(client)
    time.sleep(YOUNG[kind])
    confirmed = 0
    for seed in range(ROUNDS[kind]):
        confirmed += a_round(broker, random.Random(seed))
    print(f"{kind}: {ROUNDS[kind]} kills, {confirmed} confirmed messages")
    assert confirmed > 100 * ROUNDS[kind]
    doubt_remains(broker)
    broker.close()


def doubt_remains(broker):
    """What may have been seen before a kill is marked so for good, also through an orderly restart."""
    with Client(broker.port) as client:
        client.publish("work", "doubtful", delivery_mode=2)
        broker.kill()
    broker.start()
    broker.stop()
    broker.start()
    with Client(broker.port) as client:
        assert drained(client, "work") == [("doubtful", True)]


def declare(client):
    channel = client.channel()
    channel.exchange_declare(EXCHANGE, "direct", durable=True)
    for name, arguments in QUEUES.items():
        channel.queue_declare(name, durable=True, arguments=arguments)
        channel.queue_bind(name, EXCHANGE, name)


def a_round(broker, dice):
    """Load, kill, start, drain, compare. Returns how many messages were confirmed."""
    with Client(broker.port) as client:
        passing(client)
    publishers = [Publisher(broker.port, f"{dice.random()}-{name}") for name in "ab"]
    workers = [Worker(broker.port, queue, dice) for queue in QUEUES]
    for thread in [*publishers, *workers]:
        thread.start()
    for publisher in publishers:
        assert publisher.first.wait(30)
    time.sleep(dice.uniform(*LOAD))  # the kill is to come at any instant
    broker.kill()
    for thread in [*publishers, *workers]:
        thread.join(30)
        assert not thread.is_alive()
    broker.start()
    with Client(broker.port) as client:
        nothing_transient(client)
        back = {name: drained(client, name) for name in QUEUES}
    found = Counter(body for messages in back.values() for body, _ in messages)
    acked = set.union(*(worker.acked for worker in workers))
    seen = {body for worker in workers for body in worker.seen}
    confirmed = set.union(*(publisher.confirmed for publisher in publishers))
    published = confirmed.union(*(publisher.sent.values() for publisher in publishers))
    assert [body for body, count in found.items() if count > 1] == []
    assert confirmed - acked - set(found) == set()
    assert set(found) <= published
    assert [each for messages in back.values() for each in messages if each[0] in seen and not each[1]] == []
    for messages in back.values():
        in_order([body for body, _ in messages])
    return len(confirmed)


def passing(client):
    """What does not survive."""
    channel = client.channel()
    channel.queue_declare("passing")
    channel.exchange_declare("passing-jobs", "direct")
    client.publish("work", "transient", delivery_mode=1)


def nothing_transient(client):
    with channel_closed(404, "NOT_FOUND - no queue 'passing' in vhost '/'"):
        client.channel().queue_declare("passing", passive=True)
    with channel_closed(404, "NOT_FOUND - no exchange 'passing-jobs' in vhost '/'"):
        client.channel().exchange_declare("passing-jobs", passive=True)


def drained(client, queue):
    """Everything in the queue, acknowledged: (body, redelivered)."""
    channel = client.channel()
    client.publisher.basic_publish(EXCHANGE, queue, b"end", pika.BasicProperties(delivery_mode=2))
    messages = []
    for method, _, body in channel.consume(queue):
        channel.basic_ack(method.delivery_tag)
        if body == b"end":
            break
        messages.append((body.decode(), method.redelivered))
    channel.cancel()
    wait_for(lambda: client.ready(queue) == 0)
    return messages


def in_order(bodies):
    """Each publisher's messages stand in the order it published them: nothing was put back elsewhere."""
    for name in {body.rpartition("-")[0] for body in bodies}:
        numbers = [int(body.rpartition("-")[2]) for body in bodies if body.rpartition("-")[0] == name]
        assert numbers == sorted(numbers)


@pytest.mark.long
def test_kills_while_it_starts_cost_nothing(guard, tmp_path):
    """The embedded broker, at any instant of its first start, and later of reading back what it has."""
    dice = random.Random(7)
    for number in range(6):
        fresh = Embedded(guard, tmp_path / str(number))
        killed_while_it_starts(fresh, dice, seconds_of_a_start(Embedded(guard, tmp_path / "whole")))
        fresh.start()
        fresh.close()
    broker = Embedded(guard, tmp_path / "full")
    broker.start()
    with Client(broker.port) as client:
        declare(client)
        wanted = [str(number) for number in range(5000)]
        for queue in QUEUES:
            client.channel().basic_publish(EXCHANGE, queue, b"transient")
            channel = client.channel()
            for body in wanted:
                channel.basic_publish(EXCHANGE, queue, body.encode(), pika.BasicProperties(delivery_mode=2))
            wait_for(lambda queue=queue: client.ready(queue) == 5001)
            holder = client.channel()
            for _ in range(100):
                holder.basic_get(queue)
        broker.kill()
    whole = seconds_of_a_start(broker)
    for _ in range(6):
        killed_while_it_starts(broker, dice, whole)
    broker.start()
    with Client(broker.port) as client:
        for queue, first in (("work", wanted[:3]), ("replicated", ["transient", *wanted[:2]])):
            bodies = [body for body, _ in drained(client, queue)]
            assert bodies[:3] == first
            assert [body for body in bodies if body != "transient"] == wanted
    broker.close()


def seconds_of_a_start(broker):
    began = time.monotonic()
    broker.start()
    whole = time.monotonic() - began
    broker.kill()
    return whole


def killed_while_it_starts(broker, dice, whole):
    process = broker.spawn()
    time.sleep(dice.uniform(whole / 2, whole * 1.1))  # the first half is Python's
    broker.kill()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.long
def test_a_full_disk_ends_the_broker_and_no_confirm_was_a_lie(guard, tmp_path):
    """The embedded broker: what it cannot store it must not confirm, nor go on as if it could."""
    broker = Embedded(guard, tmp_path)
    with (tmp_path / "stderr").open("w") as stderr:
        broker.start(stderr=stderr)
    with Client(broker.port) as client:
        declare(client)
    resource.prlimit(broker.pid, resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
    publisher = Publisher(broker.port, "full", size=10_000)
    publisher.run()
    wait_for(lambda: "cannot be written" in (tmp_path / "stderr").read_text())
    assert (
        (tmp_path / "stderr").read_text().startswith(f"unacked broker: {tmp_path / FILE} cannot be written")
    )
    broker.kill()
    assert publisher.confirmed
    broker.start()
    with Client(broker.port) as client:
        back = [body for queue in QUEUES for body, _ in drained(client, queue)]
        assert publisher.confirmed <= set(back)
    broker.close()
