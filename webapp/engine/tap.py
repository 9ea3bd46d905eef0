"""The tap: a transparent AMQP proxy between every client and the broker.

                 ┌──────────────────────────── Link ────────────────────────────┐
    client ──TCP──► Ear ─► Splitter ─► (faults) ─► Observer.sees ─────► write ──TCP──► broker
    client ◄──TCP── write ◄─ (faults) ◄─ Observer.sees ◄─ Splitter ◄──── Ear ◄──TCP── broker
                                              │
                                              └─ events ─► Journal

It forwards what it sees when it sees it, unless somebody has put a fault on the connection (`faults/`). A client that hangs up is an
event, told before the broker can give its messages to somebody else. Must not know workers, pages or what an event means.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ssl
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from webapp import events as ev
from webapp.engine.channels import Side
from webapp.engine.faults.blackhole import Blackhole
from webapp.engine.faults.line import END, SIDES, Line
from webapp.engine.journal import Journal
from webapp.engine.observer import Observer
from webapp.engine.wire import GARBAGE, OVERHEAD, Frame, Splitter

CONNECT_TIMEOUT = 5.0  # seconds the broker has to accept a connection
GREETING_MAX = 1024 * 1024  # bytes a client may send before the broker has accepted the connection
PORTS_TO_TRY = 20  # from the asked one upwards, before we give up


@dataclass(frozen=True)
class Address:
    """Where the broker listens. `tls` is None for plain TCP."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


class PortTaken(Exception):
    """No port could be bound; the text says which were tried."""


class Link:
    """One client's connection and its twin to the broker. `conn` numbers it; `over` once the broker has nothing to do with it any
    more; `line` holds its faults, None while it has none."""

    def __init__(self, tap: Tap, conn: int, client: asyncio.Transport) -> None:
        peer = client.get_extra_info("peername") or ("?", 0)
        self.conn = conn
        self.over = False
        self.observer = Observer(conn, f"{peer[0]}:{peer[1]}", lambda: uuid.uuid4().hex)
        self.line: Line | None = None
        self._tap = tap
        self._transports: dict[Side, asyncio.Transport | None] = {"client": client, "broker": None}
        self._splitters: dict[Side, Splitter] = {"client": Splitter(), "broker": Splitter()}
        self._deaf: dict[Side, set[str]] = {"client": set(), "broker": set()}  # why a side is not read now
        self._ended: set[Side] = set()
        self._told = time.monotonic()  # when the broker last got something
        self._greeting: list[bytes] = []
        self._greeting_size = 0

    def heard(self, side: Side, data: bytes) -> None:
        """Bytes from `side`: observe them, hand them on to the other; with faults on the line, at the broker's edge of them."""
        if self.over:
            return
        frames = self._splitters[side].feed(data)
        if self.line is None:
            self._forward(side, self._observed(side, frames))
        elif side == "client":
            self.line.send(side, frames)
        else:
            self._observed(side, frames)
            self.line.send(side, frames)

    def gone(self, side: Side, text: str) -> None:
        """The socket of `side` has ended: hand on what is left, say so, end the other."""
        if side in self._ended:
            return
        self._ended.add(side)
        if self.over:
            if side == "client":
                self._forget()
            return
        rest = self._splitters[side].rest()
        frames = [Frame(GARBAGE, 0, rest)] if rest else []
        if side == "broker":
            self._observed(side, frames)
            self._end("broker", text)
            if "client" in self._ended:  # its own end was still under way
                self._forget()
                return
        frames.append(Frame(END, 0, text.encode()))
        if self.line is None:
            self.leaves(side, frames)
        else:
            self.line.send(side, frames)

    def cut(self) -> None:
        """Closes both sockets at once: no AMQP goodbye on either side."""
        if not self.over:
            self._end("network", "cut")
        self._forget()

    def joined(self, broker: asyncio.Transport) -> None:
        """The broker accepted: what the client has said meanwhile goes out."""
        self._transports["broker"] = broker
        if self.over:
            broker.abort()
            return
        if self._deaf["broker"]:
            broker.pause_reading()
        broker.writelines(self._greeting)
        self._greeting.clear()

    def deafen(self, side: Side, why: str, deaf: bool) -> None:
        """Back-pressure: `side` is not read while there is a reason not to."""
        reasons = self._deaf[side]
        was = bool(reasons)
        (reasons.add if deaf else reasons.discard)(why)
        transport = self._transports[side]
        if transport is None or transport.is_closing() or bool(reasons) == was:
            return
        if reasons:
            transport.pause_reading()
        else:
            transport.resume_reading()

    # -- what faults need, see faults.line.Road -----------------------------------------------------------------

    def say(self, event: ev.Event) -> None:
        """Tells an event."""
        self._tap.journal.say(event)

    def leaves(self, side: Side, frames: Sequence[Frame]) -> None:
        """These frames have passed every fault: on with them. The end of a stream ends the other one too."""
        over = bool(frames) and frames[-1].kind == END
        text = frames[-1].raw.decode() if over else ""
        going = frames[:-1] if over else frames
        client = self._transports["client"]
        if side == "broker":
            if client is not None and not client.is_closing():
                self._forward(side, [frame.raw for frame in going])
        elif not self.over:
            self._forward(side, self._observed(side, going))
            if over:
                self._end("network", text)
        if over:
            self.line = None
            for transport in self._transports.values():
                if transport is not None:
                    transport.close()
            self._tap.links.pop(self.conn, None)

    # -- within ---------------------------------------------------------------------------------------------------

    def _observed(self, side: Side, frames: Sequence[Frame]) -> list[bytes]:
        """The bytes to hand on in place of these frames, once the events they make are told."""
        observer = self.observer
        out = [observer.sees(side, frame) for frame in frames]
        self._splitters[side].limit = observer.frame_max + OVERHEAD
        self._tap.journal.say_all(observer.drain())
        return out

    def _end(self, by: Literal["broker", "network"], text: str) -> None:
        """The broker has nothing to do with this connection any more. What faults keep for it goes nowhere."""
        if self.line is not None:
            self.line.discard("client")
            if by == "network" and self.line is not None:
                self.line.discard("broker")
        self.over = True
        self.observer.ended(by, text, quiet=time.monotonic() - self._told)
        self._tap.journal.say_all(self.observer.drain())

    def _forget(self) -> None:
        """Nobody is left on either side."""
        if self.line is not None and self.line.find(Blackhole):
            self.say(ev.Restored(conn=self.conn, gone=True))
        for side in SIDES:
            if self.line is not None:
                self.line.discard(side)
        self.line = None
        for transport in self._transports.values():
            if transport is not None:
                transport.abort()
        self._tap.links.pop(self.conn, None)

    def _forward(self, side: Side, out: list[bytes]) -> None:
        if not out:
            return
        data = b"".join(out) if len(out) > 1 else out[0]
        to = self._transports["broker" if side == "client" else "client"]
        if side == "client":
            self._told = time.monotonic()
        if to is not None:
            to.write(data)
            return
        self._greeting.append(data)
        self._greeting_size += len(data)
        if self._greeting_size > GREETING_MAX:
            self.cut()


class Ear(asyncio.Protocol):
    """One socket of a link: passes on what happens there. `opened` makes or finds the link."""

    def __init__(self, side: Side, opened: Callable[[asyncio.Transport], Link]) -> None:
        self._side: Side = side
        self._other: Side = "broker" if side == "client" else "client"
        self._opened = opened
        self._link: Link | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._link = self._opened(transport)

    def data_received(self, data: bytes) -> None:
        if self._link:
            self._link.heard(self._side, data)

    def eof_received(self) -> None:
        if self._link:
            self._link.gone(self._side, "socket closed")

    def connection_lost(self, exc: Exception | None) -> None:
        if self._link:
            self._link.gone(self._side, _plain(exc) if exc else "socket closed")

    def pause_writing(self) -> None:
        if self._link:
            self._link.deafen(self._other, "the other side is slow", True)

    def resume_writing(self) -> None:
        if self._link:
            self._link.deafen(self._other, "the other side is slow", False)


class Tap:
    """Listens for clients and links each to the broker at `address()`, which may change when the broker restarts."""

    def __init__(self, journal: Journal, address: Callable[[], Address]) -> None:
        self.journal = journal
        self.links: dict[int, Link] = {}
        self.host = ""
        self.port = 0
        self._address = address
        self._server: asyncio.Server | None = None
        self._count = 0
        self._joining: set[asyncio.Task[None]] = set()
        journal.on_full.append(self._reader_is_slow)

    async def listen(self, host: str, port: int) -> None:
        """Listens on `port`, or the next free one; 0 is any free one. Raises PortTaken."""
        loop = asyncio.get_running_loop()
        last = port if port == 0 else min(port + PORTS_TO_TRY, 65535)
        for each in range(port, last + 1):
            try:
                self._server = await loop.create_server(lambda: Ear("client", self._accept), host, each)
            except OSError as error:
                if error.errno in (errno.EADDRINUSE, errno.EACCES):
                    continue
                raise PortTaken(f"cannot listen on {host}:{each}: {_plain(error)}") from error
            self.host, self.port = host, self._server.sockets[0].getsockname()[1]
            return
        raise PortTaken(
            f"no free port for AMQP on {host} from {port} to {last}: choose another with --amqp-port"
        )

    def cut(self, conns: list[int]) -> int:
        """Cuts these connections; returns how many of them were there."""
        links = self.linked(conns)
        for link in links:
            link.cut()
        return len(links)

    def linked(self, conns: list[int]) -> list[Link]:
        """The links of these connections that are still there."""
        return [self.links[conn] for conn in conns if conn in self.links]

    def named(self, name: str) -> list[Link]:
        """The links whose client gave itself this connection_name."""
        return [link for link in self.links.values() if link.observer.name == name]

    async def close(self) -> None:
        """Stops listening and cuts every connection."""
        if self._server:
            self._server.close()
        for task in self._joining:
            task.cancel()
        self.cut(list(self.links))
        await asyncio.gather(*self._joining, return_exceptions=True)
        await asyncio.sleep(0)  # the turn of the loop in which aborted transports let go of their sockets

    def _accept(self, transport: asyncio.Transport) -> Link:
        self._count += 1
        link = self.links[self._count] = Link(self, self._count, transport)
        if self.journal.full:
            for side in SIDES:
                link.deafen(side, "the page is slow", True)
        task = asyncio.get_running_loop().create_task(self._join(link))
        self._joining.add(task)
        task.add_done_callback(self._joining.discard)
        return link

    async def _join(self, link: Link) -> None:
        address = self._address()

        def opened(transport: asyncio.Transport) -> Link:
            link.joined(transport)
            return link

        try:
            await asyncio.wait_for(
                asyncio.get_running_loop().create_connection(
                    lambda: Ear("broker", opened),
                    address.host,
                    address.port,
                    ssl=address.tls,
                    server_hostname=address.host if address.tls else None,
                ),
                CONNECT_TIMEOUT,
            )
        except (OSError, TimeoutError):
            link.cut()  # as if nobody listened here: the client sees its connection refused, a moment late

    def _reader_is_slow(self, slow: bool) -> None:
        """Both sides: a consumer that only listens says nothing, and what it is sent makes events all the same."""
        for link in list(self.links.values()):
            for side in SIDES:
                link.deafen(side, "the page is slow", slow)


def _plain(error: Exception) -> str:
    with contextlib.suppress(AttributeError):
        if error.strerror:  # type: ignore[attr-defined]
            return str(error.strerror).lower()  # type: ignore[attr-defined]
    return str(error) or type(error).__name__
