"""Malformed, truncated and shuffled frames at the embedded broker and at the tap: neither dies, hangs nor grows, and a healthy
client beside never notices. The short ones keep the same seed; the long ones take a new one, told where they fail: FUZZ_SEED repeats it."""

import asyncio
import contextlib
import gc
import json
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pika
import pytest
from pika.exceptions import AMQPError

from tests.engine_process import EngineProcess
from tests.fuzz import FRAME_ROOM, Answers, Mangler
from tests.history import audit
from tests.house import House
from tests.talks import GOODBYE, HANDSHAKE, PAUSE
from webapp import events as ev
from webapp.broker.session import Session
from webapp.engine import wire
from webapp.engine.observer import Observer
from webapp.projection import State, apply

SEED = int(os.environ.get("FUZZ_SEED", "1"))
LONG_SEED = int(os.environ.get("FUZZ_SEED", "0")) or random.SystemRandom().getrandbits(32)
LONG = 100_000  # frames at least
AT_ONCE = 200  # connections
DEADLINE = 30  # seconds for an answer
GROWTH_MAX = 24  # MB that a process may have grown by since it was warm
TALKS = pytest.mark.parametrize("talks", [60, pytest.param(400, marks=pytest.mark.long)])
GIVEN = "given-by-the-tap"  # the message_id of who has none


# -- in one process ------------------------------------------------------


def in_house(folder, talks, between=None):
    async def go():
        house = House(folder)
        frames = 0
        for talk in talks:
            try:
                await house.hears(talk, between and between())
                house.check()
            except Exception as error:
                raise AssertionError(f"after {talk.faults}, seed {SEED}, {talk.frames}") from error
            frames += talk.count(sum(map(len, talk.chunks)))
        house.store.close()
        return frames

    return asyncio.run(go())


@TALKS
def test_the_broker_answers_whatever_it_is_told_and_keeps_nothing_of_it(tmp_path, talks):
    mangler = Mangler(SEED)
    assert in_house(tmp_path, (mangler.talk() for _ in range(talks))) > 10 * talks
    gc.collect()
    assert not [each for each in gc.get_objects() if isinstance(each, Session)]


@TALKS
def test_the_tap_hands_on_what_it_was_given_and_tells_what_adds_up(tmp_path, talks):
    """Byte for byte, but for the message_id that it gives; its events are JSON, and the projection takes them."""
    state, numbers = State(), iter(range(1, 10_000))

    def between():
        observer = Observer(next(numbers), "127.0.0.1:1", lambda: GIVEN)
        splitters = {"client": wire.Splitter(), "broker": wire.Splitter()}

        def pass_on(side, data):
            splitter = splitters[side]
            before = splitter.rest()
            frames = splitter.feed(before + data)
            for frame in frames:
                out = observer.sees(side, frame)
                header = wire.read_header(frame.raw) if frame.kind == wire.HEADER else None
                assert out == frame.raw or out == wire.with_message_id(frame.raw, header, GIVEN)
            rest = splitter.rest()
            splitter.feed(rest)
            assert b"".join(frame.raw for frame in frames) + rest == before + data
            splitter.limit = observer.frame_max + wire.OVERHEAD
            tell(observer)

        observers.append(observer)
        return pass_on

    def tell(observer):
        for event in observer.drain():
            apply(state, ev.decode(ev.encode(event)))

    observers = []
    mangler = Mangler(SEED)
    assert in_house(tmp_path, (mangler.talk() for _ in range(talks)), between) > 10 * talks
    audit(state)
    for observer in observers:
        observer.ended("network")
        tell(observer)
    audit(state)
    assert state.ledger["published"] > talks
    assert state.ledger["unacked"] == 0


# -- over the wire ------------------------------------------------------------------------------------------------


class Place:
    """Where talks go: `port`, and the processes that have to live through it, by name."""

    def __init__(self, port, processes, noise):
        self.port, self.processes, self.noise = port, processes, noise

    def sockets(self):
        """How many each process has open."""
        return {
            name: sum(link.startswith("socket:") for link in links(pid))
            for name, pid in self.processes.items()
        }

    def megabytes(self):
        pages = {
            name: int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            for name, pid in self.processes.items()
        }
        return {name: count * os.sysconf("SC_PAGE_SIZE") / 2**20 for name, count in pages.items()}


def links(pid):
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            yield str(each.readlink())


@contextlib.contextmanager
def broker(folder):
    """The embedded broker by itself."""
    argv = [sys.executable, "-m", "webapp.broker", "--port", "0", "--data", str(folder)]
    with (
        (folder / "noise").open("w+") as noise,
        subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=noise, text=True
        ) as process,
    ):
        line = json.loads(process.stdout.readline())
        yield Place(line["port"], {"broker": line["pid"]}, lambda: (folder / "noise").read_text())
        process.stdin.close()
        assert process.wait(DEADLINE) == 0


@contextlib.contextmanager
def tap(folder):
    """The engine's tap in front of the embedded broker; what it told has to make sense in the end."""
    with Teller("--workers", "0", data=folder) as engine:
        pids = {"engine": engine.process.pid, "broker": engine.wait("BrokerStarted")["pid"]}
        yield Place(engine.amqp_port, pids, lambda: "".join(engine.noise))
    audit(engine.state)
    assert engine.state.ledger["published"] > 0


class Teller(EngineProcess):
    """Applies every event at once, and keeps only the first ones."""

    def __init__(self, *flags, **more):
        self.state = State()
        super().__init__(*flags, **more)

    def _heard(self, line):
        told = ev.decode(line)
        if isinstance(told, ev.Event):
            apply(self.state, told)
        if len(self.events) < 100:
            super()._heard(line)


PLACES = {"broker": broker, "tap": tap}


@pytest.fixture(params=PLACES)
def place(request, tmp_path):
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs /proc to see what a process holds")
    with PLACES[request.param](tmp_path) as place:
        yield place


class Storm:
    """Talks, many at once, at one place. `sent` counts the frames that went out."""

    def __init__(self, port, mangler):
        self.port, self.mangler, self.sent = port, mangler, 0

    def blow(self, frames, at_once):
        """Until that many more frames have been sent."""
        asyncio.run(self._all(self.sent + frames, at_once))

    async def _all(self, target, at_once):
        async def one_after_the_other():
            while self.sent < target:
                talk = self.mangler.talk()
                try:
                    sent = await self._one(talk)
                    self.sent += talk.count(sent)
                except Exception as error:
                    raise AssertionError(
                        f"after {talk.faults}, seed {self.mangler.seed}, {talk.frames}"
                    ) from error

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(one_after_the_other())

    async def _one(self, talk):
        """Says all of it; the broker has to answer, or to hang up. How many bytes went out."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        answers, ended, sent = Answers(), asyncio.Event(), 0
        listening = asyncio.create_task(listen(reader, answers, ended))
        for chunk in talk.chunks:
            if ended.is_set():
                break
            writer.write(chunk)
            sent += len(chunk)
            if talk.cut != "whole" or chunk == PAUSE:
                await asyncio.sleep(0.002 if chunk == PAUSE else 0)
        if talk.ends == "goodbye":
            writer.write(GOODBYE)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), 0.1)
            if not ended.is_set():
                writer.write(bytes(FRAME_ROOM))  # whatever frame it waits for is over now
            await asyncio.wait_for(ended.wait(), DEADLINE)
        if talk.ends == "reset":
            with contextlib.suppress(OSError):  # it may be closed already
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        await asyncio.wait_for(listening, DEADLINE)
        return sent


async def listen(reader, answers, ended):
    """To the end, or to the broker's goodbye."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            answers.take(data)
            if answers.closed:
                ended.set()
        answers.over()
    ended.set()


class Healthy:
    """A publisher and a consumer with manual acks, beside it all, in a thread of their own."""

    def __init__(self, port):
        self.port, self.published, self.got = port, 0, []
        self._begun, self._enough = threading.Event(), threading.Event()
        self._trouble = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        assert self._begun.wait(DEADLINE), "no healthy client"
        return self

    def __exit__(self, kind, *_):
        self._enough.set()
        self._thread.join()
        if kind is None:
            assert self._trouble is None, self._trouble
            assert self.got == list(range(self.published))
            assert self.published > 0

    def _run(self):
        try:
            self._work()
        except (AMQPError, AssertionError, OSError) as error:
            self._trouble = repr(error)
            self._begun.set()

    def _work(self):
        parameters = pika.ConnectionParameters("127.0.0.1", self.port, blocked_connection_timeout=DEADLINE)
        sending, taking = pika.BlockingConnection(parameters), pika.BlockingConnection(parameters)
        publisher, consumer = sending.channel(), taking.channel()
        publisher.confirm_delivery()
        consumer.queue_declare("healthy", durable=True)
        consumer.basic_qos(prefetch_count=10)
        consumer.basic_consume("healthy", self._take)
        while not self._enough.is_set():
            publisher.basic_publish("", "healthy", str(self.published).encode(), mandatory=True)
            self.published += 1
            self._begun.set()
            taking.process_data_events(0)
        deadline = time.monotonic() + DEADLINE
        while len(self.got) < self.published and time.monotonic() < deadline:
            taking.process_data_events(0.1)
        publisher.queue_delete("healthy")
        for connection in (sending, taking):
            connection.close()

    def _take(self, channel, method, _properties, body):
        self.got.append(int(body))
        channel.basic_ack(method.delivery_tag)


def until(condition, what):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)


def survives(place, seed, frames, warm_up, at_once, silent=()):
    """The storm, with a healthy client beside it; what it costs is gone afterwards. `silent` are clients that never say more
    than this."""
    storm = Storm(place.port, Mangler(seed))
    before = place.sockets()
    half_open = [begun(place.port, data) for data in silent]
    with Healthy(place.port) as healthy:
        storm.blow(warm_up, at_once)
        warm = place.megabytes()
        storm.blow(frames, at_once)
    for each in half_open:
        hung_up_on(each)
    assert storm.sent >= frames + warm_up
    until(
        lambda: all(now <= before[name] for name, now in place.sockets().items()),
        lambda: f"sockets: {before} before, {place.sockets()} after",
    )
    grown = {name: now - warm[name] for name, now in place.megabytes().items()}
    print(
        f"seed {seed}: {storm.sent} frames, {healthy.published} good messages; MB when warm {warm}, and since {grown}"
    )
    assert max(grown.values()) < GROWTH_MAX, grown
    assert place.noise() == ""


def begun(port, data):
    """A client that has said so much."""
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(data)
    client.settimeout(DEADLINE)
    return client


def hung_up_on(client):
    """Reads to the end, however it comes."""
    with client, contextlib.suppress(ConnectionResetError):
        while client.recv(65536):
            pass


def test_a_short_storm_leaves_no_trace(place):
    survives(place, SEED, frames=2_000, warm_up=500, at_once=20)


@pytest.mark.long
def test_a_hundred_thousand_frames_leave_no_trace(place):
    """Beside handshakes that stop on their way, in a frame or behind one: the broker gives them ten seconds."""
    begun = [b"".join(HANDSHAKE[:frames]) for frames in range(len(HANDSHAKE))]
    silent = [data[: len(data) - cut] for data in begun for cut in (0, 1)]
    survives(place, LONG_SEED, frames=LONG, warm_up=LONG // 4, at_once=AT_ONCE, silent=silent)
