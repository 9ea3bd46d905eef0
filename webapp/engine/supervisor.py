"""Worker processes: starts them, stops them, starts again those that fell over.

    start ─► running ──(ends by itself)──► waiting ──(back-off)──► running
               │  stop: SIGKILL, finish: SIGTERM, freeze/thaw: SIGSTOP/SIGCONT, stick: SIGTERM and started again, forgetful
               └──(we ended it)──► stopped, until somebody starts it

A worker that loses its broker exits, as the tutorial's does, and is started again with a back-off that doubles, or as soon as `hurry` says
that the broker is back; one that the user ended is not. Must not know the wire: what a worker's death means for its tasks is the projection's to say.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from webapp import events as ev
from webapp.engine.children import Children
from webapp.engine.journal import Journal
from webapp.engine.no_process import why_not
from webapp.engine.refused import Refused

WORKER = Path(__file__).resolve().parents[2] / "workers" / "worker.py"
WORKERS_MAX = 32
BACK_OFF = (0.5, 8.0)  # seconds: the first wait, and the longest
SETTLED = 10.0  # seconds a worker lives before its next fall counts as the first
LINES_PER_SECOND = 100  # of a worker's output that become events; what goes beyond is counted and left out


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker is started with. `prefetch` counts messages, 0 is no limit; `kind` is the queue's x-queue-type; `idempotent`:
    it skips a task whose result is known."""

    ack: str
    prefetch: int
    queue: str
    durable: bool = True
    kind: str = "quorum"
    idempotent: bool = False


class Worker:
    """One lane's process, over all its lives."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.process: Process | None = None
        self.frozen = False
        self.asked = ""  # stop | finish | reset, once we ended it
        self.falls = 0  # in a row
        self.life: asyncio.Task[None] | None = None  # watches the process, then waits and starts it again
        self.again = asyncio.Event()  # set: start now, do not wait out the back-off
        self.restart = False  # finish was asked only to start it with other settings
        self.stuck = False  # it is started as one that never acknowledges

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    @property
    def comes_back(self) -> bool:
        """Were its process to end now, or where it has ended: it is started again by itself."""
        return self.life is not None and not self.life.done() and (not self.asked or self.restart)


class Supervisor:
    """The local workers. `url` gives the AMQP URL they connect to (the tap's)."""

    def __init__(
        self,
        journal: Journal,
        children: Children,
        url: Callable[[], str],
        settings: WorkerSettings,
        results: Callable[[], Path],
    ) -> None:
        self.settings = settings
        self._results = results  # a folder that idempotent workers share
        self.workers: dict[str, Worker] = {}
        self._journal = journal
        self._children = children
        self._url = url
        self._count = 0
        self._closing = False

    async def add(self) -> str:
        """Starts a new worker; returns its name."""
        if len(self.workers) >= WORKERS_MAX:
            raise Refused(409, f"There are {WORKERS_MAX} workers already, and no more fit.")
        self._count += 1
        worker = self.workers[f"worker-{self._count}"] = Worker(f"worker-{self._count}")
        try:
            await self._start(worker)
        except Refused:  # it never was
            del self.workers[worker.name]
            self._count -= 1
            raise
        return worker.name

    async def start(self, name: str) -> None:
        """Starts a worker that is not running, at once; one that has its kill -9 and has not ended yet, as soon as it has. One that is
        stuck is started again, as one that acknowledges."""
        worker = self._find(name)
        ending = worker.asked == "stop"
        if worker.running and worker.stuck and not ending:
            worker.stuck = False
            self._again(worker)
            return
        if worker.running and not ending:
            raise Refused(409, f"{name} is running already.")
        worker.stuck = False
        await self._up(worker)

    async def stick(self, name: str) -> None:
        """Starts a worker, again if it runs, as one that takes tasks and works and forgets to acknowledge."""
        worker = self._find(name)
        if worker.running and worker.stuck:
            raise Refused(409, f"{name} is stuck already.")
        if worker.running and worker.asked and not worker.restart:
            raise Refused(409, f"{name} is ending: stick it once it has.")
        worker.stuck = True
        if worker.running:
            self._again(worker)
        else:
            await self._up(worker)

    async def _up(self, worker: Worker) -> None:
        worker.falls = 0
        if worker.comes_back:
            worker.again.set()
            return
        if worker.life:
            await asyncio.wait([worker.life])
        await self._start(worker)

    def stop(self, name: str) -> None:
        """kill -9. A worker that waits for its restart stays down."""
        worker = self._find(name)
        if worker.running and worker.asked == "stop":
            self._signal(worker, signal.SIGKILL)  # nothing can stand in its way, and it costs nothing
            raise Refused(409, f"{name} is being stopped already.")
        worker.stuck = False
        if not worker.running and worker.comes_back:
            self._give_up(worker)
            return
        self._end(worker, "stop", signal.SIGKILL)
        worker.restart = False

    def finish(self, name: str) -> None:
        """SIGTERM: the worker finishes its task, acks and leaves."""
        worker = self._find(name)
        if worker.frozen:
            raise Refused(409, f"{name} is frozen and cannot finish: thaw it first, or stop it.")
        if worker.asked == "finish" and worker.running and not worker.restart:
            raise Refused(409, f"{name} is finishing already.")
        if worker.restart and worker.running:
            worker.restart = worker.stuck = False  # it has its SIGTERM already; now it shall not come back
            return
        self._end(worker, "finish", signal.SIGTERM)
        worker.stuck = False

    def freeze(self, name: str) -> None:
        """SIGSTOP: the process lives and does nothing, not even answer a heartbeat."""
        worker = self._running(name)
        if worker.frozen:
            raise Refused(409, f"{name} is frozen already.")
        self._signal(worker, signal.SIGSTOP)
        worker.frozen = True
        self._journal.say(ev.WorkerFrozen(worker=name))

    def thaw(self, name: str) -> None:
        """SIGCONT: a frozen process goes on where it was."""
        worker = self._running(name)
        if not worker.frozen:
            raise Refused(409, f"{name} is not frozen.")
        self._signal(worker, signal.SIGCONT)
        worker.frozen = False
        self._journal.say(ev.WorkerThawed(worker=name))

    def change(self, settings: WorkerSettings) -> None:
        """Other settings: the running workers finish what they have in hand, then start again with the new ones."""
        if settings == self.settings:
            return
        self.settings = settings
        self._journal.say(ev.SettingsChanged(**asdict(settings)))
        for worker in self.workers.values():
            if worker.running:
                self._again(worker)

    def _again(self, worker: Worker) -> None:
        """It finishes what it has in hand, and is started again."""
        if worker.asked:
            return  # it is to end, or to be started again anyway
        if worker.frozen:
            self.thaw(worker.name)
        worker.restart = True
        self._end(worker, "finish", signal.SIGTERM)

    def hurry(self) -> None:
        """What they fell over is there again: who waits for the next start is started at once, and whose try came a moment too early
        waits no longer than after a first fall."""
        for worker in self.workers.values():
            worker.falls = 0
            if not worker.running:
                worker.again.set()

    async def reset(self, count: int) -> None:
        """Kills every worker; the first `count` lanes stay, to be started with `start_all`."""
        await self._kill_all("reset")
        for name in list(self.workers)[count:]:
            del self.workers[name]
            self._journal.say(ev.WorkerRemoved(worker=name))
        self._count = max((int(name.rpartition("-")[2]) for name in self.workers), default=0)

    async def start_all(self, count: int) -> None:
        """Starts every lane, and new ones until there are `count`."""
        await asyncio.gather(*(self._start(worker) for worker in self.workers.values() if not worker.running))
        while len(self.workers) < count:
            await self.add()

    async def close(self) -> None:
        """Kills every worker and starts none again."""
        self._closing = True
        await self._kill_all("reset")

    # -- one worker's life --------------------------------------------------------------------------------------

    async def _start(self, worker: Worker) -> None:
        if self._closing:
            return
        worker.asked, worker.frozen, worker.restart = "", False, False
        worker.again.clear()
        settings, stuck = self.settings, worker.stuck
        try:
            env = os.environ | {
                "WORKER_NAME": worker.name,
                "AMQP_URL": self._url(),
                "WORKER_ACK": "forgotten" if stuck else settings.ack,
                "WORKER_PREFETCH": str(settings.prefetch),
                "WORKER_QUEUE": settings.queue,
                "WORKER_QUEUE_TYPE": settings.kind,
                "WORKER_DURABLE": "yes" if settings.durable else "no",
                "WORKER_RESULTS": str(self._results()) if settings.idempotent else "",
                "PYTHONUNBUFFERED": "1",
            }
            worker.process = await self._children.spawn(sys.executable, str(WORKER), env=env)
        except OSError as error:
            raise Refused(503, f"{worker.name} could not be started: {why_not(error)}.") from error
        self._journal.say(
            ev.WorkerStarted(
                worker=worker.name,
                pid=worker.process.pid,
                ack=settings.ack,
                prefetch=settings.prefetch,
                queue=settings.queue,
                stuck=stuck,
            )
        )
        if worker.asked or self._closing:  # it was to end before it had begun
            self._signal(worker, signal.SIGKILL)
        elif worker.running and (settings, stuck) != (self.settings, worker.stuck):  # or to be another
            self._again(worker)
        if worker.life is None or worker.life.done() or worker.life is not asyncio.current_task():
            worker.life = asyncio.create_task(self._live(worker))

    async def _live(self, worker: Worker) -> None:
        """Follows the process to its end, and starts it again for as long as it ends by itself."""
        loop = asyncio.get_running_loop()
        while worker.process is not None:
            process, born = worker.process, loop.time()
            await self._read(worker, process)
            code = await process.wait()
            self._children.ended(process)
            worker.frozen = False
            worker.falls = 1 if loop.time() - born > SETTLED else worker.falls + 1
            wait = None
            if worker.restart:
                wait, worker.falls = 0.0, 0
            elif not worker.asked and not self._closing:
                wait = _back_off(worker.falls)
            self._exited(worker, process, code, wait)
            if wait is None or not await self._up_again(worker, process, code, wait):
                return

    async def _up_again(self, worker: Worker, process: Process, code: int, wait: float) -> bool:
        """Starts it after `wait` seconds. A start that fails is one more fall. False: it stays down."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(worker.again.wait(), wait)
            if (worker.asked and not worker.restart) or self._closing:
                return False
            try:
                await self._start(worker)
                return True
            except Refused as refused:
                self._printed(worker, str(refused))
            if worker.asked or self._closing:
                return False
            worker.falls += 1
            wait = _back_off(worker.falls)
            self._exited(worker, process, code, wait)  # once more, to say when it is tried again

    async def _read(self, worker: Worker, process: Process) -> None:
        """Its output as events, line by line, until it closes it."""
        assert process.stdout
        loop = asyncio.get_running_loop()
        rest, second, said, left_out = b"", loop.time(), 0, 0
        while chunk := await process.stdout.read(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            rest = rest[: ev.PREVIEW * 4]
            if loop.time() - second >= 1:
                second, said = loop.time(), 0
            for line in lines:
                if said < LINES_PER_SECOND:
                    if left_out:
                        self._printed(worker, f"… {left_out} lines left out")
                        left_out = 0
                    said += 1
                    self._printed(worker, line.decode("utf-8", "backslashreplace"))
                else:
                    left_out += 1
        if rest:
            self._printed(worker, rest.decode("utf-8", "backslashreplace"))
        if left_out:
            self._printed(worker, f"… {left_out} lines left out")

    def _printed(self, worker: Worker, line: str) -> None:
        self._journal.say(ev.WorkerPrinted(worker=worker.name, line=line.rstrip("\r")[: ev.PREVIEW]))

    def _exited(self, worker: Worker, process: Process, code: int, wait: float | None) -> None:
        self._journal.say(
            ev.WorkerExited(
                worker=worker.name,
                pid=process.pid,
                code=code if code >= 0 else None,
                signal=signal.Signals(-code).name if code < 0 else "",
                asked=worker.asked,
                restart_in=wait,
            )
        )

    def _give_up(self, worker: Worker) -> None:
        """Ends the wait for a restart: the lane stays down."""
        worker.asked, worker.restart = "stop", False
        worker.again.set()
        self._journal.say(ev.WorkerAsked(worker=worker.name, action="stop"))
        if worker.process:
            self._exited(worker, worker.process, worker.process.returncode or 0, None)

    # -- signals ------------------------------------------------------------------------------------------------

    def _end(self, worker: Worker, asked: str, number: signal.Signals) -> None:
        self._running(worker.name)
        worker.asked = asked
        self._journal.say(ev.WorkerAsked(worker=worker.name, action=asked))
        self._signal(worker, number)

    def _signal(self, worker: Worker, number: signal.Signals) -> None:
        assert worker.process
        with contextlib.suppress(ProcessLookupError):  # it ended this very moment: its exit is on the way
            worker.process.send_signal(number)

    async def _kill_all(self, asked: str) -> None:
        for worker in self.workers.values():
            worker.asked, worker.restart, worker.stuck = asked, False, False
            worker.again.set()
            if worker.running:
                self._signal(worker, signal.SIGKILL)
        lives = [worker.life for worker in self.workers.values() if worker.life]
        await asyncio.gather(*lives, return_exceptions=True)

    def _find(self, name: str) -> Worker:
        worker = self.workers.get(name)
        if worker is None:
            raise Refused(404, f"There is no worker named {name!r} here.")
        return worker

    def _running(self, name: str) -> Worker:
        worker = self._find(name)
        if not worker.running:
            raise Refused(409, f"{name} is not running: start it first.")
        return worker


def _back_off(falls: int) -> float:
    """Seconds until it is started again after so many falls in a row."""
    return min(BACK_OFF[0] * 2.0 ** min(falls - 1, 10), BACK_OFF[1])
