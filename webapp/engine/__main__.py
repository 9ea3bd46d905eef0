"""`python -m webapp.engine`: events as JSON lines on standard output, orders as JSON lines on standard input.

In a terminal it is the debugger: it prints the wire. When standard input closes, it stops its children and exits.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from webapp.engine import BROKER_VARIABLE
from webapp.engine.brokers import BrokerFailed
from webapp.engine.engine import Engine, EngineSettings
from webapp.engine.folder import FolderTaken
from webapp.engine.journal import Journal
from webapp.engine.no_process import NO_MORE, NO_THREAD
from webapp.engine.refused import Refused
from webapp.engine.supervisor import WORKERS_MAX, WorkerSettings
from webapp.engine.tap import PortTaken

LINE_MAX = 64 * 1024  # bytes of an order
STDOUT_HIGH = 4 * 1024 * 1024  # bytes that may wait for a slow reader before the tap slows down
CLOSE_TIMEOUT = 4.0  # seconds for an orderly end; the undertaker does the rest


class _Out(asyncio.BaseProtocol):
    """Standard output's end of the back-pressure."""

    def __init__(self) -> None:
        self.journal: Journal | None = None
        self.lost = asyncio.Event()

    def pause_writing(self) -> None:
        if self.journal:
            self.journal.back_pressure(True)

    def resume_writing(self) -> None:
        if self.journal:
            self.journal.back_pressure(False)

    def connection_lost(self, _: Exception | None) -> None:
        self.lost.set()


async def run(settings: EngineSettings) -> int:
    """Runs until standard input closes, a signal comes, or it cannot go on; returns the exit code."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, over.set)
    journal, unread = await _stdout(*(settings.resume or (0, None)))
    engine = Engine(settings, journal)
    starting = asyncio.create_task(engine.start())
    ends: list[asyncio.Future[Any]] = [
        asyncio.create_task(over.wait()),
        asyncio.create_task(unread.wait()),
        engine.failed,
    ]
    code = 0
    try:
        threading.Thread(target=_listen, args=(loop, engine.order, over.set), daemon=True).start()
        await asyncio.wait([starting, *ends], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if engine.failed.done():
            print(f"unacked: the engine failed: {engine.failed.result()}", file=sys.stderr, flush=True)
            code = 1
    except (BrokerFailed, FolderTaken, PortTaken, Refused) as error:
        print(f"unacked: {error}", file=sys.stderr, flush=True)
        code = 2
    finally:
        starting.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(engine.close(), CLOSE_TIMEOUT)
        journal.flush()
    return code


def _listen(loop: asyncio.AbstractEventLoop, take: Callable[[bytes], None], over: Callable[[], None]) -> None:
    """Reads standard input, whatever it is (terminal, pipe, socket, file), in a thread: `take` gets each line, `over` its end.

    It may be the very socket that standard output is, and then asyncio has made it non-blocking: hence the select."""
    rest = b""
    with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
        while True:
            select.select([0], [], [])
            try:
                chunk = os.read(0, 65536)
            except BlockingIOError:
                continue
            except OSError:
                chunk = b""
            if not chunk:
                break
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if line.strip():
                    loop.call_soon_threadsafe(take, line[:LINE_MAX])
            rest = rest[:LINE_MAX]  # cut short it is no JSON any more, and is refused as such
        loop.call_soon_threadsafe(over)


async def _stdout(seq: int, began: float | None) -> tuple[Journal, asyncio.Event]:
    """A journal that writes to standard output, and an event for the moment when nobody reads it any more. The run has got as far
    as `seq` already, and began at that moment of the monotonic clock."""
    out = _Out()
    pipe = os.fdopen(os.dup(1), "wb", buffering=0)
    try:
        transport, _ = await asyncio.get_running_loop().connect_write_pipe(lambda: out, pipe)
    except ValueError:  # a plain file: it is never slow
        journal = Journal(pipe.write, seq=seq, began=began)
    else:
        transport.set_write_buffer_limits(high=STDOUT_HIGH)
        journal = out.journal = Journal(transport.write, seq=seq, began=began)
    return journal, out.lost


def _resume(_: Any, __: Any, value: str | None) -> tuple[int, float] | None:
    """SEQ@BEGAN: how far a run has got, and when it began. The clock is the machine's: every process tells the same time by it."""
    if value is None:
        return None
    seq, _, began = value.partition("@")
    try:
        found = int(seq), float(began)
    except ValueError:
        found = -1, 0.0
    if found[0] < 0 or not -math.inf < found[1] <= time.monotonic():
        raise click.BadParameter(
            "must be an event's number, @, and a moment of the monotonic clock in seconds"
        )
    return found


@click.command()
@click.option(
    "--broker", default="embedded", envvar=BROKER_VARIABLE, help="embedded, rabbitmq, or amqp[s]://…"
)
@click.option("--host", default="127.0.0.1", help="where the tap listens")
@click.option(
    "--amqp-port", default=5672, type=click.IntRange(0, 65535), help="the tap's; taken: the next free one"
)
@click.option("--workers", default=3, type=click.IntRange(0, WORKERS_MAX))
@click.option("--ack", default="manual", type=click.Choice(["manual", "auto"]))
@click.option("--prefetch", default=1, type=click.IntRange(0, 65535))
@click.option("--queue", default="task_queue")
@click.option("--durable", default=True, type=bool, help="the queue survives a restart of the broker")
@click.option("--kind", default="quorum", type=click.Choice(["quorum", "classic"]), help="of the queue")
@click.option("--idempotent", default=False, type=bool, help="workers skip a task whose result is known")
@click.option("--data", default=".unacked", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--ack-timeout", default=60.0, type=click.FloatRange(1, 86400), help="seconds; not for amqp[s]://…"
)
@click.option(
    "--resume",
    callback=_resume,
    metavar="SEQ@BEGAN",
    help="go on with the run that got so far: on the same data, with these numbers",
)
def main(
    broker: str,
    host: str,
    amqp_port: int,
    workers: int,
    ack: str,
    prefetch: int,
    queue: str,
    durable: bool,
    kind: str,
    idempotent: bool,
    data: Path,
    ack_timeout: float,
    resume: tuple[int, float] | None,
) -> None:
    """The engine by itself: prints the wire as JSON lines, takes orders as JSON lines."""
    settings = EngineSettings(
        broker=broker,
        host=host,
        amqp_port=amqp_port,
        workers=workers,
        worker=WorkerSettings(ack, prefetch, queue, durable, kind, idempotent),
        data=data.absolute(),
        ack_timeout=ack_timeout,
        resume=resume,
    )
    try:
        code = asyncio.run(run(settings))
    except RuntimeError as error:
        if NO_THREAD not in str(error):
            raise
        print(f"unacked: no more threads can be started: {NO_MORE}.", file=sys.stderr, flush=True)
        code = 2
    sys.exit(code)


if __name__ == "__main__":
    main()
