"""What the tests of the contract do again and again, with plain pika: connect, publish safely, collect deliveries, expect a refusal."""

import contextlib
import itertools
import time

import pika
import pytest
from pika.exceptions import AMQPError, ChannelClosedByBroker, ConnectionClosedByBroker

DEADLINE = 30  # seconds for anything that has to happen
_numbers = itertools.count(1)


class Client:
    """Connections to one broker, closed together; queues and exchanges with names that nobody else uses, deleted at the end."""

    def __init__(self, port):
        self.port = port
        self._connections = []
        self._names = []
        self._publisher = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self._connections:
            with contextlib.suppress(AMQPError):
                connection.close()
        if self._names:
            self._connections.clear()
            channel = self.channel()
            for name in self._names:
                channel.exchange_delete(name)
                channel.queue_delete(name)
            channel.connection.close()

    def connect(self, user="guest", password="guest", **more):
        """A connection; more are pika's ConnectionParameters."""
        more = {"heartbeat": 0, "blocked_connection_timeout": DEADLINE, "socket_timeout": DEADLINE} | more
        credentials = pika.PlainCredentials(user, password)
        parameters = pika.ConnectionParameters("127.0.0.1", self.port, credentials=credentials, **more)
        self._connections.append(pika.BlockingConnection(parameters))
        return self._connections[-1]

    def channel(self):
        """A channel on a new connection."""
        return self.connect().channel()

    def name(self):
        """A name that is in use nowhere else."""
        self._names.append(f"test-{next(_numbers)}")
        return self._names[-1]

    def queue(self, arguments=None, **more):
        """Declares a queue; returns its name."""
        name = self.name()
        self.publisher.queue_declare(name, arguments=arguments, **more)
        return name

    def exchange(self, kind="direct", **more):
        """Declares an exchange; returns its name."""
        name = self.name()
        self.publisher.exchange_declare(name, kind, **more)
        return name

    @property
    def publisher(self):
        """A channel in confirm mode."""
        if self._publisher is None or self._publisher.is_closed:
            self._publisher = self.channel()
            self._publisher.confirm_delivery()
        return self._publisher

    def publish(self, key, *bodies, exchange="", **properties):
        """Publishes, and returns when every message has been confirmed: from then on they are in their queues."""
        for body in bodies:
            self.publisher.basic_publish(exchange, key, _bytes(body), pika.BasicProperties(**properties))

    def ready(self, queue):
        """How many messages are ready, by passive declare."""
        return self.publisher.queue_declare(queue, passive=True).method.message_count

    def consumers(self, queue):
        """How many consumers the queue has, by passive declare."""
        return self.publisher.queue_declare(queue, passive=True).method.consumer_count


class Inbox:
    """A consumer that keeps what it is given in `got`: (delivery tag, redelivered, body) of each."""

    def __init__(self, channel, queue, **more):
        self.channel = channel
        self.deliveries = []
        self.tag = channel.basic_consume(queue, self._take, **more)

    def _take(self, _channel, method, properties, body):
        self.deliveries.append((method, properties, body.decode()))

    @property
    def got(self):
        return [(method.delivery_tag, method.redelivered, body) for method, _, body in self.deliveries]

    @property
    def bodies(self):
        return [body for _, _, body in self.deliveries]

    def wait(self, count):
        """Returns `got` once there are that many; more than that is a failure."""
        wait_for(lambda: len(self.deliveries) >= count, self.channel.connection, what=self)
        assert len(self.deliveries) == count, self
        return self.got

    def __repr__(self):
        return f"<Inbox {self.got}>"


def wait_for(condition, *connections, what="it"):
    """Lets the connections work until the condition holds. Raises AssertionError at the deadline."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come about"
        for connection in connections:
            connection.process_data_events(0.01)


def settled(*channels):
    """Returns when everything the broker had to send to these channels has come.

    A queue answers a passive declare after its deliveries so far; the second answer follows what the first has let through."""
    for channel in channels:
        for _ in range(2):
            name = channel.queue_declare("", exclusive=True).method.queue
            channel.queue_delete(name)
        channel.connection.process_data_events(0)


def drain(channel, queue):
    """Takes all ready messages, by basic.get under auto-ack; their bodies."""
    bodies = []
    while True:
        method, _, body = channel.basic_get(queue, auto_ack=True)
        if method is None:
            return bodies
        bodies.append(body.decode())


@contextlib.contextmanager
def channel_closed(code, text):
    """Expects the broker to close the channel with this code and exactly this text."""
    with pytest.raises(ChannelClosedByBroker) as caught:
        yield
    assert (caught.value.reply_code, caught.value.reply_text) == (code, text)


@contextlib.contextmanager
def connection_closed(code, text):
    """Expects the broker to close the connection with this code and exactly this text."""
    with pytest.raises(ConnectionClosedByBroker) as caught:
        yield
    assert (caught.value.reply_code, caught.value.reply_text) == (code, text)


def _bytes(body):
    return body if isinstance(body, bytes) else body.encode()
