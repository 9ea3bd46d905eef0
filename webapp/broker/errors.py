"""AMQP's two kinds of no: one closes the channel, the other the whole connection. Texts are RabbitMQ 3.10's."""

from __future__ import annotations

import struct

from pika import spec

# The reply codes and their names, from pika's list of constants.
NAMES = {code: name for name, code in vars(spec).items() if isinstance(code, int) and 300 <= code < 600}
TEXT_MAX = 255  # bytes


class AmqpError(Exception):
    """An AMQP reply code and what went wrong; `reply_text` is what goes over the wire."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        text = f"{NAMES[code]} - {detail}"
        if len(data := text.encode()) > TEXT_MAX:
            text = data[: TEXT_MAX - 3].decode(errors="ignore") + "..."
        self.reply_text = text


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


def not_default(*exchanges: str) -> None:
    """Raises ChannelError 403 where one of these is the default exchange."""
    if "" in exchanges:
        raise ChannelError(403, "operation not permitted on the default exchange")


def not_implemented(what: str) -> ConnectionError_:
    return ConnectionError_(540, what)


def left_out(what: str) -> ConnectionError_:
    return not_implemented(f"{what} not part of this broker")


def frame_error(raw: bytes, frame_max: int) -> ConnectionError_:
    """What is wrong with bytes that are no frame. An end marker missed, a frame too large or of an unknown type."""
    if len(raw) < 8:
        return ConnectionError_(501, "cannot decode frame")
    kind, _, size = struct.unpack_from(">BHI", raw)
    if size > frame_max:
        return ConnectionError_(
            501, f"type {kind}, all octets = <<>>: {{frame_too_large,{size},{frame_max - 8}}}"
        )
    marker = raw[7 + size : 8 + size]
    whole = marker in (b"", b"\xce")
    reason = "unknown_frame" if whole else f"{{invalid_frame_end_marker,{marker[0]}}}"
    return ConnectionError_(501, f"{_shown(kind, raw[7 : 7 + size])}: {reason}")


def cannot_decode(data: bytes) -> ConnectionError_:
    return ConnectionError_(501, f"cannot decode <<{','.join(map(str, data))}>>")


def no_method() -> ConnectionError_:
    return ConnectionError_(505, "expected method frame, got non method frame instead")


def unexpected_frame(raw: bytes) -> ConnectionError_:
    """A frame that has no business on its channel."""
    return ConnectionError_(505, _shown(raw[0], raw[7:-1]))


def _shown(kind: int, payload: bytes) -> str:
    """A frame as RabbitMQ shows it."""
    octets = ",".join(map(str, payload[:16]))
    if payload and all(32 <= byte < 127 for byte in payload[:16]):
        octets = f'"{payload[:16].decode()}"'
    which = "all octets" if len(payload) <= 16 else "first 16 octets"
    return f"type {kind}, {which} = <<{octets}>>"
