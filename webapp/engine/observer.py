"""Frames of one connection to events. Pure: no sockets, no clock; must not import anything that has them.

    client ──frame──► Observer.sees("client") ──bytes to forward──► broker
    client ◄──bytes to forward── Observer.sees("broker") ◄──frame── broker
                              │
                              └── drain() ──► events, in the order in which the frames went by

What goes through is what came in, with one exception: a publish without a message_id is given one, because nothing else joins a
publish to its deliveries. A method that cannot be decoded, or that we do not know, passes unseen.

Two tables say what is understood: CLIENT and BROKER, from method number to handler. A request's facts become an event when the
broker's answer goes by, never before: a declare that was refused did not happen. What they are is in grants.py; what a whole message
means, in contents.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from pika import spec

from webapp import events as ev
from webapp.engine import wire
from webapp.engine.channels import Channel, Content, Side, take
from webapp.engine.codec import UNREADABLE
from webapp.engine.contents import CONTENTS
from webapp.engine.grants import GRANTS, recover

NAME_MAX = 200  # characters of a name a client gives itself


class Observer:
    """Watches one connection. `conn` is its number, `peer` the client's address, `new_id` makes a message_id."""

    def __init__(self, conn: int, peer: str, new_id: Callable[[], str]) -> None:
        self.conn = conn
        self.peer = peer
        self.name = ""
        self.frame_max = wire.FRAME_MAX  # bytes; what connection.tune-ok settled
        self._product = ""
        self._heartbeat = 0
        self._new_id = new_id
        self._channels: dict[int, Channel] = {}
        self._deaf: set[int] = set()  # channels that the broker has closed, until the client has heard of it
        self._events: list[ev.Event] = []
        self._open = False
        self._over = False
        self._closing: tuple[int, str] | None = None

    # -- the face -----------------------------------------------------------------------------------------------

    def sees(self, side: Side, frame: wire.Frame) -> bytes:
        """Takes note of a frame that `side` sent; returns the bytes to hand on in its place."""
        kind = frame.kind
        if self._over or kind == wire.HEARTBEAT or kind == wire.GARBAGE:
            return frame.raw
        if kind == wire.METHOD:
            self._method(side, frame)
        elif kind == wire.HEADER:
            return self._header(side, frame)
        elif kind == wire.BODY:
            self._body(side, frame)
        return frame.raw

    def ended(self, by: Literal["broker", "network"], text: str = "", quiet: float = 0.0) -> None:
        """The sockets are gone. Says so once, unless a connection.close was seen before and said it already. `quiet`: for so many
        seconds the broker had heard nothing from the client."""
        if self._closing and not self._over:
            code, text = self._closing
            self._close("client", code, text)
        self._close(by, 0, text, round(quiet, 3) if by == "broker" else 0.0)

    def task_of(self, channel: int, tag: int) -> str:
        """The task of an unacked delivery; empty where there is no such delivery."""
        known = self._channels.get(channel)
        return known.unacked.get(tag, "") if known else ""

    def drain(self) -> list[ev.Event]:
        """The events since the last call."""
        events, self._events = self._events, []
        return events

    @property
    def open(self) -> bool:
        """True between connection.open-ok and the end."""
        return self._open and not self._over

    # -- frames -------------------------------------------------------------------------------------------------

    def _method(self, side: Side, frame: wire.Frame) -> None:
        number = frame.method_id
        handler = (CLIENT if side == "client" else BROKER).get(number)
        if handler is None:
            return
        try:
            method = spec.methods[number]().decode(frame.raw, 11)
        except UNREADABLE:
            return  # malformed: the other side will say so
        for name, value in vars(method).items():
            if isinstance(value, bytes):  # pika's way of giving a short string that is not UTF-8
                setattr(method, name, wire.text(value))
        if frame.channel in self._deaf and not isinstance(method, spec.Channel.CloseOk):
            return  # the broker has closed this channel and reads nothing of it until close-ok
        channel = self._channels.get(frame.channel)
        if channel is None or isinstance(method, spec.Channel.Open):
            channel = Channel(frame.channel)
            if frame.channel and self._open:
                self._channels[frame.channel] = channel
        handler(self, channel, method)

    def _header(self, side: Side, frame: wire.Frame) -> bytes:
        channel = self._channels.get(frame.channel)
        content = channel.contents[side] if channel else None
        header = wire.read_header(frame.raw) if content else None
        if channel is None or content is None or header is None:
            return frame.raw
        raw = frame.raw
        if header.message_id is not None:
            content.task = header.message_id
        elif side == "client":
            task = self._new_id()
            spliced = wire.with_message_id(raw, header, task)
            if len(spliced) <= self.frame_max:
                content.task, raw = task, spliced
        content.header = header
        content.missing = header.body_size
        if not content.missing:
            self._complete(side, channel, content)
        return raw

    def _body(self, side: Side, frame: wire.Frame) -> None:
        channel = self._channels.get(frame.channel)
        content = channel.contents[side] if channel else None
        if channel is None or content is None or content.header is None:
            return
        if len(content.body) < ev.PREVIEW * 4:
            content.body += frame.raw[7 : min(len(frame.raw) - 1, 7 + ev.PREVIEW * 4)]
        if content.header.body_size > ev.PREVIEW:
            content.dots += frame.raw.count(b".", 7, len(frame.raw) - 1)
        content.missing -= len(frame.raw) - wire.OVERHEAD
        if content.missing <= 0:
            self._complete(side, channel, content)

    def _complete(self, side: Side, channel: Channel, content: Content) -> None:
        channel.contents[side] = None
        event = CONTENTS[type(content.method)](self.conn, channel, content)
        if event:
            self._events.append(event)

    # -- methods from the client --------------------------------------------------------------------------------

    def _start_ok(self, _: Channel, method: Any) -> None:
        properties = method.client_properties or {}
        self.name = _name(properties.get("connection_name"))
        version = properties.get("version") or properties.get("product_version")  # py-amqp's word for it
        product = (_name(properties.get("product")), _name(version))
        self._product = " ".join(part for part in product if part)

    def _tune_ok(self, _: Channel, method: Any) -> None:
        self.frame_max = min(method.frame_max or wire.FRAME_MAX_CEILING, wire.FRAME_MAX_CEILING)
        self._heartbeat = method.heartbeat

    def _client_closes(self, _: Channel, method: Any) -> None:
        self._closing = (method.reply_code, method.reply_text)

    def _client_close_ok(self, _: Channel, __: Any) -> None:
        """The answer to the broker's connection.close, which has been told already."""

    def _client_closes_channel(self, channel: Channel, method: Any) -> None:
        channel.closing = method

    def _request(self, channel: Channel, method: Any) -> None:
        answer, grant = GRANTS[type(method)]
        if getattr(method, "nowait", False):
            self._events.extend(grant(self.conn, channel, method, None))
        else:
            channel.requests.append((answer, method))

    def _recover_async(self, channel: Channel, method: Any) -> None:
        """It has no answer, so nobody waits for one."""
        self._events.extend(recover(self.conn, channel, method, None))

    def _get(self, channel: Channel, method: Any) -> None:
        channel.gets.append(method)

    def _content(self, channel: Channel, method: Any) -> None:
        side: Side = "client" if isinstance(method, spec.Basic.Publish) else "broker"
        channel.contents[side] = Content(method)

    def _confirm_select(self, channel: Channel, _: Any) -> None:
        if channel.publish_seq is None:
            channel.publish_seq = 0

    def _ack(self, channel: Channel, method: Any) -> None:
        for tag, task in take(channel.unacked, method.delivery_tag, method.multiple):
            self._events.append(ev.Acked(conn=self.conn, channel=channel.number, tag=tag, task=task))

    def _nack(self, channel: Channel, method: Any) -> None:
        for tag, task in take(channel.unacked, method.delivery_tag, method.multiple):
            self._events.append(
                ev.Nacked(
                    conn=self.conn, channel=channel.number, tag=tag, task=task, requeue=bool(method.requeue)
                )
            )

    def _reject(self, channel: Channel, method: Any) -> None:
        for tag, task in take(channel.unacked, method.delivery_tag, False):
            self._events.append(
                ev.Rejected(
                    conn=self.conn, channel=channel.number, tag=tag, task=task, requeue=bool(method.requeue)
                )
            )

    # -- methods from the broker --------------------------------------------------------------------------------

    def _open_ok(self, _: Channel, __: Any) -> None:
        self._open = True
        self._events.append(
            ev.ConnectionOpened(
                conn=self.conn,
                name=self.name,
                product=self._product,
                peer=self.peer,
                heartbeat=self._heartbeat,
            )
        )

    def _broker_closes(self, _: Channel, method: Any) -> None:
        self._close("broker", method.reply_code, method.reply_text)

    def _broker_close_ok(self, _: Channel, __: Any) -> None:
        code, text = self._closing or (200, "")
        self._close("client", code, text)

    def _broker_closes_channel(self, channel: Channel, method: Any) -> None:
        self._close_channel(channel, "broker", method)
        self._deaf.add(channel.number)

    def _client_has_heard(self, channel: Channel, _: Any) -> None:
        self._deaf.discard(channel.number)
        self._channels.pop(channel.number, None)

    def _channel_close_ok(self, channel: Channel, _: Any) -> None:
        if channel.closing is not None:
            self._close_channel(channel, "client", channel.closing)

    def _broker_cancels(self, channel: Channel, method: Any) -> None:
        channel.cancelled(method.consumer_tag, heard=True)
        self._events.append(
            ev.ConsumerCancelled(
                conn=self.conn, channel=channel.number, consumer=method.consumer_tag, by="broker"
            )
        )

    def _get_empty(self, channel: Channel, _: Any) -> None:
        if channel.gets:
            channel.gets.popleft()

    def _confirm(self, channel: Channel, method: Any) -> None:
        ok = not isinstance(method, spec.Basic.Nack)
        for _, task in take(channel.unconfirmed, method.delivery_tag, method.multiple):
            if task:
                self._events.append(ev.Confirmed(conn=self.conn, channel=channel.number, task=task, ok=ok))

    def _answer(self, channel: Channel, method: Any) -> None:
        request = channel.answered(method.INDEX)
        if request is not None:
            self._events.extend(GRANTS[type(request)][1](self.conn, channel, request, method))

    # -- ends ---------------------------------------------------------------------------------------------------

    def _close_channel(self, channel: Channel, by: str, method: Any) -> None:
        if self._channels.pop(channel.number, None) is not None:
            self._events.append(
                ev.ChannelClosed(
                    conn=self.conn,
                    channel=channel.number,
                    by=by,
                    code=method.reply_code,
                    text=method.reply_text,
                )
            )

    def _close(self, by: str, code: int, text: str, quiet: float = 0.0) -> None:
        if self._open and not self._over:
            self._events.append(ev.ConnectionClosed(conn=self.conn, by=by, code=code, text=text, quiet=quiet))
        self._over = True
        self._channels.clear()


def _name(value: Any) -> str:
    """A name that a client gave: text of bounded length on one line."""
    if isinstance(value, bytes):
        value = wire.text(value)
    return " ".join(value.split())[:NAME_MAX] if isinstance(value, str) else ""


Handler: TypeAlias = Callable[[Observer, Channel, Any], None]

CLIENT: dict[int, Handler] = {
    spec.Connection.StartOk.INDEX: Observer._start_ok,
    spec.Connection.TuneOk.INDEX: Observer._tune_ok,
    spec.Connection.Close.INDEX: Observer._client_closes,
    spec.Connection.CloseOk.INDEX: Observer._client_close_ok,
    spec.Channel.Open.INDEX: lambda *_: None,  # makes the channel known
    spec.Channel.Close.INDEX: Observer._client_closes_channel,
    spec.Channel.CloseOk.INDEX: Observer._client_has_heard,
    spec.Exchange.Declare.INDEX: Observer._request,
    spec.Queue.Declare.INDEX: Observer._request,
    spec.Queue.Bind.INDEX: Observer._request,
    spec.Queue.Unbind.INDEX: Observer._request,
    spec.Queue.Purge.INDEX: Observer._request,
    spec.Queue.Delete.INDEX: Observer._request,
    spec.Basic.Qos.INDEX: Observer._request,
    spec.Basic.Consume.INDEX: Observer._request,
    spec.Basic.Cancel.INDEX: Observer._request,
    spec.Basic.Recover.INDEX: Observer._request,
    spec.Basic.RecoverAsync.INDEX: Observer._recover_async,
    spec.Basic.Get.INDEX: Observer._get,
    spec.Basic.Publish.INDEX: Observer._content,
    spec.Basic.Ack.INDEX: Observer._ack,
    spec.Basic.Nack.INDEX: Observer._nack,
    spec.Basic.Reject.INDEX: Observer._reject,
    spec.Confirm.Select.INDEX: Observer._confirm_select,
}

BROKER: dict[int, Handler] = {
    spec.Connection.OpenOk.INDEX: Observer._open_ok,
    spec.Connection.Close.INDEX: Observer._broker_closes,
    spec.Connection.CloseOk.INDEX: Observer._broker_close_ok,
    spec.Channel.Close.INDEX: Observer._broker_closes_channel,
    spec.Channel.CloseOk.INDEX: Observer._channel_close_ok,
    spec.Basic.Deliver.INDEX: Observer._content,
    spec.Basic.GetOk.INDEX: Observer._content,
    spec.Basic.GetEmpty.INDEX: Observer._get_empty,
    spec.Basic.Return.INDEX: Observer._content,
    spec.Basic.Cancel.INDEX: Observer._broker_cancels,
    spec.Basic.Ack.INDEX: Observer._confirm,
    spec.Basic.Nack.INDEX: Observer._confirm,
    **{
        answer.INDEX: Observer._answer
        for answer in (
            spec.Exchange.DeclareOk,
            spec.Queue.DeclareOk,
            spec.Queue.BindOk,
            spec.Queue.UnbindOk,
            spec.Queue.PurgeOk,
            spec.Queue.DeleteOk,
            spec.Basic.QosOk,
            spec.Basic.ConsumeOk,
            spec.Basic.CancelOk,
            spec.Basic.RecoverOk,
        )
    },
}
