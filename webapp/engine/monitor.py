"""The engine's own connection to the broker, beside the tap: who answers there, and the broker's own count of its queues.

The count is a passive declare. It is what keeps us honest: the page shows it wherever it differs from what the tap saw.
Source: AMQP 0-9-1, queue.declare with `passive`; message_count counts ready messages only.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, NamedTuple

import pika
from pika import exceptions
from pika.adapters.asyncio_connection import AsyncioConnection

from webapp.engine.brokers import Broker, BrokerFailed

ANSWER_TIMEOUT = 10.0  # seconds the broker has to answer
HEARTBEAT = 10  # seconds: a broker behind a cut cable is noticed within two of them

logging.getLogger("pika").setLevel(logging.CRITICAL)  # what it would log we say ourselves, in one line


class Gone(Exception):
    """The broker went away, or did not answer in time."""


class Counted(NamedTuple):
    """What the broker says of a queue: ready messages, and consumers."""

    ready: int
    consumers: int


class Monitor:
    """One connection to `broker`. Made by `connect`; `closed` is done, with a word on why, once it is over."""

    def __init__(self, broker: Broker) -> None:
        self.product = ""
        self.version = ""
        self.closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._broker = broker
        self._connection: AsyncioConnection | None = None
        self._turn = asyncio.Lock()

    async def connect(self) -> None:
        """Connects. Raises BrokerFailed with one line that says what is wrong and what to do."""
        broker, address = self._broker, self._broker.address
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        parameters = pika.ConnectionParameters(
            host=address.host,
            port=address.port,
            virtual_host=broker.vhost,
            credentials=pika.PlainCredentials(broker.username, broker.password),
            ssl_options=pika.SSLOptions(address.tls, address.host) if address.tls else None,
            heartbeat=HEARTBEAT,
            socket_timeout=ANSWER_TIMEOUT / 2,
            stack_timeout=ANSWER_TIMEOUT,
            client_properties={"connection_name": "unacked monitor", "product": "Unacked monitor"},
        )

        def succeeded(_: Any) -> None:
            if not opened.done():
                opened.set_result(None)

        def failed(_: Any, error: BaseException) -> None:
            if not opened.done():
                opened.set_exception(BrokerFailed(_why(error, broker)))

        def over(_: Any, error: BaseException) -> None:
            if not self.closed.done():
                self.closed.set_result(_text(error))

        try:
            self._connection = AsyncioConnection(
                parameters,
                on_open_callback=succeeded,
                on_open_error_callback=failed,
                on_close_callback=over,
            )
            await asyncio.wait_for(opened, ANSWER_TIMEOUT + 1)
        except TimeoutError:
            raise BrokerFailed(f"{_where(broker)} does not answer: is it an AMQP broker?") from None
        properties = self._connection.server_properties or {}
        self.product = str(properties.get("product", "unknown"))
        self.version = str(properties.get("version", ""))

    async def count(self, queue: str) -> Counted | None:
        """The broker's own numbers of this queue; None where there is none. Raises Gone, and PermissionError where the
        queue is another connection's own (exclusive)."""
        answer = await self._ask("queue_declare", queue=queue, passive=True)
        return answer and Counted(answer.method.message_count, answer.method.consumer_count)

    async def purge(self, queue: str) -> int | None:
        """Empties the queue of its ready messages; how many they were, None where there is no such queue. Raises Gone."""
        answer = await self._ask("queue_purge", queue=queue)
        return answer and int(answer.method.message_count)

    async def delete(self, queue: str) -> int | None:
        """Deletes the queue with all that is in it; how many ready messages that were. Raises Gone."""
        answer = await self._ask("queue_delete", queue=queue)
        return answer and int(answer.method.message_count)

    async def declare(self, queue: str, durable: bool, kind: str) -> None:
        """Makes the queue. Raises Gone."""
        await self._ask("queue_declare", queue=queue, durable=durable, arguments={"x-queue-type": kind})

    async def close(self) -> None:
        """Says goodbye where there is still somebody to say it to."""
        connection = self._connection
        if connection is not None and connection.is_open:
            connection.close()
            await asyncio.wait([self.closed], timeout=1)

    async def _ask(self, method: str, **arguments: Any) -> Any:
        """One question on a channel of its own: a channel does not survive a no (404, 405)."""
        async with self._turn:
            connection = self._connection
            if connection is None or not connection.is_open:
                raise Gone("not connected")
            answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

            def settle(value: Any = None, error: BaseException | None = None) -> None:
                if not answer.done():
                    answer.set_exception(error) if error else answer.set_result(value)

            def closed(_: Any, error: BaseException) -> None:
                code = getattr(error, "reply_code", 0)
                if code == 404:
                    settle(None)
                elif code in (403, 405):
                    settle(error=PermissionError(_text(error)))
                else:
                    settle(error=Gone(_text(error)))

            def opened(channel: Any) -> None:
                channel.add_on_close_callback(closed)
                getattr(channel, method)(**arguments, callback=settle)

            channel = connection.channel(on_open_callback=opened)
            done, _ = await asyncio.wait(
                [answer, self.closed], timeout=ANSWER_TIMEOUT, return_when="FIRST_COMPLETED"
            )
            if answer not in done:
                answer.cancel()
                raise Gone(self.closed.result() if self.closed.done() else "no answer in time")
            if channel.is_open:
                channel.close()
            return answer.result()


def _where(broker: Broker) -> str:
    return f"the broker at {broker.address.host}:{broker.address.port}"


def _why(error: BaseException, broker: Broker) -> str:
    """pika's nested reasons as one line that says what to do."""
    where = _where(broker)
    for each in _chain(error):
        if isinstance(each, exceptions.ProbableAuthenticationError) or getattr(each, "reply_code", 0) == 403:
            return f"{where} refused user {broker.username!r} with this password: check both in the URL"
        if isinstance(each, exceptions.ProbableAccessDeniedError) or getattr(each, "reply_code", 0) == 530:
            return f"{where} refused virtual host {broker.vhost!r}: does it exist, may {broker.username!r} use it?"
        if isinstance(each, exceptions.IncompatibleProtocolError):
            return f"{where} does not speak AMQP 0-9-1: check host and port in the URL"
    last = _chain(error)[-1]
    return f"{where} cannot be reached ({_text(last)}): is it running, are host and port right?"


def _chain(error: BaseException) -> list[BaseException]:
    """The error and all it wraps, outermost first."""
    found, todo = [], [error]
    while todo:
        each = todo.pop(0)
        found.append(each)
        inner = [getattr(each, "exception", None), *getattr(each, "exceptions", ()), *each.args]
        todo += [other for other in inner if isinstance(other, BaseException) and other not in found]
    return found


def _text(error: BaseException) -> str:
    reply = getattr(error, "reply_text", "")
    return (
        str(reply or getattr(error, "strerror", "") or error or type(error).__name__).strip()
        or type(error).__name__
    )
