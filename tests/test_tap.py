"""The tap between two plain sockets: what goes in comes out, and every end is told."""

import asyncio
import contextlib
import random

import pika.frame
import pytest
from pika import BasicProperties, spec

from webapp import events as ev
from webapp.engine.journal import Journal
from webapp.engine.tap import Address, PortTaken, Tap

DEADLINE = 30


class Scene:
    """A tap with a broker of plain sockets behind it: `accepted` gives the broker's side of each connection."""

    def __init__(self):
        self.lines = bytearray()
        self.events = []
        self.accepted = asyncio.Queue()
        self.writers = []
        self.journal = Journal(self.lines.extend)
        self.journal.on_event.append(self.events.append)
        self.tap = Tap(self.journal, lambda: Address("127.0.0.1", self.port))

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        await self.tap.listen("127.0.0.1", 0)
        return self

    async def __aexit__(self, *_):
        for writer in self.writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        while self.tap.links:
            await asyncio.sleep(0.001)
        await self.tap.close()
        self.server.close()

    def _accept(self, reader, writer):
        self.writers.append(writer)
        self.accepted.put_nowait((reader, writer))

    async def connect(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.tap.port)
        self.writers.append(writer)
        return reader, writer

    async def client(self):
        return await self.connect(), await self.accepted.get()

    async def told(self, kind):
        while not any(type(event) is kind for event in self.events):
            await asyncio.sleep(0.001)
        return next(event for event in self.events if type(event) is kind)


def scene(test):
    """Runs an async test with a Scene and a deadline."""

    def run():
        async def go():
            async with asyncio.timeout(DEADLINE), Scene() as it:
                await test(it)

        asyncio.run(go())

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run


def frames(*frames_):
    return b"".join(frame.marshal() for frame in frames_)


OPENING = b"AMQP\x00\x00\x09\x01" + frames(
    pika.frame.Method(0, spec.Connection.StartOk(client_properties={"connection_name": "c"}, response="x")),
    pika.frame.Method(0, spec.Connection.TuneOk(0, 131072, 60)),
    pika.frame.Method(0, spec.Connection.Open()),
)
OPENED = frames(pika.frame.Method(0, spec.Connection.OpenOk()))


async def open_connection(scene):
    client, broker = await scene.client()
    client[1].write(OPENING)
    assert await broker[0].readexactly(len(OPENING)) == OPENING
    broker[1].write(OPENED)
    assert await client[0].readexactly(len(OPENED)) == OPENED
    await scene.told(ev.ConnectionOpened)
    return client, broker


async def hung_up(reader):
    """Reads to the end of the stream, however it ends."""
    with contextlib.suppress(ConnectionError):
        await reader.read()
    return True


@scene
async def test_both_directions_pass_byte_for_byte_however_they_are_cut(scene):
    client, broker = await open_connection(scene)
    dice = random.Random(7)
    up = b"".join(
        frames(
            pika.frame.Method(1, spec.Basic.Publish(exchange="", routing_key="q")),
            pika.frame.Header(1, size, BasicProperties(message_id=str(n))),
            *([pika.frame.Body(1, dice.randbytes(size))] if size else []),
            pika.frame.Heartbeat(),
        )
        for n, size in enumerate(dice.choices([0, 1, 100, 60_000], k=60))
    )
    down = b"".join(
        frames(
            pika.frame.Method(1, spec.Basic.Deliver("c", n, False, "", "q")),
            pika.frame.Header(1, size, BasicProperties()),
            pika.frame.Body(1, dice.randbytes(size)),
        )
        for n, size in enumerate(dice.choices([1, 100, 60_000], k=60))
    )

    async def pour(writer, data):
        at = 0
        while at < len(data):
            step = dice.choice([1, 7, 8, 100, 5_000, 70_000])
            writer.write(data[at : at + step])
            await writer.drain()
            at += step

    _, _, above, below = await asyncio.gather(
        pour(client[1], up),
        pour(broker[1], down),
        broker[0].readexactly(len(up)),
        client[0].readexactly(len(down)),
    )
    assert above == up
    assert below == down


@scene
async def test_what_a_client_says_before_the_broker_accepted_is_not_lost(scene):
    client, broker = await scene.client()
    client[1].write(OPENING[:8])
    client[1].write(OPENING[8:])
    assert await broker[0].readexactly(len(OPENING)) == OPENING


@scene
async def test_garbage_goes_to_the_broker_as_it_is(scene):
    client, broker = await scene.client()
    client[1].write(b"GET / HTTP/1.1\r\n\r\n")
    assert await broker[0].readexactly(18) == b"GET / HTTP/1.1\r\n\r\n"
    broker[1].write(b"AMQP\x00\x00\x09\x01")
    broker[1].close()
    assert await client[0].read() == b"AMQP\x00\x00\x09\x01"


@scene
async def test_half_a_frame_is_handed_on_when_the_client_goes(scene):
    client, broker = await scene.client()
    client[1].write(OPENING + b"\x01\x00\x01")
    client[1].close()
    assert await broker[0].read() == OPENING + b"\x01\x00\x01"


@scene
async def test_a_client_that_hangs_up_is_told_and_the_broker_sees_it(scene):
    client, broker = await open_connection(scene)
    client[1].transport.abort()
    event = await scene.told(ev.ConnectionClosed)
    assert (event.conn, event.by) == (1, "network")
    assert await broker[0].read() == b""
    assert scene.tap.links == {}


@scene
async def test_a_broker_that_goes_is_told_and_the_client_sees_it(scene):
    client, broker = await open_connection(scene)
    broker[1].close()
    event = await scene.told(ev.ConnectionClosed)
    assert event.by == "broker"
    assert await client[0].read() == b""


@scene
async def test_a_cut_ends_both_sides_at_once(scene):
    client, broker = await open_connection(scene)
    assert scene.tap.cut([1, 99]) == 1
    event = await scene.told(ev.ConnectionClosed)
    assert (event.by, event.text) == ("network", "cut")
    assert await client[0].read() == await broker[0].read() == b""
    assert scene.tap.cut([1]) == 0


@scene
async def test_a_client_is_turned_away_while_the_broker_is_away(scene):
    scene.server.close()
    await scene.server.wait_closed()
    reader, writer = await scene.connect()
    writer.write(OPENING)
    assert await hung_up(reader)
    assert scene.events == []


@scene
async def test_a_client_that_does_not_read_slows_the_broker_down_and_memory_stays(scene):
    client, broker = await open_connection(scene)
    client[1].transport.pause_reading()
    body = frames(pika.frame.Body(1, b"x" * 100_000))
    link, sent = scene.tap.links[1], 0
    while link._transports["broker"].is_reading() and sent < 500:
        broker[1].write(body)
        sent += 1
        await asyncio.sleep(0)
    assert sent < 500, "fifty megabytes went nowhere and nobody was slowed down"
    assert link._transports["client"].get_write_buffer_size() < 1_000_000
    client[1].transport.resume_reading()
    assert await client[0].readexactly(sent * len(body)) == body * sent


@scene
async def test_a_slow_reader_of_the_journal_stops_the_clients(scene):
    client, broker = await open_connection(scene)
    scene.journal.back_pressure(True)
    assert not scene.tap.links[1]._transports["client"].is_reading()
    scene.journal.back_pressure(False)
    client[1].write(frames(pika.frame.Heartbeat()))
    assert await broker[0].readexactly(8) == frames(pika.frame.Heartbeat())


@scene
async def test_a_taken_port_gives_way_to_the_next_free_one(scene):
    other = Tap(scene.journal, lambda: Address("127.0.0.1", scene.port))
    await other.listen("127.0.0.1", scene.tap.port)
    assert other.port > scene.tap.port
    await other.close()


@scene
async def test_a_host_that_is_not_ours_is_refused_with_a_word(scene):
    other = Tap(scene.journal, lambda: Address("127.0.0.1", scene.port))
    with pytest.raises(PortTaken, match=r"203\.0\.113\.1"):
        await other.listen("203.0.113.1", 5672)
