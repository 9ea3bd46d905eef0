"""How the engine keeps its broker, with a broker and a connection to it that are only said to be there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.fake_engine import DEADLINE
from webapp import events as ev
from webapp.engine import brokers, engine, keeper, orders
from webapp.engine.engine import Engine, EngineSettings
from webapp.engine.journal import Journal
from webapp.engine.supervisor import Worker, WorkerSettings
from webapp.engine.tap import Address


class Told(brokers.Broker):
    """A broker of ours that lives until `end` or a kill. `lives` counts its starts."""

    kind = "embedded"
    ack_timeout = 60.0
    address = Address("127.0.0.1", 1)

    def __init__(self) -> None:
        self.lives = self.kills = 0
        self.over = asyncio.Event()

    async def start(self) -> None:
        self.lives += 1
        self.over = asyncio.Event()

    async def kill(self) -> None:
        self.kills += not self.over.is_set()
        self.over.set()

    async def wait(self) -> str:
        await self.over.wait()
        return "signal 9"


class Wired:
    """A connection to it."""

    product, version = "told", "1"
    made: asyncio.Queue[Wired]
    fails = 0  # of the next tries

    def __init__(self, _: brokers.Broker) -> None:
        self.closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def connect(self) -> None:
        if Wired.fails:
            Wired.fails -= 1
            raise brokers.BrokerFailed("nobody there")
        Wired.made.put_nowait(self)

    async def close(self) -> None:
        pass


class Scene:
    """An engine whose broker is up, and what it says of it."""

    def __init__(self, data: Path, broker: Told) -> None:
        self.broker = broker
        self.heard: list[str] = []
        journal = Journal(lambda _: None)
        journal.on_event.append(lambda event: self.heard.append(type(event).__name__))
        worker = WorkerSettings("manual", 1, "q")
        self.engine = Engine(EngineSettings("embedded", "127.0.0.1", 0, 0, worker, data, 60.0), journal)
        self.journal = journal

    @property
    def outages(self) -> list[str]:
        return [each for each in self.heard if each.startswith("Broker")][1:]

    def restart(self) -> asyncio.Task[None]:
        return asyncio.create_task(self.engine._restart_broker(orders.RestartBroker(id=1)))


Act = Callable[[Scene, Wired], Awaitable[None]]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Act], None]:
    def run(act: Act) -> None:
        async def go() -> None:
            Wired.made = asyncio.Queue()
            broker = Told()
            monkeypatch.setattr(engine.brokers, "make", lambda *_: broker)
            monkeypatch.setattr(keeper, "Monitor", Wired)
            scene = Scene(tmp_path, broker)
            try:
                async with asyncio.timeout(DEADLINE):
                    await scene.engine.start()
                    await act(scene, await Wired.made.get())
            finally:
                await scene.engine.close()

        asyncio.run(go())

    return run


async def settling(scene: Scene) -> asyncio.Task[None]:
    """A restart that waits for a queue to settle."""
    scene.broker.settle_for = 600.0
    scene.journal.say(ev.QueueDeclared(conn=1, queue="q", durable=True, kind="quorum"))
    restart = scene.restart()
    await asyncio.sleep(0)
    return restart


def test_a_connection_of_ours_that_is_lost_while_a_queue_settles_is_no_reason_to_kill(
    play: Callable[[Act], None],
) -> None:
    async def act(scene: Scene, ours: Wired) -> None:
        restart = await settling(scene)
        ours.closed.set_result("INTERNAL_ERROR")
        await Wired.made.get()  # it is there again
        assert (scene.broker.kills, scene.outages, restart.done()) == (0, [], False)
        restart.cancel()

    play(act)


def test_a_broker_that_dies_while_a_queue_settles_is_not_killed_once_more(
    play: Callable[[Act], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(scene: Scene, ours: Wired) -> None:
        settled = asyncio.Event()
        asleep = asyncio.sleep

        async def sleep(seconds: float) -> None:
            await (settled.wait() if seconds > 60 else asleep(seconds))

        monkeypatch.setattr(asyncio, "sleep", sleep)
        restart = await settling(scene)
        scene.broker.over.set()
        ours.closed.set_result("gone")
        await Wired.made.get()
        assert scene.outages == ["BrokerStopped", "BrokerStarted"]
        settled.set()
        await restart
        assert (scene.broker.kills, scene.broker.lives) == (0, 2)

    play(act)


def test_a_broker_that_lives_and_does_not_answer_is_started_again(play: Callable[[Act], None]) -> None:
    """One that is not ours looks like that when it goes: of its process we know nothing."""

    async def act(scene: Scene, ours: Wired) -> None:
        Wired.fails = 1
        ours.closed.set_result("gone")
        await Wired.made.get()
        assert (scene.broker.kills, scene.outages) == (1, ["BrokerStopped", "BrokerStarted"])
        assert not scene.engine.failed.done()

    play(act)


def test_workers_that_wait_for_their_next_start_hear_that_the_broker_is_back(
    play: Callable[[Act], None],
) -> None:
    async def act(scene: Scene, _: Wired) -> None:
        waiting = scene.engine._supervisor.workers["worker-1"] = Worker("worker-1")
        await scene.restart()
        assert waiting.again.is_set()

    play(act)


def test_a_restart_is_one_kill_and_one_start(play: Callable[[Act], None]) -> None:
    async def act(scene: Scene, ours: Wired) -> None:
        restart = scene.restart()
        await asyncio.sleep(0)
        ours.closed.set_result("gone")
        await restart
        assert (scene.broker.kills, scene.broker.lives) == (1, 2)
        assert scene.outages == ["BrokerStopped", "BrokerStarted"]

    play(act)
