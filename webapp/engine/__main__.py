"""`python -m webapp.engine`: events as JSON lines on standard output, orders as JSON lines on standard input.

In a terminal it is the debugger: it prints the wire. When standard input closes, it stops its children and exits.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import click

from webapp.engine.brokers import BrokerFailed
from webapp.engine.engine import Engine, EngineSettings
from webapp.engine.journal import Journal
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
    """Runs until standard input closes or a signal comes; returns the exit code."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, over.set)
    out = _Out()
    transport, _ = await loop.connect_write_pipe(lambda: out, os.fdopen(os.dup(1), "wb", buffering=0))
    transport.set_write_buffer_limits(high=STDOUT_HIGH)
    journal = out.journal = Journal(transport.write)
    engine = Engine(settings, journal)
    listening = asyncio.create_task(_listen(engine, over))
    starting = asyncio.create_task(engine.start())
    ends = [asyncio.create_task(over.wait()), asyncio.create_task(out.lost.wait())]
    code = 0
    try:
        await asyncio.wait([starting, *ends], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    except (BrokerFailed, PortTaken) as error:
        print(f"unacked: {error}", file=sys.stderr, flush=True)
        code = 2
    finally:
        starting.cancel()
        listening.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(engine.close(), CLOSE_TIMEOUT)
        journal.flush()
    return code


async def _listen(engine: Engine, over: asyncio.Event) -> None:
    """Hands every line of standard input to the engine."""
    reader = asyncio.StreamReader(limit=LINE_MAX)
    stdin = os.fdopen(os.dup(0), "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), stdin)
    while True:
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            await reader.readexactly(error.consumed)
            line = b"too long"
        except asyncio.IncompleteReadError:
            over.set()
            return
        if line.strip():
            engine.order(line)


@click.command()
@click.option("--broker", default="embedded", help="embedded, rabbitmq, or amqp[s]://…")
@click.option("--host", default="127.0.0.1", help="where the tap listens")
@click.option(
    "--amqp-port", default=5672, type=click.IntRange(0, 65535), help="the tap's; taken: the next free one"
)
@click.option("--workers", default=3, type=click.IntRange(0, WORKERS_MAX))
@click.option("--ack", default="manual", type=click.Choice(["manual", "auto"]))
@click.option("--prefetch", default=1, type=click.IntRange(0, 65535))
@click.option("--queue", default="task_queue")
@click.option("--data", default=".unacked", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--ack-timeout", default=60.0, type=click.FloatRange(1, 86400), help="seconds; not for amqp[s]://…"
)
def main(
    broker: str,
    host: str,
    amqp_port: int,
    workers: int,
    ack: str,
    prefetch: int,
    queue: str,
    data: Path,
    ack_timeout: float,
) -> None:
    """The engine by itself: prints the wire as JSON lines, takes orders as JSON lines."""
    settings = EngineSettings(
        broker=broker,
        host=host,
        amqp_port=amqp_port,
        workers=workers,
        worker=WorkerSettings(ack, prefetch, queue),
        data=data.absolute(),
        ack_timeout=ack_timeout,
    )
    sys.exit(asyncio.run(run(settings)))


if __name__ == "__main__":
    main()
