"""AMQP's two kinds of no: one closes the channel, the other the whole connection. Texts are RabbitMQ 3.10's."""

from __future__ import annotations

NAMES = {
    311: "CONTENT_TOO_LARGE",
    403: "ACCESS_REFUSED",
    404: "NOT_FOUND",
    405: "RESOURCE_LOCKED",
    406: "PRECONDITION_FAILED",
    501: "FRAME_ERROR",
    502: "SYNTAX_ERROR",
    503: "COMMAND_INVALID",
    504: "CHANNEL_ERROR",
    505: "UNEXPECTED_FRAME",
    530: "NOT_ALLOWED",
    540: "NOT_IMPLEMENTED",
    541: "INTERNAL_ERROR",
}


class AmqpError(Exception):
    """An AMQP reply code and what went wrong; `reply_text` is what goes over the wire."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.reply_text = f"{NAMES[code]} - {detail}"


class ChannelError(AmqpError):
    """Closes the channel it happened on."""


class ConnectionError_(AmqpError):
    """Closes the connection it happened on."""


def not_found(what: str, name: str) -> ChannelError:
    return ChannelError(404, f"no {what} '{name}' in vhost '/'")


def locked(queue: str) -> ChannelError:
    return ChannelError(
        405,
        f"cannot obtain exclusive access to locked queue '{queue}' in vhost '/'. It could be originally declared on "
        "another connection or the exclusive property value does not match that of the original declaration.",
    )


def not_implemented(what: str) -> ConnectionError_:
    return ConnectionError_(540, what)
