"""One client's connection: handshake, heartbeats, channels, and the close of either.

    socket ──bytes──► Splitter ──frames──► Session ──► Channel ──► VHost
           ◄── one write a turn of the loop ── send, write

Source: AMQP 0-9-1, 2.2.4 (connection) and 4.2 (framing); close texts as RabbitMQ 3.10's.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import pika.frame
from pika import spec

from webapp.broker import errors
from webapp.broker.channel import Channel, frame_of
from webapp.broker.errors import AmqpError, ChannelError, ConnectionError_
from webapp.broker.login import PROPERTIES, allowed
from webapp.broker.vhost import VHost
from webapp.engine import wire
from webapp.engine.codec import UNREADABLE

CHANNEL_MAX = 2047
FRAME_MIN = 4096
HANDSHAKE_TIMEOUT = 10.0  # seconds, RabbitMQ's handshake_timeout
CLOSE_TIMEOUT = 5.0  # seconds a client has to answer connection.close, and to read what is left for it
FLUSH_AT = 64 * 1024  # bytes
UNREAD_MAX = 4 * 1024 * 1024  # bytes a client may leave unread before it is not read either
# Bytes of payload that make a frame one of its kind.
SIZES = {
    wire.METHOD: range(4, 2**32),
    wire.HEADER: range(12, 2**32),
    wire.BODY: range(2**32),
    wire.HEARTBEAT: range(1),
}
TICK = 1.0  # seconds between two looks for overdue acks
MEMORY = "low on memory"  # RabbitMQ's word for why a publisher is blocked
HEARTBEAT_FRAME = pika.frame.Heartbeat().marshal()


class Misfit(Exception):
    """Breaks the handshake: RabbitMQ hangs up without a word."""


class Session(asyncio.Protocol):
    """A connection. `heartbeat` and `ack_timeout` are in seconds, 0 is off."""

    def __init__(self, vhost: VHost, heartbeat: int, ack_timeout: float) -> None:
        self.vhost = vhost
        self.frame_max = wire.FRAME_MAX
        self._channel_max = CHANNEL_MAX
        self.paused = False
        self._offered_heartbeat = heartbeat
        self.ack_timeout = ack_timeout or math.inf
        self._channels: dict[int, Channel] = {}
        self._splitter = wire.Splitter(wire.FRAME_MAX + wire.OVERHEAD)
        self._expect: Callable[[wire.Frame], None] = self._greeting
        self._out: list[bytes] = []
        self._out_size = 0
        self._flushing = False
        self._to_confirm: dict[Channel, None] = {}
        self._heard = self._said = False
        self._silent = 0
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._over = False
        self._deaf: set[str] = set()  # why nothing is read now
        self._method = 0  # number of the one being carried out
        self._capabilities: dict[str, Any] = {}

    # -- the socket ---------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._after(HANDSHAKE_TIMEOUT, self._drop)

    def data_received(self, data: bytes) -> None:
        self._heard = True
        for frame in self._splitter.feed(data):
            if self._over:
                return
            self._method = 0
            try:
                self._expect(frame)
            except Misfit:
                self._drop()
            except AmqpError as error:
                self._close(error)

    def connection_lost(self, _: Exception | None) -> None:
        self._over = True
        self._cancel_timers()
        self.vhost.memory.waiting.discard(self._room)
        self._end()

    def pause_writing(self) -> None:
        self.paused = True
        for channel in list(self._channels.values()):
            channel.pause(True)

    def resume_writing(self) -> None:
        self.paused = False
        self._deafen("it does not read", False)
        for channel in list(self._channels.values()):
            channel.pause(False)

    def _room(self) -> None:
        """The alarm is over: publishers are read again."""
        if MEMORY in self._deaf and not self._over:
            self._deafen(MEMORY, False)
            if self.hears("connection.blocked"):
                self.send(0, spec.Connection.Unblocked())

    def _wait_for_room(self) -> None:
        """While the alarm lasts, whoever publishes is not read any more; who only consumes goes on, and makes room."""
        if MEMORY not in self._deaf:
            self._deafen(MEMORY, True)
            self.vhost.memory.waiting.add(self._room)
            if self.hears("connection.blocked"):
                self.send(0, spec.Connection.Blocked(MEMORY))

    def _deafen(self, why: str, deaf: bool) -> None:
        (self._deaf.add if deaf else self._deaf.discard)(why)
        if self._deaf:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def hears(self, capability: str) -> bool:
        """Whether the client has said that it knows this extension."""
        return bool(self._capabilities.get(capability))

    def send(self, channel: int, method: Any) -> None:
        """Sends a method, with whatever else this turn of the loop brings."""
        self.write(frame_of(channel, method))

    def write(self, data: bytes) -> None:
        """Sends bytes, with whatever else this turn of the loop brings."""
        self._out.append(data)
        self._out_size += len(data)
        if self._out_size > FLUSH_AT:  # so that the transport can say early that it has enough
            self._flush()
        else:
            self._plan_flush()

    def confirm(self, channel: Channel) -> None:
        """Confirms what the channel has published, with the next flush: by then it is stored."""
        self._to_confirm[channel] = None
        self._plan_flush()

    def _plan_flush(self) -> None:
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self.vhost.store.commit()  # what a client has seen survives a kill
        self._flushing = False
        for channel in self._to_confirm:
            if self._channels.get(channel.number) is channel and not channel.closing:
                self._out.append(channel.confirmation())
        self._to_confirm.clear()
        out, self._out, self._out_size = self._out, [], 0
        if out and not self._transport.is_closing():
            self._said = True
            self._transport.write(b"".join(out))
            if self._transport.get_write_buffer_size() > UNREAD_MAX:
                self._deafen("it does not read", True)

    # -- handshake ----------------------------------------------------------------------------------------------

    def _greeting(self, frame: wire.Frame) -> None:
        if frame.kind != wire.PROTOCOL or frame.raw[4:] != b"\x00\x00\x09\x01":
            self._transport.write(b"AMQP\x00\x00\x09\x01")
            self._drop()
            return
        self._expect = self._start_ok
        self.send(0, spec.Connection.Start(0, 9, PROPERTIES, "PLAIN", "en_US"))

    def _start_ok(self, frame: wire.Frame) -> None:
        method = self._handshake_method(frame, spec.Connection.StartOk)
        if method.mechanism != "PLAIN":
            raise Misfit
        capabilities = method.client_properties.get("capabilities")
        self._capabilities = capabilities if isinstance(capabilities, dict) else {}
        if not allowed(method.response, self._transport.get_extra_info("sockname")[0]):
            if not self.hears("authentication_failure_close"):
                raise Misfit
            self._method = 0
            words = (
                "Login was refused using authentication mechanism PLAIN. For details see the broker logfile."
            )
            raise ConnectionError_(403, words)
        self._expect = self._tune_ok
        self.send(0, spec.Connection.Tune(CHANNEL_MAX, wire.FRAME_MAX, self._offered_heartbeat))

    def _tune_ok(self, frame: wire.Frame) -> None:
        method = self._handshake_method(frame, spec.Connection.TuneOk)
        if not (FRAME_MIN <= method.frame_max <= wire.FRAME_MAX and 0 < method.channel_max <= CHANNEL_MAX):
            raise Misfit
        self.frame_max = method.frame_max
        self._channel_max = method.channel_max
        self._splitter.limit = self.frame_max + wire.OVERHEAD  # RabbitMQ allows for as much
        self._expect = self._open
        if method.heartbeat:
            self._after(method.heartbeat / 2, self._beat, method.heartbeat / 2)
            self._after(method.heartbeat, self._listen, method.heartbeat)

    def _open(self, frame: wire.Frame) -> None:
        if frame.kind == wire.HEARTBEAT:
            return
        method = self._handshake_method(frame, spec.Connection.Open)
        if method.virtual_host != "/":
            raise ConnectionError_(530, f"vhost {method.virtual_host} not found")
        self._timers["_drop"].cancel()
        self._expect = self._running
        self._after(TICK, self._look_for_overdue)
        self.send(0, spec.Connection.OpenOk())

    def _handshake_method(self, frame: wire.Frame, kind: type) -> Any:
        if frame.kind != wire.METHOD or frame.method_id != kind.INDEX:  # type: ignore[attr-defined]
            raise Misfit
        return self._decoded(frame)

    # -- running ------------------------------------------------------------------------------------------------

    def _running(self, frame: wire.Frame) -> None:
        kind, size = frame.kind, len(frame.raw) - wire.OVERHEAD
        if kind == wire.HEARTBEAT and not size and not frame.channel:
            return
        if kind not in SIZES or size not in SIZES[kind]:
            raise errors.frame_error(frame.raw, self.frame_max)
        if kind == wire.HEARTBEAT or (kind != wire.METHOD and not frame.channel):
            raise errors.unexpected_frame(frame.raw)
        if frame.channel == 0:
            self._connection_method(frame)
            return
        channel = self._channels.get(frame.channel)
        method = self._decoded(frame) if kind == wire.METHOD else None
        if channel is None:
            self._open_channel(frame.channel, method)
        elif channel.closing:
            if isinstance(method, spec.Channel.CloseOk):
                del self._channels[frame.channel]
            elif isinstance(method, spec.Channel.Close):
                self.send(frame.channel, spec.Channel.CloseOk())
            elif isinstance(method, spec.Channel.Open):
                channel.method(method)  # it is open still
        else:
            if channel.incoming:
                self._method = channel.incoming.method.INDEX
            try:
                if method is not None:
                    channel.method(method)
                else:
                    channel.content(frame)
            except ChannelError as error:
                self._refuse(channel, error)
            if method is None and self.vhost.memory.full:
                self._wait_for_room()

    def _decoded(self, frame: wire.Frame) -> Any:
        number = frame.method_id
        if number not in spec.methods:
            raise ConnectionError_(540, f"method {number >> 16}.{number & 0xFFFF} is not known")
        self._method = number
        try:
            method = spec.methods[number]().decode(frame.raw, 11)
        except UNREADABLE as error:
            raise errors.cannot_decode(frame.raw[11:-1]) from error
        if any(isinstance(each, bytes) for name, each in vars(method).items() if name != "response"):
            raise ConnectionError_(502, "a name has to be UTF-8")
        return method

    def _open_channel(self, number: int, method: Any) -> None:
        if method is None:
            raise errors.no_method()
        if not isinstance(method, spec.Channel.Open):
            raise ConnectionError_(504, "expected 'channel.open'")
        count, most = len(self._channels), self._channel_max
        if count >= most:
            self._method = 0
            words = f"number of channels opened ({count}) has reached the negotiated channel_max ({most})"
            raise ConnectionError_(530, words)
        self._channels[number] = Channel(self, number)
        self.send(number, spec.Channel.OpenOk())

    def _connection_method(self, frame: wire.Frame) -> None:
        if frame.method_id == spec.Connection.Close.INDEX:
            self._end()
            self.send(0, spec.Connection.CloseOk())
            self._drop()
            return
        if frame.method_id in spec.methods:
            self._method = frame.method_id
        raise ConnectionError_(504, "unexpected method in connection state running")

    # -- ends ---------------------------------------------------------------------------------------------------

    def close_channel(self, channel: Channel) -> None:
        """As the client asks: what it held goes back to its queues."""
        del self._channels[channel.number]
        self.vhost.give_back(channel.end())

    def _refuse(self, channel: Channel, error: ChannelError) -> None:
        """An error that costs the channel."""
        channel.closing = True
        self.send(channel.number, self._says(spec.Channel.Close, error))
        self.vhost.give_back(channel.end())

    def _close(self, error: AmqpError) -> None:
        """An error that costs the connection."""
        self._end()
        self.send(0, self._says(spec.Connection.Close, error))
        self._expect = self._closing
        self._after(CLOSE_TIMEOUT, self._drop)

    def _says(self, close: Any, error: AmqpError) -> Any:
        """channel.close or connection.close, with the method that is to blame."""
        return close(error.code, error.reply_text, *divmod(self._method, 1 << 16))

    def _closing(self, frame: wire.Frame) -> None:
        """After our connection.close everything but its answer is ignored."""
        if frame.method_id in (spec.Connection.CloseOk.INDEX, spec.Connection.Close.INDEX):
            self._drop()

    def _drop(self) -> None:
        """Sends what is left and closes the socket."""
        self._over = True
        self._cancel_timers()
        self._flush()
        self._transport.close()
        self._after(CLOSE_TIMEOUT, self._transport.abort)

    def _end(self) -> None:
        """Everything the connection had goes back: first all consumers leave, then what they held is delivered on."""
        channels, self._channels = self._channels, {}
        held = [delivery for channel in channels.values() for delivery in channel.end()]
        self.vhost.give_back(held)
        self.vhost.session_ended(self)

    def _after(self, seconds: float, then: Callable[..., None], *arguments: object) -> None:
        """Runs `then` later, unless the connection is over by then; one of a kind is planned at a time."""
        if planned := self._timers.get(then.__name__):
            planned.cancel()
        self._timers[then.__name__] = self._loop.call_later(seconds, then, *arguments)

    def _cancel_timers(self) -> None:
        for timer in self._timers.values():
            timer.cancel()

    # -- time ---------------------------------------------------------------------------------------------------

    def _beat(self, every: float) -> None:
        """A heartbeat where nothing else was said for half the interval."""
        if not self._said:
            self._transport.write(HEARTBEAT_FRAME)
        self._said = False
        self._after(every, self._beat, every)

    def _listen(self, every: float) -> None:
        """As RabbitMQ does it: looks once an interval, and gives up at the second silent look in a row."""
        self._silent = 0 if self._heard or MEMORY in self._deaf else self._silent + 1
        self._heard = False
        if self._silent > 1:
            self._transport.abort()
        else:
            self._after(every, self._listen, every)

    def _look_for_overdue(self) -> None:
        """The delivery acknowledgement timeout: no ack in time costs the channel."""
        self._method = 0
        for channel in list(self._channels.values()):
            if not channel.closing and (late := channel.overdue()):
                text = (
                    f"delivery acknowledgement on channel {channel.number} timed out. "
                    f"Timeout value used: {round(late.allowed * 1000)} ms. "
                    "This timeout value can be configured, see consumers doc guide to learn more"
                )
                self._refuse(channel, ChannelError(406, text))
        self._after(TICK, self._look_for_overdue)
