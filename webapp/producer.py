"""The producer: publishes the page's tasks with pika, through the tap, and believes nothing that was not confirmed.

    submit(body, count) ──► line ──► Link: one connection, many publishes in flight ──► tap ──► broker
          ▲                                        │
          └──── ids, or NotSent ◄──── confirms ────┘

Uses threads and locks of the standard library; the web process has made them green. Everything of a Link runs in the one
thread that runs its loop. Must not import Flask, eventlet or the projection.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import pika
from pika.adapters.select_connection import IOLoop
from pika.exceptions import AMQPError, ChannelClosedByBroker

from webapp.problems import NotSent
from webapp.settings import Settings

log = logging.getLogger("unacked")

PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)  # seconds between attempts to connect
PATIENCE = 3.0  # seconds a submit waits for a connection that is about to be there
ANSWER_WITHIN = 30.0  # seconds without a single confirm after which a submit is given up
BLOCKED = 20.0  # seconds the broker may block publishers (its memory or disk alarm) before the connection is given up
WINDOW = 256  # messages sent and not confirmed yet, at most


class Producer:
    """Publishes from a thread of its own. `tap_port` says where the tap listens, None while it does not; `kind` what the queue is to
    be: durable or not, and its x-queue-type.

    Messages are mandatory, with one `message_id` each."""

    def __init__(
        self,
        settings: Settings,
        tap_port: Callable[[], int | None],
        kind: Callable[[], tuple[bool, str]] = lambda: (True, "quorum"),
    ) -> None:
        self._settings = settings
        self._tap_port = tap_port
        self._kind = kind
        self._link: Link | None = None
        self._up = threading.Event()
        self._retry = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_connected, name="producer", daemon=True)

    @property
    def up(self) -> bool:
        """Whether a publish would reach the broker, as far as is known."""
        return self._up.is_set()

    def start(self) -> None:
        self._thread.start()

    def retry(self) -> None:
        """The broker is back: connect now, without waiting for the end of the pause."""
        self._retry.set()

    def stop(self, within: float = 1.0) -> None:
        """Close the connection in order, if that takes no longer than `within` seconds."""
        self._stopping.set()
        self._retry.set()
        if self._link is not None:
            self._link.close()
        self._thread.join(within)

    def submit(self, body: str, count: int = 1, persistent: bool = True) -> list[str]:
        """Publish `count` messages with this body; their message_ids, once the broker has confirmed each of them.

        Raises NotSent if there is no connection (nothing was sent), or if something happened on the way: then `ids` are the
        confirmed ones, `unknown` the number sent without an answer, `not_sent` the number that is in no queue."""
        submission = Submission(body.encode(), count, persistent)
        connected = self._tap_port() is not None and self._up.wait(PATIENCE)
        link = self._link
        if not connected or link is None:
            submission.trouble = "The broker cannot be reached right now."
        else:
            link.take(submission)
            while not submission.finished.wait(ANSWER_WITHIN):
                submission.give_up_if_nothing_moves()
        if submission.trouble:
            raise submission.problem()
        return submission.ids

    def _keep_connected(self) -> None:
        attempts = 0
        while not self._stopping.is_set():
            port = self._tap_port()
            if port is not None:
                link = self._link = Link(
                    parameters(self._settings, port), self._settings.queue, self._kind, self._up.set
                )
                try:
                    link.run()
                except Exception:  # whatever it was: a producer that is gone for good helps nobody
                    log.exception("the producer's connection broke, and is made anew")
                self._link = None
                if self._up.is_set():
                    self._up.clear()
                    attempts = 0
                link.abandon()  # after the link is out of reach: who came before gets an answer, nobody comes after
            self._retry.wait(PAUSES[min(attempts, len(PAUSES) - 1)])
            self._retry.clear()
            attempts += 1


class Submission:
    """One batch on its way. `finished` is set when nothing more will happen to it."""

    def __init__(self, body: bytes, count: int, persistent: bool = True) -> None:
        self.body = body
        self.count = count
        self.persistent = persistent
        self.to_send = count
        self.to_repeat = 0  # came back for want of a queue, and are to be sent once more
        self.in_flight = 0
        self.confirmed: dict[str, bool] = {}  # message_id to whether it is, in the order of publishing
        self.unknown = 0  # sent, and never answered
        self.trouble = ""
        self.progress = 0
        self.finished = threading.Event()

    @property
    def ids(self) -> list[str]:
        return [message_id for message_id, is_confirmed in self.confirmed.items() if is_confirmed]

    @property
    def waits(self) -> bool:
        """Whether it has something to be sent."""
        return not self.trouble and self.to_send + self.to_repeat > 0

    def give_up_if_nothing_moves(self) -> None:
        """Called every ANSWER_WITHIN seconds: a batch without any progress since the last time is over."""
        if (progress := len(self.ids)) == self.progress:
            self.unknown = self.in_flight
            self.trouble = "The broker does not confirm."
            self.finished.set()
        self.progress = progress

    def settle(self) -> None:
        if not self.waits and not self.in_flight:
            self.finished.set()

    def problem(self) -> NotSent:
        ids = self.ids
        not_sent = self.count - len(ids) - self.unknown
        if not ids and not self.unknown:
            detail = f"{self.trouble} Nothing was sent; submit again when it is back."
        else:
            unsure = (
                f", {self.unknown} sent without an answer (they may be in the queue or not)"
                if self.unknown
                else ""
            )
            detail = (
                f"{self.trouble} Of {self.count}, {len(ids)} were confirmed{unsure}, {not_sent} not sent."
            )
        return NotSent(detail, ids=ids, unknown=self.unknown, not_sent=not_sent)


@dataclass(frozen=True)
class Sent:
    """A publish in flight. `repeat`: it is a second attempt, after the first came back."""

    submission: Submission
    message_id: str
    repeat: bool


class Link:
    """One connection from its opening to its end: declare, then publish what is in line, many at a time.

    `on_up` is called once it can publish. A queue that was deleted meanwhile is declared again, and what came back is sent
    once more."""

    def __init__(
        self,
        where: pika.ConnectionParameters,
        queue: str,
        kind: Callable[[], tuple[bool, str]],
        on_up: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._kind = kind
        self._on_up = on_up
        self._line: deque[Submission] = deque()  # with something to send
        self._in_flight: dict[int, Sent] = {}  # by publish number, as confirms count them
        self._returned: set[str] = set()
        self._number = 0
        self._channel: Any = None
        self._ready = False
        self._over = False
        self._loop = IOLoop()
        self._connection = pika.SelectConnection(
            where,
            on_open_callback=lambda _: self._open_channel(passive=False),
            on_open_error_callback=self._ended,
            on_close_callback=self._ended,
            custom_ioloop=self._loop,
        )

    # -- from any thread ------------------------------------------------------------------------------------------

    def take(self, submission: Submission) -> None:
        """Put a batch in line."""
        self._line.append(submission)
        self._loop.add_callback_threadsafe(self._pump)
        if self._over:  # it ended while we came
            self.abandon()

    def close(self) -> None:
        self._loop.add_callback_threadsafe(self._close)

    # -- from the thread it runs in -------------------------------------------------------------------------------

    def run(self) -> None:
        """Work until the connection is over."""
        try:
            self._loop.start()
        finally:
            self._ready = False
            self._loop.close()

    def abandon(self) -> None:
        """The connection is over: everybody in line or in flight gets an answer."""
        self._over = True
        unanswered = [sent.submission for sent in self._in_flight.values()]
        self._in_flight.clear()
        for submission in unanswered:
            submission.unknown += 1
        for submission in [*unanswered, *self._line]:
            submission.trouble = submission.trouble or "The connection to the broker was lost."
            submission.finished.set()

    def _close(self) -> None:
        if self._connection.is_open:
            self._connection.close()
        elif not self._connection.is_closing:
            self._loop.stop()

    def _ended(self, _: object, reason: BaseException) -> None:
        log.debug("producer: %r", reason)
        self._loop.stop()

    def _open_channel(self, passive: bool) -> None:
        """A channel with the queue declared: durable and quorum, as RabbitMQ's tutorial declares it today, unless chosen otherwise.

        A queue that exists with other arguments (406 PRECONDITION_FAILED closes the channel) is used as it is."""

        def opened(channel: Any) -> None:
            self._channel = channel
            channel.add_on_close_callback(closed)
            channel.add_on_return_callback(
                lambda _c, _m, properties, _b: self._returned.add(properties.message_id)
            )
            self._declare(lambda _: channel.confirm_delivery(self._answered, callback=confirming), passive)

        def confirming(_: object) -> None:
            self._on_up()
            self._set_ready(None)

        def closed(_: Any, reason: BaseException) -> None:
            refused = isinstance(reason, ChannelClosedByBroker) and reason.reply_code == 406
            if refused and not passive and not self._number:
                self._open_channel(passive=True)
            else:
                self._close()

        self._connection.channel(on_open_callback=opened)

    def _declare(self, then: Callable[[object], None], passive: bool = False) -> None:
        self._ready = False
        durable, kind = self._kind()
        arguments = None if passive else {"x-queue-type": kind}
        self._channel.queue_declare(
            self._queue, passive=passive, durable=durable, arguments=arguments, callback=then
        )

    def _set_ready(self, _: object) -> None:
        self._ready = True
        self._pump()

    def _pump(self) -> None:
        """Publish as much as is in line, up to WINDOW in flight."""
        while self._ready and self._line and len(self._in_flight) < WINDOW:
            submission = self._line[0]
            if not submission.waits:
                self._line.popleft()
                continue
            try:
                self._publish(submission)
            except AMQPError:  # the channel is going down: the connection's end answers everybody
                return

    def _publish(self, submission: Submission) -> None:
        repeat = submission.to_repeat > 0
        message_id = uuid.uuid4().hex
        mode = pika.DeliveryMode.Persistent if submission.persistent else pika.DeliveryMode.Transient
        properties = pika.BasicProperties(
            message_id=message_id, delivery_mode=mode.value, content_type="text/plain"
        )
        self._channel.basic_publish("", self._queue, submission.body, properties, mandatory=True)
        self._number += 1
        self._in_flight[self._number] = Sent(submission, message_id, repeat)
        submission.confirmed[message_id] = False
        submission.in_flight += 1
        if repeat:
            submission.to_repeat -= 1
        else:
            submission.to_send -= 1

    def _answered(self, frame: Any) -> None:
        """A confirm: basic.ack or basic.nack of one publish, or with `multiple` of all up to it."""
        last = frame.method.delivery_tag
        numbers = [n for n in self._in_flight if n <= last] if frame.method.multiple else [last]
        for number in numbers:
            sent = self._in_flight.pop(number, None)
            if sent is not None:
                self._settle(sent, ok=isinstance(frame.method, pika.spec.Basic.Ack))
        self._pump()

    def _settle(self, sent: Sent, ok: bool) -> None:
        submission = sent.submission
        submission.in_flight -= 1
        came_back = sent.message_id in self._returned
        self._returned.discard(sent.message_id)
        if not ok:
            submission.trouble = "The broker refused it (basic.nack)."
        elif not came_back:
            submission.confirmed[sent.message_id] = True
        elif sent.repeat:
            submission.trouble = f"The broker has no queue {self._queue} and did not make one."
        else:
            submission.to_repeat += 1
            if submission not in self._line:
                self._line.appendleft(submission)
            if self._ready:
                self._declare(self._set_ready)
        submission.settle()


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
        client_properties={
            "connection_name": "producer",
            "product": "Unacked producer",
            "version": version("unacked"),
        },
    )
