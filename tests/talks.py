"""Good conversations with a broker, as the frames that a client sends. What can go wrong with them: faults.py."""

import struct

import pika.frame
from pika import BasicProperties, spec
from pika.frame import Heartbeat, Method, ProtocolHeader

GREETING = ProtocolHeader().marshal()
END = b"\xce"
FRAME_MAX = 4096  # bytes: small, so that bodies come in several frames

HANDSHAKE = [
    GREETING,
    Method(
        0,
        spec.Connection.StartOk(
            {
                "product": "fuzz",
                "connection_name": "fuzz",
                "capabilities": {"consumer_cancel_notify": True, "authentication_failure_close": True},
            },
            "PLAIN",
            "\0guest\0guest",
            "en_US",
        ),
    ).marshal(),
    Method(0, spec.Connection.TuneOk(2047, FRAME_MAX, 0)).marshal(),
    Method(0, spec.Connection.Open("/")).marshal(),
]
GOODBYE = Method(0, spec.Connection.Close(200, "bye", 0, 0)).marshal()
PAUSE = b""  # not a frame: here the client waits for what the broker has to say so far


def frame(kind, channel, payload):
    """A frame by hand."""
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + END


def call(channel, *methods):
    return [Method(channel, method).marshal() for method in methods]


def publish(channel, key, body=b"", exchange="", mandatory=False, **properties):
    """basic.publish with its header and its body frames."""
    room = FRAME_MAX - 8
    parts = [
        Method(channel, spec.Basic.Publish(exchange=exchange, routing_key=key, mandatory=mandatory)),
        pika.frame.Header(channel, len(body), BasicProperties(**properties)),
        *(pika.frame.Body(channel, body[at : at + room]) for at in range(0, len(body), room)),
    ]
    return [part.marshal() for part in parts]


# -- good conversations, behind the handshake ---------------------------------------------------------------------


def work_queue(name):
    """Declare, publish, consume, ack: what the demo does all day."""
    return [
        *call(1, spec.Channel.Open(), spec.Queue.Declare(queue=name, exclusive=True), spec.Basic.Qos(0, 10)),
        *call(1, spec.Confirm.Select()),
        *publish(1, name, message_id="one"),
        *publish(1, name, b"photo...", message_id="two", delivery_mode=2, priority=3),
        *publish(1, name, b"x" * 9_000, headers={"a": 1, "b": [1, {"c": None}]}, timestamp=1, type="t"),
        *publish(1, name, b"again"),
        *call(1, spec.Basic.Consume(queue=name, consumer_tag="me")),
        PAUSE,
        *call(1, spec.Basic.Ack(1), spec.Basic.Nack(2), spec.Basic.Reject(3)),
        PAUSE,
        *call(
            1, spec.Basic.Ack(0, multiple=True), spec.Basic.Cancel("me"), spec.Channel.Close(200, "", 0, 0)
        ),
    ]


def exchanges(name):
    """Bindings of all sorts, returns, basic.get, recover."""
    other = name + ".x"
    return [
        *call(7, spec.Channel.Open(), spec.Exchange.Declare(exchange=name, type="topic", auto_delete=True)),
        *call(7, spec.Exchange.Declare(exchange=other, type="fanout", auto_delete=True)),
        *call(7, spec.Queue.Declare(queue=name, exclusive=True, auto_delete=True)),
        *call(7, spec.Exchange.Bind(destination=other, source=name, routing_key="#.b.*")),
        *call(
            7,
            spec.Queue.Bind(queue=name, exchange=other),
            spec.Queue.Bind(queue=name, exchange=name, routing_key="a"),
        ),
        *publish(7, "a.b.c", b"1", exchange=name, mandatory=True),
        *publish(7, "nobody", b"2" * 5_000, exchange=name, mandatory=True, correlation_id="c"),
        *publish(7, "a", b"3", exchange=name),
        *call(7, spec.Basic.Get(queue=name), spec.Basic.Get(queue=name, no_ack=True), spec.Basic.Get()),
        *call(
            7, spec.Basic.Recover(requeue=True), spec.Basic.Get(queue=name), spec.Basic.Nack(3, requeue=False)
        ),
        *call(7, spec.Queue.Unbind(queue=name, exchange=other), spec.Queue.Purge(queue=name)),
        *call(
            7,
            spec.Exchange.Unbind(destination=other, source=name, routing_key="#.b.*"),
            spec.Queue.Delete(queue=name),
            spec.Exchange.Delete(exchange=name),
        ),
    ]


def dead_letters(name):
    """Messages that expire, are refused, come back too often; with deaths behind them that a client has made up."""
    grave, quorum = name + ".dead", name + ".quorum"
    to_grave = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": grave}
    died = {
        "x-death": [{"queue": name, "reason": "expired", "count": 3}, {"queue": 4}, 5],
        "x-first-death-queue": 1,
    }
    return [
        *call(3, spec.Channel.Open(), spec.Queue.Declare(queue=grave, exclusive=True)),
        *call(3, spec.Queue.Declare(queue=name, exclusive=True, arguments=to_grave | {"x-message-ttl": 1})),
        *call(
            3,
            spec.Queue.Declare(
                queue=quorum,
                durable=True,
                arguments=to_grave | {"x-queue-type": "quorum", "x-delivery-limit": 1, "x-expires": 500},
            ),
        ),
        *publish(3, name, b"1", expiration="0", headers=died),
        *publish(3, name, b"2", headers=died, content_type="text/plain"),
        *publish(3, quorum, b"3", headers=died, expiration="10"),
        *publish(3, quorum, b"4", delivery_mode=2, user_id="guest"),
        *call(3, spec.Basic.Get(queue=quorum), spec.Basic.Nack(1, requeue=True)),
        *call(3, spec.Basic.Get(queue=quorum), spec.Basic.Reject(2, requeue=False)),
        PAUSE,
        *call(
            3,
            spec.Basic.Get(queue=grave),
            spec.Basic.Get(queue=grave),
            spec.Queue.Declare(queue=grave, passive=True),
        ),
        *call(3, spec.Queue.Delete(queue=quorum)),
    ]


def two_channels(name):
    """Consumers on two channels, one of them under auto-ack; frames of the two between each other."""
    return [
        *call(1, spec.Channel.Open(), spec.Queue.Declare(queue=name, exclusive=True)),
        *call(2047, spec.Channel.Open(), spec.Channel.Flow(active=True)),
        *call(1, spec.Basic.Qos(0, 1, global_qos=True), spec.Basic.Consume(queue=name, consumer_tag="a")),
        *call(2047, spec.Basic.Consume(queue=name, consumer_tag="b", no_ack=True)),
        Heartbeat().marshal(),
        *publish(1, name, b"1" * 4_088),
        *publish(2047, name, b"2" * 4_089),
        PAUSE,
        *call(1, spec.Basic.Ack(1), spec.Channel.Close(200, "", 0, 0)),
        *publish(2047, name, b"3", app_id="me", cluster_id="here"),
        *call(2047, spec.Basic.Cancel("b", nowait=True), spec.Queue.Delete(queue=name)),
    ]


CONVERSATIONS = (work_queue, exchanges, dead_letters, two_channels)
