"""The producer: publishes the page's tasks with pika, through the tap, and believes nothing that was not confirmed.

    submit(body, count) ──► waiting line ──► one thread with one connection ──► tap ──► broker
          ▲                                             │
          └────────── ids, or NotSent ◄── confirms ─────┘

Uses threads and locks of the standard library; the web process has made them green. Must not import Flask, eventlet or the
projection.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker, NackError, UnroutableError

from webapp.problems import NotSent
from webapp.settings import Settings

log = logging.getLogger("unacked")

PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)  # seconds between attempts to connect
PATIENCE = 3.0  # seconds a submit waits for a connection that is about to be there
IDLE = 10.0  # seconds between looks at an idle connection; heartbeats are answered in between
BLOCKED = 20.0  # seconds the broker may block publishers (its memory or disk alarm) before the connection is given up


class Producer:
    """Publishes from a thread of its own. `tap_port` says where the tap listens, None while it does not.

    Messages are persistent and mandatory, to a durable quorum queue, one `message_id` each."""

    def __init__(self, settings: Settings, tap_port: Callable[[], int | None]) -> None:
        self._settings = settings
        self._tap_port = tap_port
        self._line: deque[Submission] = deque()
        self._connection: Any = None
        self._up = threading.Event()
        self._retry = threading.Event()
        self._stopping = threading.Event()

    @property
    def up(self) -> bool:
        """Whether a publish would reach the broker, as far as is known."""
        return self._up.is_set()

    def start(self) -> None:
        threading.Thread(target=self._keep_connected, name="producer", daemon=True).start()

    def retry(self) -> None:
        """The broker is back: connect now, without waiting for the end of the pause."""
        self._retry.set()

    def stop(self) -> None:
        """Close the connection. What is still in line is answered with NotSent."""
        self._stopping.set()
        self._retry.set()
        self._wake()

    def submit(self, body: str, count: int = 1) -> list[str]:
        """Publish `count` messages with this body; their message_ids, once the broker has confirmed each of them.

        Raises NotSent if there is no connection (nothing was sent), or if it was lost on the way: then `ids` are the
        confirmed ones, `unknown` the number sent without an answer, `not_sent` the number not sent."""
        if self._tap_port() is None or not self._up.wait(PATIENCE):
            raise NotSent(
                "The broker cannot be reached right now. Nothing was sent; submit again when it is back.",
                ids=[],
                unknown=0,
                not_sent=count,
            )
        submission = Submission(body, count)
        self._line.append(submission)
        self._wake()
        if self._stopping.is_set():
            self._refuse_line()
        submission.finished.wait()
        if submission.trouble:
            raise submission.problem()
        return submission.ids

    def _wake(self) -> None:
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(AMQPError):  # closed meanwhile: its thread has noticed or is about to
                connection.add_callback_threadsafe(lambda: None)

    # -- the thread with the connection ---------------------------------------------------------------------------

    def _keep_connected(self) -> None:
        attempts = 0
        while not self._stopping.is_set():
            port = self._tap_port()
            if port is not None:
                try:
                    self._serve(port)
                except (AMQPError, OSError) as error:
                    log.debug("producer: %r", error)
                if self._up.is_set():
                    attempts = 0
            self._up.clear()
            self._refuse_line()
            self._retry.wait(PAUSES[min(attempts, len(PAUSES) - 1)])
            self._retry.clear()
            attempts += 1

    def _serve(self, port: int) -> None:
        """One connection: work off the line until it is lost (AMQPError) or stop() was called."""
        connection = pika.BlockingConnection(parameters(self._settings, port))
        try:
            channel = open_channel(connection, self._settings.queue)
            self._connection = connection
            self._up.set()
            while not self._stopping.is_set():
                while self._line and not self._stopping.is_set():
                    channel = self._publish(connection, channel, self._line[0])
                    self._line.popleft().finished.set()
                connection.process_data_events(time_limit=IDLE)
        finally:
            self._connection = None
            with contextlib.suppress(AMQPError, OSError):
                connection.close()

    def _publish(self, connection: Any, channel: Any, submission: Submission) -> Any:
        """Publish all of a submission. Returns the channel to go on with: a queue that went away costs the old one."""
        queue = self._settings.queue
        while submission.left:
            try:
                submission.publish_one(channel, queue)
            except UnroutableError:  # the queue was deleted: once more with a new one
                channel = open_channel(connection, queue)
                try:
                    submission.publish_one(channel, queue)
                except UnroutableError:
                    submission.trouble = f"The broker has no queue {queue} to put it in."
                    break
                except NackError:
                    submission.trouble = REFUSED
                    break
            except NackError:
                submission.trouble = REFUSED
                break
        return channel

    def _refuse_line(self) -> None:
        """No connection: everybody in line gets an answer, the first one perhaps with what had been confirmed."""
        while self._line:
            submission = self._line.popleft()
            submission.trouble = "The connection to the broker was lost."
            submission.finished.set()


REFUSED = "The broker refused it (basic.nack)."


class Submission:
    """One batch on its way. `ids` are the confirmed messages; `finished` is set when nothing more will happen."""

    def __init__(self, body: str, count: int) -> None:
        self.body = body.encode()
        self.count = count
        self.ids: list[str] = []
        self.unknown = 0  # sent, and neither confirmed nor refused
        self.trouble = ""
        self.finished = threading.Event()

    @property
    def left(self) -> int:
        return self.count - len(self.ids)

    def publish_one(self, channel: Any, queue: str) -> None:
        """Publish one message and wait for its confirm. Raises UnroutableError, NackError, or what pika raises for a
        connection that is lost; after the latter the message counts as unknown."""
        message_id = uuid.uuid4().hex
        properties = pika.BasicProperties(
            message_id=message_id, delivery_mode=pika.DeliveryMode.Persistent.value, content_type="text/plain"
        )
        self.unknown = 1
        try:
            channel.basic_publish("", queue, self.body, properties, mandatory=True)
        except (UnroutableError, NackError):
            self.unknown = 0
            raise
        self.unknown = 0
        self.ids.append(message_id)

    def problem(self) -> NotSent:
        sent = f"{len(self.ids)} of {self.count} confirmed" if self.ids else "Nothing was confirmed"
        unsure = " 1 was sent without an answer and may or may not be in the queue." if self.unknown else ""
        not_sent = self.left - self.unknown
        return NotSent(
            f"{self.trouble} {sent}; {not_sent} not sent.{unsure}",
            ids=self.ids,
            unknown=self.unknown,
            not_sent=not_sent,
        )


def parameters(settings: Settings, port: int) -> pika.ConnectionParameters:
    """How to reach the tap: its address, with the user, password and virtual host of the broker's URL."""
    broker = pika.URLParameters(
        settings.broker if settings.broker_is_external else "amqp://guest:guest@localhost/"
    )
    return pika.ConnectionParameters(
        host=settings.tap_host,
        port=port,
        virtual_host=broker.virtual_host,
        credentials=broker.credentials,
        blocked_connection_timeout=BLOCKED,
        client_properties={"connection_name": "producer", "product": "Unacked producer"},
    )


def open_channel(connection: Any, queue: str) -> Any:
    """A channel with publisher confirms and the queue declared: durable and quorum, as RabbitMQ's tutorial declares it today.

    A queue that exists with other arguments (406 PRECONDITION_FAILED) is used as it is."""
    channel = connection.channel()
    try:
        channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
    except ChannelClosedByBroker as closed:
        if closed.reply_code != 406:
            raise
        channel = connection.channel()
        channel.queue_declare(queue, passive=True)
    channel.confirm_delivery()
    return channel
