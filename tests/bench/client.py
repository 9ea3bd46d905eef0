"""The clients of the measurements, each a process of its own: `python -m tests.bench.client '{"do": "consume", "url": …}'`.

Says one line of JSON when it is ready and one when it is done; waits for a line on its input before it begins, and ends when
that input does. Times are time.monotonic(), which every process of a machine shares.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pika

BODY = b"photo"  # with dots behind it, where a larger one is asked for
STOP = b"stop"  # the last message that a consumer gets
WINDOW = 256  # messages sent and not confirmed yet, at most


def say(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)


def told() -> str:
    """The next line of our input; its end is our end."""
    line = sys.stdin.readline()
    if not line:
        sys.exit()
    return line.strip()


def consume(url: str, queue: str, durable: bool, lasting: bool, prefetch: int) -> None:
    """Acks everything, one by one, until told to stop; `ended` is when the broker has taken the last ack."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.queue_declare(queue, durable=durable, auto_delete=not lasting)
        channel.basic_qos(prefetch_count=prefetch)
        acked = 0

        def take(ch: Any, method: Any, _: Any, body: bytes) -> None:
            nonlocal acked
            ch.basic_ack(method.delivery_tag)
            if body == STOP:
                ch.stop_consuming()  # pika gives back what else it has: the other consumer's stop
            else:
                acked += 1

        channel.basic_consume(queue, take)
        say(ready=True)
        channel.start_consuming()
        channel.close()  # answered behind the last ack
        say(ended=time.monotonic(), acked=acked)


def bodies(count: int, stops: int, size: int) -> list[bytes]:
    """`count` bodies of `size` bytes, and a stop for each consumer."""
    return [BODY.ljust(size, b".")] * count + [STOP] * stops


def publish(url: str, queue: str, count: int, stops: int, size: int) -> None:
    """Publishes transient messages as fast as pika's blocking connection does, and after them the stops."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        say(ready=True)
        told()
        began = time.monotonic()
        for body in bodies(count, stops, size):
            channel.basic_publish("", queue, body)
        channel.close()
        say(began=began)


class Confirmed:
    """Publishes persistent messages with confirms, up to WINDOW of them under way."""

    def __init__(self, url: str, queue: str, bodies: list[bytes]) -> None:
        self._queue = queue
        self._bodies = bodies
        self._sent = self._confirmed = 0
        self._began = 0.0
        self._connection = pika.SelectConnection(
            pika.URLParameters(url),
            on_open_callback=lambda connection: connection.channel(on_open_callback=self._opened),
            on_close_callback=lambda connection, _: connection.ioloop.stop(),
        )

    def run(self) -> float:
        """Returns when it began, once everything is confirmed."""
        self._connection.ioloop.start()
        return self._began

    def _opened(self, channel: Any) -> None:
        self._channel = channel
        channel.confirm_delivery(self._answered, lambda _: self._begin())

    def _begin(self) -> None:
        say(ready=True)
        told()
        self._began = time.monotonic()
        self._send()

    def _send(self) -> None:
        persistent = pika.BasicProperties(delivery_mode=2)
        last = min(len(self._bodies), self._confirmed + WINDOW)
        for body in self._bodies[self._sent : last]:
            self._channel.basic_publish("", self._queue, body, persistent)
        self._sent = last

    def _answered(self, answer: Any) -> None:
        tag = answer.method.delivery_tag
        self._confirmed = tag if answer.method.multiple else self._confirmed + 1
        if self._confirmed == len(self._bodies):
            self._connection.close()
        elif self._sent - self._confirmed <= WINDOW // 2:
            self._send()


def publish_confirmed(url: str, queue: str, count: int, stops: int, size: int) -> None:
    """Publishes persistent messages with confirms, and after them the stops."""
    say(began=Confirmed(url, queue, bodies(count, stops, size)).run())


def hold(url: str, queue: str) -> None:
    """Publishes one message, takes it, says so and never acks it: somebody will have to kill this process."""
    channel = pika.BlockingConnection(pika.URLParameters(url)).channel()
    channel.queue_declare(queue)
    channel.basic_publish("", queue, BODY)
    channel.basic_consume(queue, lambda *_: say(ready=True))
    channel.start_consuming()


def inherit(url: str) -> None:
    """For each queue it is told: consumes from it, says when that stands, and then when a delivery came."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()

        def take(ch: Any, method: Any, *_: Any) -> None:
            at = time.monotonic()
            ch.basic_ack(method.delivery_tag)
            ch.stop_consuming()
            say(at=at, redelivered=method.redelivered)

        say(ready=True)
        while queue := told():
            channel.basic_consume(queue, take)
            say(consuming=True)
            channel.start_consuming()
            channel.queue_delete(queue)


ROLES = {role.__name__: role for role in (consume, publish, publish_confirmed, hold, inherit)}


def main(order: str) -> None:
    fields = json.loads(order)
    ROLES[fields.pop("do")](**fields)


if __name__ == "__main__":
    main(sys.argv[1])
