"""kombu: `python kombu_job.py URL QUEUE publish BODY … | work COUNT | hold`."""

import sys

import kombu
from kombu.mixins import ConsumerMixin


class Worker(ConsumerMixin):
    """Acks each task, until it has had `count`; with 0 it holds what it takes."""

    def __init__(self, connection: kombu.Connection, queue: kombu.Queue, count: int) -> None:
        self.connection = connection
        self._queue = queue
        self._left = count

    def get_consumers(self, consumer, _channel):
        return [consumer(queues=[self._queue], callbacks=[self.take], prefetch_count=1)]

    def take(self, body: str, message: kombu.Message) -> None:
        print("took", body, "again" if message.delivery_info["redelivered"] else "new", flush=True)
        if self._left:
            message.ack()
            self._left -= 1
            self.should_stop = not self._left
        else:
            sys.stdin.readline()
            self.should_stop = True


def main(url: str, name: str, role: str, *words: str) -> None:
    queue = kombu.Queue(name, durable=True)
    with kombu.Connection(url, transport_options={"confirm_publish": True}) as connection:
        if role == "publish":
            producer = connection.Producer()
            for body in words:
                producer.publish(body, routing_key=name, declare=[queue])  # returns when confirmed
                print("confirmed", body, flush=True)
        else:
            Worker(connection, queue, int(words[0]) if words else 0).run()


main(*sys.argv[1:])
