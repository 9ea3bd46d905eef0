"""The supervisor by itself: its processes are plain sleeps, and a test decides when, and whether, one comes into being."""

from __future__ import annotations

import asyncio
import errno
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.fake_engine import DEADLINE
from webapp import events as ev
from webapp.engine import supervisor
from webapp.engine.children import Children
from webapp.engine.journal import Journal
from webapp.engine.refused import Refused
from webapp.engine.supervisor import BACK_OFF, Supervisor, WorkerSettings, _back_off

SLEEP = ("/bin/sleep", "600")
SETTINGS = WorkerSettings("manual", 1, "q")


class Sleeps(Children):
    """`door` closed: a start waits. `fails`: so many of the next starts come to nothing, as when no file may be opened any more."""

    def __init__(self) -> None:
        super().__init__()
        self.door = asyncio.Event()
        self.door.set()
        self.fails = 0
        self.asked: asyncio.Queue[dict[str, str]] = asyncio.Queue()  # the environments of the starts

    async def spawn(self, *_: str, env: Any = None, **more: Any) -> Process:
        self.asked.put_nowait(env)
        await self.door.wait()
        if self.fails:
            self.fails -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return await super().spawn(*SLEEP, **more)


class Scene:
    """A supervisor and what it said."""

    def __init__(self, tmp_path: Path) -> None:
        self.children = Sleeps()
        self.events: list[ev.Event] = []
        self.news = asyncio.Event()
        journal = Journal(lambda _: None)
        journal.on_event.append(self.hear)
        self.supervisor = Supervisor(journal, self.children, lambda: "amqp://", SETTINGS, lambda: tmp_path)

    def hear(self, event: ev.Event) -> None:
        self.events.append(event)
        self.news.set()

    def heard(self, kind: type[ev.Event], **fields: Any) -> list[Any]:
        return [
            each
            for each in self.events
            if isinstance(each, kind) and fields.items() <= msgspec.structs.asdict(each).items()
        ]

    async def once(self, kind: type[ev.Event], count: int = 1, **fields: Any) -> Any:
        while len(found := self.heard(kind, **fields)) < count:
            self.news.clear()
            await self.news.wait()
        return found[count - 1]


Act = Callable[[Scene], Awaitable[None]]


@pytest.fixture
def on_stage(tmp_path: Path) -> Iterator[Callable[[Act], None]]:
    def run(act: Act) -> None:
        async def go() -> None:
            scene = Scene(tmp_path)
            try:
                async with asyncio.timeout(DEADLINE):
                    await act(scene)
            finally:
                scene.children.door.set()
                await scene.supervisor.close()

        asyncio.run(go())

    yield run


def test_settings_that_change_while_a_worker_starts_are_its_settings_in_the_end(
    on_stage: Callable[[Act], None],
) -> None:
    async def act(scene: Scene) -> None:
        await scene.supervisor.add()
        await scene.children.asked.get()
        scene.children.door.clear()
        scene.supervisor.change(WorkerSettings("auto", 1, "q"))
        assert (await scene.children.asked.get())["WORKER_ACK"] == "auto"  # and it is not there yet
        scene.supervisor.change(SETTINGS)
        scene.children.door.set()
        await scene.once(ev.WorkerStarted, 2, ack="manual")
        assert [each.ack for each in scene.heard(ev.WorkerStarted)] == ["manual", "auto", "manual"]
        assert (await scene.children.asked.get())["WORKER_ACK"] == "manual"

    on_stage(act)


@pytest.mark.parametrize("stuck", [True, False])
def test_a_worker_that_is_stuck_or_freed_while_it_starts_is_so_in_the_end(
    on_stage: Callable[[Act], None], stuck: bool
) -> None:
    async def act(scene: Scene) -> None:
        supervisor, children = scene.supervisor, scene.children
        name = await supervisor.add()
        await children.asked.get()
        if not stuck:
            await supervisor.stick(name)
            await children.asked.get()
            await scene.once(ev.WorkerStarted, stuck=True)
        before = len(scene.heard(ev.WorkerStarted))
        children.door.clear()
        supervisor.change(WorkerSettings("manual", 5, "q"))
        await children.asked.get()
        await (supervisor.stick(name) if stuck else supervisor.start(name))
        children.door.set()
        await scene.once(ev.WorkerStarted, before + 2)
        told = [each.stuck for each in scene.heard(ev.WorkerStarted)][before:]
        assert told == [not stuck, stuck]
        assert (await children.asked.get())["WORKER_ACK"] == ("forgotten" if stuck else "manual")

    on_stage(act)


def test_a_start_that_fails_is_one_more_fall(on_stage: Callable[[Act], None]) -> None:
    async def act(scene: Scene) -> None:
        name = await scene.supervisor.add()
        scene.children.fails = 1
        scene.supervisor.workers[name].process.kill()
        exits = [await scene.once(ev.WorkerExited, count) for count in (1, 2)]
        assert [each.restart_in for each in exits] == [BACK_OFF[0], BACK_OFF[0] * 2]
        assert "Too many open files" in (await scene.once(ev.WorkerPrinted)).line
        await scene.supervisor.start(name)  # nobody has to wait for that
        await scene.once(ev.WorkerStarted, 2)

    on_stage(act)


def test_a_start_that_fails_is_not_tried_again_once_the_worker_was_stopped(
    on_stage: Callable[[Act], None],
) -> None:
    async def act(scene: Scene) -> None:
        name = await scene.supervisor.add()
        scene.children.fails = 2
        worker = scene.supervisor.workers[name]
        worker.process.kill()
        await scene.once(ev.WorkerExited, 2)
        scene.supervisor.stop(name)
        await worker.life
        assert scene.heard(ev.WorkerExited)[-1].restart_in is None

    on_stage(act)


def test_a_worker_that_waits_is_started_at_once_when_what_it_fell_over_is_back(
    on_stage: Callable[[Act], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "BACK_OFF", (600.0, 4800.0))

    async def act(scene: Scene) -> None:
        name = await scene.supervisor.add()
        for fall in (1, 2):
            scene.supervisor.workers[name].process.kill()
            assert (await scene.once(ev.WorkerExited, fall)).restart_in == 600.0  # each is the first again
            scene.supervisor.hurry()
            await scene.once(ev.WorkerStarted, fall + 1)

    on_stage(act)


def test_a_second_stop_is_refused_and_said_by_nobody_and_a_start_comes_after_it(
    on_stage: Callable[[Act], None],
) -> None:
    async def act(scene: Scene) -> None:
        name = await scene.supervisor.add()
        scene.supervisor.freeze(name)
        scene.supervisor.stop(name)
        with pytest.raises(Refused, match="being stopped already"):
            scene.supervisor.stop(name)
        await scene.supervisor.start(name)
        assert len(scene.heard(ev.WorkerAsked, action="stop")) == 1
        assert [each.asked for each in scene.heard(ev.WorkerExited)] == ["stop"]
        scene.supervisor.finish(name)
        scene.supervisor.stop(name)  # it need not wait for its task
        await scene.once(ev.WorkerExited, 2)
        assert len(scene.heard(ev.WorkerAsked, action="stop")) == 2

    on_stage(act)


def test_a_stop_that_did_not_get_through_can_be_asked_for_again(on_stage: Callable[[Act], None]) -> None:
    async def act(scene: Scene) -> None:
        name = await scene.supervisor.add()
        worker = scene.supervisor.workers[name]
        worker.asked = "stop"  # and nobody has sent the signal
        with pytest.raises(Refused):
            scene.supervisor.stop(name)
        await worker.life

    on_stage(act)


def test_a_refused_finish_changes_nothing(on_stage: Callable[[Act], None]) -> None:
    """Of a stuck worker that has fallen and waits to be started again: it comes back as it was."""

    async def act(scene: Scene) -> None:
        name = await scene.supervisor.add()
        await scene.supervisor.stick(name)
        await scene.once(ev.WorkerStarted, 2)
        process = scene.supervisor.workers[name].process
        assert process
        process.kill()
        await scene.once(ev.WorkerExited, 2)
        with pytest.raises(Refused, match="not running"):
            scene.supervisor.finish(name)
        assert (await scene.once(ev.WorkerStarted, 3)).stuck

    on_stage(act)


def test_a_worker_that_is_being_killed_is_stuck_only_once_it_has_ended(
    on_stage: Callable[[Act], None],
) -> None:
    """Also where it had been asked to end for other settings before: it is to come back no more."""

    async def act(scene: Scene) -> None:
        name = await scene.supervisor.add()
        worker = scene.supervisor.workers[name]
        scene.supervisor.freeze(name)  # it does not end by itself meanwhile
        scene.supervisor.change(WorkerSettings("auto", 1, "q"))
        scene.supervisor.stop(name)
        with pytest.raises(Refused, match="is ending: stick it once it has"):
            await scene.supervisor.stick(name)
        await worker.life
        await scene.supervisor.stick(name)
        assert (await scene.once(ev.WorkerStarted, 2)).stuck

    on_stage(act)


@pytest.mark.parametrize("told", ["stop", "start", "stick"])
def test_a_worker_that_has_ended_to_be_started_with_other_settings_can_be_told_anything(
    on_stage: Callable[[Act], None], told: str
) -> None:
    """In the moment between its two processes."""

    async def act(scene: Scene) -> None:
        name = await scene.supervisor.add()
        worker = scene.supervisor.workers[name]
        scene.supervisor.change(WorkerSettings("auto", 1, "q"))
        await scene.once(ev.WorkerExited)
        assert not worker.running and len(scene.heard(ev.WorkerStarted)) == 1
        if told == "stop":
            scene.supervisor.stop(name)
            await worker.life
            assert scene.heard(ev.WorkerExited)[-1].restart_in is None
            assert len(scene.heard(ev.WorkerStarted)) == 1
        else:
            await getattr(scene.supervisor, told)(name)
            assert (await scene.once(ev.WorkerStarted, 2)).stuck is (told == "stick")

    on_stage(act)


def test_a_worker_that_cannot_be_added_never_was(on_stage: Callable[[Act], None]) -> None:
    async def act(scene: Scene) -> None:
        scene.children.fails = 1
        with pytest.raises(Refused, match="Too many open files"):
            await scene.supervisor.add()
        assert await scene.supervisor.add() == "worker-1"

    on_stage(act)


def test_the_longest_wait_is_the_longest_after_however_many_falls() -> None:
    assert (_back_off(1), _back_off(3), _back_off(5_000)) == (BACK_OFF[0], 4 * BACK_OFF[0], BACK_OFF[1])
