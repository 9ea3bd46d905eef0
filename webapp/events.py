"""The vocabulary: facts in the past tense, frozen, each one line of JSON.

An event says what was seen, never what it means; meaning is `projection.py`'s. The engine writes
one event a line on its standard output; a recording and a test history are the same lines. Must not import
anything of ours: every other module may import this one.

Every event carries `seq` (1, 2, 3 … over the life of the engine) and `at` (seconds since the run began, from one
monotonic clock in the engine). The journal stamps both; the pure parts leave them at zero.

Names of the wire's things, everywhere: `conn` is the tap's number for a client's connection (1, 2, 3 …), `channel` the
AMQP channel number on it, `tag` a delivery tag (an integer, counted per channel), `consumer` a consumer tag
(a string), `task` the `message_id` that joins a message across frames.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

PREVIEW = 300  # characters of a body that an event carries; `size` is the whole body's length in bytes


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True, omit_defaults=True):
    """One fact. `at` is in seconds since the run began."""

    seq: int = 0
    at: float = 0.0


# -- the run ----------------------------------------------------------------------------------------------------


class RunStarted(Event, frozen=True):
    """A run began: the first line of every stream. `started` is wall-clock time, ISO 8601 in UTC.

    `resumed`: it is the old run that goes on. The engine had died, and with it every connection and process of ours; the broker was
    started again on the same data. `seq` and `at` go on too. The settings are as in SettingsChanged."""

    started: str
    ack: str = "manual"
    prefetch: int = 1
    queue: str = "task_queue"
    version: int = 1
    durable: bool = True
    kind: str = "quorum"
    idempotent: bool = False
    resumed: bool = False


class RunReset(Event, frozen=True):
    """The user asked for a fresh run: the queue was emptied, the ledger starts at 0, open connections stay."""


class SettingsChanged(Event, frozen=True):
    """How workers are started from now on. `ack` is `manual` or `auto`; `prefetch` counts messages, 0 is no limit; `durable` and
    `kind` (its x-queue-type) are the queue's; `idempotent` workers skip a task whose result is known."""

    ack: str
    prefetch: int
    queue: str
    durable: bool = True
    kind: str = "quorum"
    idempotent: bool = False


# -- from the wire ----------------------------------------------------------------------------------------------


class ConnectionOpened(Event, frozen=True):
    """A client's AMQP handshake through the tap ended in connection.open-ok. `heartbeat` is in seconds, 0 is off."""

    conn: int
    name: str
    product: str
    peer: str
    heartbeat: int = 0


class ConnectionClosed(Event, frozen=True):
    """A client's connection is over. `by` is `client` or `broker` (connection.close seen, or the broker's socket
    gone, code 0), or `network` (the client's socket ended without a connection.close). `quiet`, where the broker's socket went:
    the seconds for which the broker had heard nothing from the client."""

    conn: int
    by: str
    code: int = 0
    text: str = ""
    quiet: float = 0.0


class ChannelClosed(Event, frozen=True):
    """channel.close was seen, from `by`: `client` or `broker`."""

    conn: int
    channel: int
    by: str
    code: int = 0
    text: str = ""


class ExchangeDeclared(Event, frozen=True):
    """The broker accepted exchange.declare. `kind` is the exchange type: direct, fanout, topic …"""

    conn: int
    exchange: str
    kind: str


class QueueDeclared(Event, frozen=True):
    """The broker accepted queue.declare. `ready` and `consumers` are the counts in its declare-ok. `kind` is the
    `x-queue-type`, `classic` where none was asked for; both it and `durable` are unknown (None) on a passive declare."""

    conn: int
    queue: str
    durable: bool | None = None
    kind: str | None = None
    exclusive: bool = False
    auto_delete: bool = False
    ready: int = 0
    consumers: int = 0


class QueueBound(Event, frozen=True):
    """The broker accepted queue.bind."""

    conn: int
    queue: str
    exchange: str
    routing_key: str


class QueueUnbound(Event, frozen=True):
    """The broker accepted queue.unbind."""

    conn: int
    queue: str
    exchange: str
    routing_key: str


class QueuePurged(Event, frozen=True):
    """A client emptied the queue: its ready messages are gone. `count` is the broker's number."""

    conn: int
    queue: str
    count: int


class QueueDeleted(Event, frozen=True):
    """The broker accepted queue.delete. `count` is its number of messages deleted with the queue."""

    conn: int
    queue: str
    count: int


class ConsumerStarted(Event, frozen=True):
    """The broker accepted basic.consume. `prefetch` is the limit in force for it, 0 is no limit."""

    conn: int
    channel: int
    queue: str
    consumer: str
    auto_ack: bool
    prefetch: int = 0


class ConsumerCancelled(Event, frozen=True):
    """basic.cancel was seen: `by` `client` (it asked) or `broker` (the queue went away, say)."""

    conn: int
    channel: int
    consumer: str
    by: str


class Published(Event, frozen=True):
    """A whole message (method, header, body) went from a client towards the broker.

    `queue` is the routing key where the message goes through the default exchange, else empty. `body` is a preview
    of at most PREVIEW characters; `dots` counts those of the whole body where it has more bytes than that, else it is 0.
    `result_of` is the correlation_id of a message to the routing key `results`."""

    conn: int
    channel: int
    task: str
    queue: str
    exchange: str
    routing_key: str
    persistent: bool
    body: str
    size: int
    result_of: str = ""
    dots: int = 0


class Confirmed(Event, frozen=True):
    """The broker took responsibility for a publish (a confirm), or refused it (`ok` false: basic.nack)."""

    conn: int
    channel: int
    task: str
    ok: bool = True


class Returned(Event, frozen=True):
    """The broker sent a mandatory publish back (basic.return)."""

    conn: int
    channel: int
    task: str
    code: int
    text: str


class Delivered(Event, frozen=True):
    """A whole message went from the broker to a client, by basic.deliver, or by basic.get-ok (`consumer` empty).

    `body` and `dots` are as in Published; `delivery_count` is the quorum queue's `x-delivery-count` header, 0 where there is none."""

    conn: int
    channel: int
    tag: int
    task: str
    queue: str
    consumer: str
    auto_ack: bool
    redelivered: bool
    exchange: str
    routing_key: str
    body: str
    size: int
    persistent: bool = False
    delivery_count: int = 0
    dots: int = 0


class Acked(Event, frozen=True):
    """The client acknowledged this delivery; an ack with `multiple` becomes one event a delivery."""

    conn: int
    channel: int
    tag: int
    task: str


class Nacked(Event, frozen=True):
    """The client gave this delivery back with basic.nack, or with basic.recover (`requeue` true)."""

    conn: int
    channel: int
    tag: int
    task: str
    requeue: bool


class Rejected(Event, frozen=True):
    """The client rejected this delivery with basic.reject."""

    conn: int
    channel: int
    tag: int
    task: str
    requeue: bool


class QueueCounted(Event, frozen=True):
    """The broker's own count of a queue, from a passive declare on the engine's own connection.
    `exists` is false when the broker answered 404."""

    queue: str
    ready: int = 0
    consumers: int = 0
    exists: bool = True


# -- what we do to a connection ---------------------------------------------------------------------------------


class HoldArmed(Event, frozen=True):
    """The next frame of this method on this connection will be held. `method` is its AMQP name, `basic.ack` say."""

    conn: int
    method: str


class HoldDisarmed(Event, frozen=True):
    """No frame of this method will be held any more: the hold was taken back, or caught one on another connection."""

    conn: int
    method: str


class Held(Event, frozen=True):
    """The tap stopped one frame, with its content, and keeps it; what follows it on this channel waits. `by` is who said it,
    `client` or `broker`; `tag` is its delivery tag, 0 where it has none; `task` is empty where it is about none."""

    conn: int
    channel: int
    method: str
    task: str = ""
    tag: int = 0
    by: str = "client"


class Released(Event, frozen=True):
    """The tap let a held frame go (`dropped` false) or threw it away (`dropped` true). The rest is as in Held."""

    conn: int
    channel: int
    method: str
    task: str = ""
    tag: int = 0
    by: str = "client"
    dropped: bool = False


class Blackholed(Event, frozen=True):
    """From now on nothing of this connection gets through, in either direction, nor the end of it."""

    conn: int


class Restored(Event, frozen=True):
    """A black hole is over: what was kept flows on. `gone`: nobody was left on either side for it to flow to."""

    conn: int
    gone: bool = False


class Delayed(Event, frozen=True):
    """From now on everything on this connection arrives `ms` milliseconds later, in both directions; 0: at once again."""

    conn: int
    ms: int


# -- from processes ---------------------------------------------------------------------------------------------


class WorkerStarted(Event, frozen=True):
    """The supervisor started a worker process; `stuck`: one that never acknowledges."""

    worker: str
    pid: int
    ack: str
    prefetch: int
    queue: str
    stuck: bool = False


class WorkerPrinted(Event, frozen=True):
    """A worker wrote a line (without its line end, cut at PREVIEW characters)."""

    worker: str
    line: str


class WorkerExited(Event, frozen=True):
    """A worker process ended, with exit `code` or by `signal` (its name, SIGKILL say).

    `asked` is `stop`, `finish` or `reset` where we ended it, empty where it ended by itself; `restart_in` is the number of
    seconds until the supervisor starts it again, None where it will not."""

    worker: str
    pid: int
    code: int | None = None
    signal: str = ""
    asked: str = ""
    restart_in: float | None = None


class WorkerAsked(Event, frozen=True):
    """We sent a worker process a signal on the user's behalf: `action` is `stop` or `finish`."""

    worker: str
    action: str


class WorkerFrozen(Event, frozen=True):
    """A worker process was stopped with SIGSTOP: alive, and silent."""

    worker: str


class WorkerThawed(Event, frozen=True):
    """A frozen worker process goes on (SIGCONT)."""

    worker: str


class WorkerRemoved(Event, frozen=True):
    """A local worker's lane is gone for good (a reset takes away those that were added)."""

    worker: str


class BrokerStarted(Event, frozen=True):
    """The broker answers. `kind` is `embedded`, `rabbitmq` or `external`; `url` has no password; `amqp_port` is the
    tap's; `pid` is 0 where the process is not ours; `ack_timeout` is its delivery acknowledgement timeout in seconds, None where
    it is not known."""

    kind: str
    product: str
    version: str
    url: str
    amqp_port: int
    pid: int = 0
    ack_timeout: float | None = None


class BrokerStopped(Event, frozen=True):
    """The broker no longer answers. `asked` is true where we stopped it."""

    kind: str
    asked: bool = False
    detail: str = ""


AnyEvent: TypeAlias = (
    RunStarted
    | RunReset
    | SettingsChanged
    | ConnectionOpened
    | ConnectionClosed
    | ChannelClosed
    | ExchangeDeclared
    | QueueDeclared
    | QueueBound
    | QueueUnbound
    | QueuePurged
    | QueueDeleted
    | ConsumerStarted
    | ConsumerCancelled
    | Published
    | Confirmed
    | Returned
    | Delivered
    | Acked
    | Nacked
    | Rejected
    | QueueCounted
    | HoldArmed
    | HoldDisarmed
    | Held
    | Released
    | Blackholed
    | Restored
    | Delayed
    | WorkerStarted
    | WorkerPrinted
    | WorkerExited
    | WorkerAsked
    | WorkerFrozen
    | WorkerThawed
    | WorkerRemoved
    | BrokerStarted
    | BrokerStopped
)


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True, omit_defaults=True):
    """The engine's answer to the command with the same `id`: `result`, or `status`, `title`, `detail` of a refusal."""

    id: int
    ok: bool
    result: dict[str, Any] = {}
    status: int = 0
    title: str = ""
    detail: str = ""


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEvent | Reply] = msgspec.json.Decoder(AnyEvent | Reply)


def encode(event: Event | Reply) -> bytes:
    """One event or reply as a line of JSON, without the line end."""
    return _encoder.encode(event)


def decode(line: bytes | str) -> AnyEvent | Reply:
    """The event or reply in one line of JSON.

    Raises msgspec.ValidationError where it is JSON but not ours, msgspec.DecodeError where it is not JSON."""
    return _decoder.decode(line)
