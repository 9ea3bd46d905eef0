"""The engine: tap, workers and broker put together, and the orders that move them.

    order ──► Engine.obey ──► Supervisor | Tap | Keeper of the broker
                                  └──── events ────► Journal ──► standard output

Must not know the projection, the page or Flask.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from webapp import events as ev
from webapp.engine import brokers, faults, orders
from webapp.engine.census import Census
from webapp.engine.children import Children
from webapp.engine.folder import Folder
from webapp.engine.journal import Journal
from webapp.engine.keeper import Keeper
from webapp.engine.monitor import Gone
from webapp.engine.no_process import why_not
from webapp.engine.refused import Refused
from webapp.engine.supervisor import Supervisor, WorkerSettings
from webapp.engine.tap import Tap

COUNT_EVERY = 1.0  # seconds between two looks at the broker's own counts
EMPTY_WITHIN = 2.0  # seconds a reset purges a queue, at most
RECONNECT_WITHIN = 10.0  # seconds a reset waits for our own connection to a broker that lives
ORDERS_AT_ONCE = 200


@dataclass(frozen=True)
class EngineSettings:
    """What the engine is started with. `broker` is embedded, rabbitmq or an AMQP URL; `ack_timeout` is in seconds; `resume` is the
    run that it goes on with: the last event's number, and the moment of the monotonic clock, in seconds, when it began."""

    broker: str
    host: str
    amqp_port: int
    workers: int
    worker: WorkerSettings
    data: Path
    ack_timeout: float
    resume: tuple[int, float] | None = None


class Engine:
    """One run's processes. `start`, then `obey` orders, then `close`."""

    def __init__(self, settings: EngineSettings, journal: Journal) -> None:
        self._settings = settings
        self._journal = journal
        self._children = Children()
        self._census = Census()
        self._tap = Tap(journal, lambda: self._keeper.broker.address)
        self._supervisor = Supervisor(
            journal, self._children, self._worker_url, settings.worker, lambda: self._folder.results()
        )
        self._folder: Folder
        self._keeper: Keeper
        self._answering = False  # the broker has been up: orders are taken
        self._manned = asyncio.Event()  # the first workers are there: orders are carried out
        self._one_at_a_time = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()  # why it cannot go on
        journal.on_event.append(self._census.note)

    async def start(self) -> None:
        """Tap, folder, broker, workers, in this order. Raises BrokerFailed, FolderTaken and PortTaken, and Refused where no process can be
        started."""
        settings = self._settings
        self._journal.say(
            ev.RunStarted(
                started=datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
                resumed=settings.resume is not None,
                **asdict(settings.worker),
            )
        )
        await self._tap.listen(settings.host, settings.amqp_port)
        kind = settings.broker if settings.broker in ("embedded", "rabbitmq") else "external"
        port = settings.amqp_port if settings.resume else self._tap.port
        self._folder = Folder(settings.data / f"{kind}-{settings.host.replace(':', '-')}-{port}")
        if kind != "external":
            self._children.inherit = (await self._folder.take(keep=settings.resume is not None),)
        elif settings.resume is None:  # there is nothing of a foreign broker's here, only what workers knew
            self._folder.forget_results()
        try:
            self._children.open()
        except OSError as error:
            raise Refused(503, f"No process can be started: {why_not(error)}.") from error
        broker = brokers.make(settings.broker, self._children, self._folder.path, settings.ack_timeout)
        self._keeper = Keeper(broker, self._journal, self._tap.port, self._supervisor.hurry)
        await self._keeper.start()
        self._answering = True
        await self._supervisor.start_all(settings.workers)
        self._manned.set()
        for keeping in (self._keeper.keep(), self._keep_counting()):
            self._spawn(keeping).add_done_callback(self._kept)

    async def close(self) -> None:
        """Ends every process and connection of ours."""
        for task in self._tasks:
            task.cancel()
        await self._supervisor.close()
        await self._tap.close()
        if hasattr(self, "_keeper"):
            await self._keeper.close()
        self._children.close()
        if hasattr(self, "_folder"):
            self._folder.close()

    def order(self, line: bytes) -> None:
        """One line from standard input: carried out beside whatever else goes on; its reply comes through the journal.

        Refused until the broker is up; the moment in which the first workers are started is waited for."""
        try:
            order = orders.decode(line)
        except msgspec.DecodeError as error:
            self._journal.reply(
                ev.Reply(id=orders.id_of(line), ok=False, status=400, title="Not an order", detail=str(error))
            )
            return
        if isinstance(order, orders.Sync):  # its reply, behind every event so far, is all that is asked for
            self._journal.reply(ev.Reply(id=order.id, ok=True, result={}))
            return
        if not self._answering:
            self._refuse(order.id, Refused(503, "The engine is starting: try again in a moment."))
            return
        if len(self._tasks) > ORDERS_AT_ONCE:
            self._refuse(order.id, Refused(503, "Too many commands at once: wait for some of them to end."))
            return
        self._spawn(self._obey(order))

    # -- orders -------------------------------------------------------------------------------------------------

    async def _obey(self, order: orders.AnyOrder) -> None:
        await self._manned.wait()
        try:
            result = await ORDERS[type(order)](self, order)
        except Refused as refused:
            self._refuse(order.id, refused)
        except Gone as gone:
            self._refuse(order.id, Refused(503, f"The broker went away meanwhile: {gone}."))
        except Exception as error:  # whoever asked has to hear of it, whatever it is
            self._refuse(order.id, Refused(500, f"The engine failed: {error!r}."))
            raise
        else:
            self._journal.reply(ev.Reply(id=order.id, ok=True, result=result or {}))

    def _refuse(self, number: int, refused: Refused) -> None:
        self._journal.reply(
            ev.Reply(id=number, ok=False, status=refused.status, title="Refused", detail=str(refused))
        )

    async def _start(self, order: orders.Start) -> None:
        async with self._one_at_a_time:
            await self._supervisor.start(order.worker)

    async def _stop(self, order: orders.Stop) -> None:
        self._supervisor.stop(order.worker)

    async def _finish(self, order: orders.Finish) -> None:
        self._supervisor.finish(order.worker)

    async def _freeze(self, order: orders.Freeze) -> None:
        self._supervisor.freeze(order.worker)

    async def _thaw(self, order: orders.Thaw) -> None:
        self._supervisor.thaw(order.worker)

    async def _add(self, _: orders.Add) -> dict[str, Any]:
        async with self._one_at_a_time:
            return {"name": await self._supervisor.add()}

    async def _hurt(self, order: Any) -> dict[str, Any]:
        """One of the tap's faults, see `faults/`."""
        fields = msgspec.structs.asdict(order)
        del fields["id"]
        links = self._tap.linked(fields.pop("conns"))
        if not links:
            raise Refused(409, "This connection is gone already.")
        action = str(type(order).__struct_config__.tag)
        faults.act(action, links, **fields)
        return {action: len(links)}

    async def _stick(self, order: orders.Stick) -> None:
        async with self._one_at_a_time:
            await self._supervisor.stick(order.worker)

    async def _set(self, order: orders.Settings) -> None:
        async with self._one_at_a_time:
            settings, anew = self._wanted(order)
            if anew:
                if not self._keeper.up.is_set():
                    raise Refused(503, "The broker is away: try again once it is back.")
                counted = await self._keeper.monitor.count(settings.queue)
                if counted and counted.ready:
                    raise Refused(
                        409,
                        f"There are {counted.ready} tasks in {settings.queue}: let them be done first, or reset.",
                    )
                await self._declare_anew(settings)
            self._supervisor.change(settings)

    def _wanted(self, order: orders.Settings | orders.Reset) -> tuple[WorkerSettings, bool]:
        """The settings with what the order says of them, and whether the queue has to be declared anew for that: only where it is ours."""
        before = self._supervisor.settings
        said = {name: getattr(order, name, None) for name in asdict(before)}
        settings = replace(before, **{name: value for name, value in said.items() if value is not None})
        if settings.kind == "quorum" and not settings.durable:
            raise Refused(422, "A quorum queue is always durable.")
        anew = (settings.durable, settings.kind) != (before.durable, before.kind)
        if anew and not self._keeper.broker.own:
            raise Refused(409, "This broker is not ours: its queue stays what it is.")
        return settings, anew

    async def _declare_anew(self, settings: WorkerSettings) -> None:
        """A queue cannot change what it is: it goes, with what is in it, and comes back another."""
        if await self._keeper.monitor.count(settings.queue):
            gone = await self._keeper.monitor.delete(settings.queue)
            self._journal.say(ev.QueueDeleted(conn=0, queue=settings.queue, count=gone or 0))
        await self._keeper.monitor.declare(settings.queue, settings.durable, settings.kind)
        self._journal.say(
            ev.QueueDeclared(conn=0, queue=settings.queue, durable=settings.durable, kind=settings.kind)
        )

    async def _restart_broker(self, _: orders.RestartBroker) -> None:
        await self._keeper.restart(self._census.last_declared)

    async def _reset(self, order: orders.Reset) -> None:
        count = self._settings.workers if order.workers is None else order.workers
        async with self._one_at_a_time:
            if not self._keeper.up.is_set():
                raise Refused(503, "The broker is away: reset again once it is back.")
            settings, anew = self._wanted(order)
            await self._supervisor.reset(count)
            self._supervisor.change(settings)
            try:
                for name in self._supervisor.workers:
                    self._tap.cut([link.conn for link in self._tap.named(name)])
                ours = self._census.known() if self._keeper.broker.own else []
                for queue in {self._settings.worker.queue, *ours}:
                    await self._empty(queue)
                if anew:
                    await self._declare_anew(settings)
                self._folder.forget_results()
                self._journal.say(ev.RunReset())
            finally:
                await self._supervisor.start_all(count)

    async def _empty(self, queue: str) -> None:
        """Purges until nothing comes back: what the killed workers held is requeued a moment later. Somebody who publishes all the while
        is not waited for."""
        empty, give_up = 0, self._journal.now() + EMPTY_WITHIN
        with contextlib.suppress(PermissionError):
            while empty < 2 and self._journal.now() < give_up:
                purged = await self._purge(queue)
                if purged is None:
                    return
                empty = 0 if purged else empty + 1
                await asyncio.sleep(0.05)

    async def _purge(self, queue: str) -> int | None:
        """The monitor's purge. Our own connection may be lost while the broker lives: it is waited for.

        RabbitMQ 3.10.8 does that (541 INTERNAL_ERROR) to whoever purges a quorum queue in the moment of its making.
        """
        give_up = self._journal.now() + RECONNECT_WITHIN
        while True:
            try:
                return await self._keeper.monitor.purge(queue)
            except Gone:
                if not self._keeper.up.is_set() or self._journal.now() > give_up:
                    raise
            await asyncio.sleep(0.05)

    # -- the broker's own count ---------------------------------------------------------------------------------

    async def _keep_counting(self) -> None:
        while True:
            await asyncio.sleep(COUNT_EVERY)
            if self._keeper.up.is_set():
                with contextlib.suppress(Gone):
                    for queue in self._census.due():
                        await self._count(queue)

    async def _count(self, queue: str) -> None:
        try:
            counted = await self._keeper.monitor.count(queue)
        except PermissionError:
            self._census.shut(queue)
            return
        if counted is None:
            self._census.missing(queue)
            self._journal.say(ev.QueueCounted(queue=queue, exists=False))
        else:
            self._journal.say(ev.QueueCounted(queue=queue, ready=counted.ready, consumers=counted.consumers))

    # -- odds ---------------------------------------------------------------------------------------------------

    def _worker_url(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self._tap.host, self._tap.host)
        return self._keeper.broker.url(host, self._tap.port)

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _kept(self, task: asyncio.Task[None]) -> None:
        """What is to go on for ever has ended: without it the engine is of no use."""
        if not task.cancelled() and not self.failed.done():
            self.failed.set_result(f"{task.exception()!r}")


ORDERS: dict[type, Callable[[Engine, Any], Awaitable[dict[str, Any] | None]]] = {
    orders.Start: Engine._start,
    orders.Stop: Engine._stop,
    orders.Finish: Engine._finish,
    orders.Freeze: Engine._freeze,
    orders.Thaw: Engine._thaw,
    orders.Stick: Engine._stick,
    orders.Add: Engine._add,
    orders.Settings: Engine._set,
    orders.RestartBroker: Engine._restart_broker,
    orders.Reset: Engine._reset,
    **dict.fromkeys(orders.FAULTS, Engine._hurt),
}
