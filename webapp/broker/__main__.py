"""`python -m webapp.broker`: the embedded broker as a process. Prints one line of JSON, `{"port": …, "pid": …}`, once it listens.

For one machine and one demo: guest/guest, one virtual host, and whatever it does not support it refuses with 540 NOT_IMPLEMENTED.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import sqlite3
import stat
import sys
import time
from pathlib import Path
from typing import Any, TextIO

import click

from webapp.broker.memory import MAX, Memory
from webapp.broker.session import Session
from webapp.broker.store import CannotStore, NotOurs, Store
from webapp.broker.vhost import VHost

FILE = "broker.sqlite3"


class CannotStart(Exception):
    """The broker cannot start; the text is one line that says why and what to do."""


async def serve(
    host: str, port: int, data: Path, heartbeat: int, ack_timeout: float, memory: int, detached: bool
) -> None:
    """Serves until SIGTERM, SIGINT, or the end of standard input. Raises CannotStart, NotOurs, CannotStore."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    failures: list[CannotStore] = []

    def failed(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, CannotStore):
            # No confirm has been sent for what is lost, and none must be from now on.
            failures.append(error)
            over.set()
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(failed)
    with _locked(data):
        try:
            store = Store(data / FILE)
            vhost = VHost(store, loop.call_soon, loop.call_later, time.time, Memory(memory << 20))
        except (sqlite3.DatabaseError, LookupError, TypeError, ValueError) as error:
            raise CannotStart(f"{data / FILE} is damaged ({error!r}): move it away or repair it") from error
        try:
            server = await loop.create_server(lambda: Session(vhost, heartbeat, ack_timeout), host, port)
        except OSError as error:
            store.close()
            why = f"cannot listen on {host}:{port}: {error.strerror}: choose another with --port"
            raise CannotStart(why) from error
        print(json.dumps({"port": server.sockets[0].getsockname()[1], "pid": os.getpid()}), flush=True)
        if not detached:
            _watch_stdin(over)
        await over.wait()
        server.close()
        if failures:
            raise failures[0]
        store.close()


def _locked(data: Path) -> TextIO:
    """Makes the data folder, and locks it while the file returned is open: two brokers would each undo what the other did."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / "broker.lock").open("w")
    except OSError as error:
        why = f"the data folder {data} cannot be used ({error.strerror}): choose another with --data"
        raise CannotStart(why) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise CannotStart(f"another broker is using {data}: choose another folder with --data") from error
    return lock


def _watch_stdin(over: asyncio.Event) -> None:
    """Where standard input is a pipe or a socket, its end is ours: nobody is left who wants this broker."""

    def read() -> None:
        if not os.read(0, 4096):
            over.set()

    mode = os.fstat(0).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        asyncio.get_running_loop().add_reader(0, read)


@click.command()
@click.option("--host", default="127.0.0.1", help="address to listen on")
@click.option("--port", default=5672, type=click.IntRange(0, 65535), help="0 picks a free one")
@click.option("--data", default=".unacked/broker", type=click.Path(file_okay=False, path_type=Path))
@click.option("--heartbeat", default=60, type=click.IntRange(0, 65535), help="seconds it proposes; 0 is off")
@click.option("--ack-timeout", default=60.0, type=click.FloatRange(0, 86400), help="seconds; 0 is off")
@click.option(
    "--memory", default=MAX >> 20, type=click.IntRange(1), help="MB of messages, then publishers wait"
)
@click.option("--detached", is_flag=True, help="do not end when standard input does")
def main(**options: Any) -> None:
    """The embedded broker of Unacked."""
    try:
        asyncio.run(serve(**options))
    except (CannotStart, NotOurs, CannotStore) as error:
        print(f"unacked broker: {error}", file=sys.stderr)
        sys.exit(1 if isinstance(error, CannotStore) else 2)


if __name__ == "__main__":
    main()
