"""RabbitMQ's own tutorials one and two, in Python, as their pages give them: unchanged, through the tap, on both brokers.

Typed from https://www.rabbitmq.com/tutorials/tutorial-one-python and -two-python. They say `localhost` and mean port 5672: where that is
taken on the testing machine, the tap has the next free one, and only the port is added.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.demo import RABBITMQ_LATER, Demo, demos
from tests.fake_engine import DEADLINE, Printed

SEND = """
#!/usr/bin/env python
import pika

connection = pika.BlockingConnection(
    pika.ConnectionParameters(host='localhost'))
channel = connection.channel()

channel.queue_declare(queue='hello')

channel.basic_publish(exchange='', routing_key='hello', body='Hello World!')
print(" [x] Sent 'Hello World!'")
connection.close()
"""

RECEIVE = """
#!/usr/bin/env python
import pika, sys, os

def main():
    connection = pika.BlockingConnection(pika.ConnectionParameters(host='localhost'))
    channel = connection.channel()

    channel.queue_declare(queue='hello')

    def callback(ch, method, properties, body):
        print(f" [x] Received {body}")

    channel.basic_consume(queue='hello', on_message_callback=callback, auto_ack=True)

    print(' [*] Waiting for messages. To exit press CTRL+C')
    channel.start_consuming()

if __name__ == '__main__':
    try:
        main()
    except KeyboardInterrupt:
        print('Interrupted')
        try:
            sys.exit(0)
        except SystemExit:
            os._exit(0)
"""

NEW_TASK = """
#!/usr/bin/env python
import pika
import sys

connection = pika.BlockingConnection(
    pika.ConnectionParameters(host='localhost'))
channel = connection.channel()

channel.queue_declare(queue='task_queue', durable=True, arguments={'x-queue-type': 'quorum'})

message = ' '.join(sys.argv[1:]) or "Hello World!"
channel.basic_publish(
    exchange='',
    routing_key='task_queue',
    body=message,
    properties=pika.BasicProperties(
        delivery_mode=pika.DeliveryMode.Persistent
    ))
print(f" [x] Sent {message}")
connection.close()
"""

WORKER = """
#!/usr/bin/env python
import pika
import time

connection = pika.BlockingConnection(
    pika.ConnectionParameters(host='localhost'))
channel = connection.channel()

channel.queue_declare(queue='task_queue', durable=True, arguments={'x-queue-type': 'quorum'})
print(' [*] Waiting for messages. To exit press CTRL+C')


def callback(ch, method, properties, body):
    print(f" [x] Received {body.decode()}")
    time.sleep(body.count(b'.'))
    print(" [x] Done")
    ch.basic_ack(delivery_tag=method.delivery_tag)


channel.basic_qos(prefetch_count=1)
channel.basic_consume(queue='task_queue', on_message_callback=callback)

channel.start_consuming()
"""


@pytest.fixture(scope="module", params=RABBITMQ_LATER)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    yield from demos(request, tmp_path_factory, "--workers", "0", amqp_port=5672)


@pytest.fixture
def demo(shared: Demo) -> Demo:
    shared.once(
        lambda state: {w["state"] for w in state["workers"]} <= {"stopped"}, "the last test's lanes gone"
    )
    assert shared.ask("POST", "/api/reset").status == 202
    shared.once(lambda state: state["ledger"]["published"] == 0 and not state["workers"], "an empty stage")
    return shared


class Program:
    """One of the tutorial's programs, running. `with` kills it at the end."""

    def __init__(self, demo: Demo, source: str, *words: str) -> None:
        port = demo.amqp_port()
        if port != 5672:
            source = source.replace("host='localhost'", f"host='localhost', port={port}")
        self.process = subprocess.Popen(
            [sys.executable, "-c", source, *words],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.out = Printed(self.process.stdout)

    def __enter__(self) -> Program:
        self.out.wait_for("Waiting for messages")
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.ended()

    def ended(self) -> int:
        code = self.process.wait(DEADLINE)
        self.out.close()
        return code


def run(demo: Demo, source: str, *words: str) -> str:
    """What it printed, once it has ended, as it should."""
    program = Program(demo, source, *words)
    assert program.ended() == 0, program.out.text
    return program.out.text


def lane_of(demo: Demo, queue: str) -> str:
    """The name of the lane that consumes from this queue."""
    workers = demo.once(
        lambda state: [worker for worker in state["workers"] if worker["queue"] == queue],
        f"a lane of {queue}",
    )
    assert [(worker["kind"], worker["pid"]) for worker in workers] == [("guest", None)]
    name: str = workers[0]["name"]
    return name


def test_tutorial_one_hello_world(demo: Demo) -> None:
    with Program(demo, RECEIVE) as receive:
        lane = lane_of(demo, "hello")
        assert run(demo, SEND) == " [x] Sent 'Hello World!'\n"
        receive.out.wait_for("Received b'Hello World!'")
        state = demo.once(
            lambda state: any(each["attempts"] for each in state["tasks"]) and state, "the task delivered"
        )
        (task,) = state["tasks"]
        assert (task["body"], task["n"], task["attempts"][0]["worker"]) == ("Hello World!", 1, lane)
        assert next(worker["ack"] for worker in state["workers"]) == "auto"


def test_tutorial_one_sent_before_anybody_receives(demo: Demo) -> None:
    run(demo, SEND)
    run(demo, SEND)
    state = demo.once(lambda state: state["ledger"]["ready"] == 2 and state, "two that wait")
    assert {queue["name"]: queue["ready"] for queue in state["queues"]}["hello"] == 2
    with Program(demo, RECEIVE) as receive:
        receive.out.wait_for(r"(Received b'Hello World!'\s+.*){2}")
        demo.once(lambda state: state["ledger"]["ready"] == 0, "both delivered")


@pytest.mark.long
def test_tutorial_two_a_task_for_each_worker_and_an_ack_for_each_task(demo: Demo) -> None:
    with Program(demo, WORKER) as one, Program(demo, WORKER) as two:
        demo.once(lambda state: len(state["workers"]) == 2, "two lanes")
        for words in (["First", "message......."], ["Second message....."]):
            assert run(demo, NEW_TASK, *words) == f" [x] Sent {' '.join(words)}\n"
        demo.once(lambda state: state["ledger"]["unacked"] == 2, "one in each hand")
        state = demo.once(lambda state: state["ledger"]["done"] == 2 and state, "both done")
        assert {task["body"] for task in state["tasks"]} == {"First message.......", "Second message....."}
        assert {task["worker"] for task in state["tasks"]} == {w["name"] for w in state["workers"]}
        one.out.wait_for("Done")
        two.out.wait_for("Done")


def test_tutorial_two_the_task_of_a_killed_worker_goes_to_the_other(demo: Demo) -> None:
    with Program(demo, WORKER) as victim:
        first = lane_of(demo, "task_queue")
        run(demo, NEW_TASK, "photo.......")  # long enough for another to be started meanwhile
        demo.once(lambda state: state["ledger"]["unacked"] == 1, "the task in its hand")
        with Program(demo, WORKER) as other:
            demo.once(lambda state: len(state["workers"]) == 2, "a second lane")
            victim.process.kill()
            other.out.wait_for("Done")
            ledger = demo.once(lambda state: state["ledger"]["done"] == 1 and state["ledger"], "done")
            assert (ledger["lost"], ledger["redelivered"]) == (0, 1)
            ends = [(attempt["worker"], attempt["end"]) for attempt in demo.task(1)["attempts"]]
            assert ends[0] == (first, "connection_closed")
            assert len(ends) == 2 and ends[1][0] != first and ends[1][1] == "acked"
