"""The web process, and the command `unacked`: makes the standard library green, wires the parts up, runs until told to stop.

settings ─► engine (a process) ─► Camera, Current ─► Broadcaster ─► pages
                 ▲                     └─► Film ─────► REST ───────►│
                 └───────── Desk (commands) ◄─ REST, Socket.IO ─────┘
"""

from __future__ import annotations

import os
import warnings

# Its DNS resolver is not needed here, and without a network it makes every name slow.
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message=r"[\s\S]*Eventlet is deprecated")
    import eventlet

eventlet.monkey_patch()

# Only now the rest: what it imports has to be the green kind.
# ruff: noqa: E402
import contextlib
import errno
import logging
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import click
import eventlet.wsgi
from flask import Flask

from webapp import app as pages
from webapp import frames, screening, settings, sockets
from webapp.camera import Camera
from webapp.commands import Desk
from webapp.current import Current
from webapp.engine import BROKER_VARIABLE
from webapp.events import AnyEvent, BrokerStarted
from webapp.film import Film
from webapp.producer import Producer
from webapp.settings import CHECKOUT, OPTIONS, BadSetting, Settings
from webapp.sources import CANNOT_START, Live

log = logging.getLogger("unacked")

ENGINE: Sequence[str] = (sys.executable, "-m", "webapp.engine")  # tests put another one in its place
MOST_CONNECTIONS = 4096  # open at once, at the page's port
LONGEST_ADDRESS = 65_536  # bytes: a link with the longest task in it, every byte escaped, has to arrive
BACKLOG = 512
NAMES = {"embedded": "the embedded broker", "rabbitmq": "a private RabbitMQ node", "external": "the broker"}


class CannotStart(Exception):
    """Why not, and what to do, in one line."""


def main() -> None:
    """The command line. Exit code 0 after Ctrl-C or SIGTERM, 2 if it could not start."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="unacked: %(message)s")
    # pika tells of every lost connection at length; what matters of it is shown on the page.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    try:
        sys.exit(command_line().main(standalone_mode=False) or 0)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        problem = error.format_message().rstrip(".")
        print(f"unacked: {problem}. See unacked --help.", file=sys.stderr)
    except (BadSetting, CannotStart) as error:
        print(f"unacked: {error}", file=sys.stderr)
    sys.exit(2)


def command_line() -> click.Command:
    """The command with one flag for each row of settings.OPTIONS; values are checked there, not by click."""

    def run_with(open_it: bool | None, **flags: str | None) -> int:
        if open_it is not None:
            flags["open"] = "yes" if open_it else "no"
        return run(settings.read(flags, os.environ))

    flags: list[click.Parameter] = [
        click.Option(
            [option.flag, option.name],
            metavar="TEXT",
            help=f"{option.help} [{option.variable}{', ' + option.also if option.also else ''}; default: {option.default}]",
        )
        for option in OPTIONS
        if option.name != "open"
    ]
    open_help = next(option.help for option in OPTIONS if option.name == "open")
    flags.append(
        click.Option(["--open/--no-open", "open_it"], default=None, help=f"{open_help} [UNACKED_OPEN]")
    )
    command = click.Command(
        "unacked",
        callback=run_with,
        params=flags,
        help="Shows what RabbitMQ does with the task of a worker that died.",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    return click.version_option(version("unacked"), prog_name="unacked")(command)


def run(chosen: Settings) -> int:
    """Run until a signal comes. Returns the exit code. Raises CannotStart."""
    happenings: queue.Queue[tuple[str, Any]] = queue.Queue()
    watch_signals(happenings)
    listener = bind(chosen.host, chosen.port)
    page_url = f"http://{in_url(reachable(chosen.host))}:{listener.getsockname()[1]}/"

    current = Current()
    camera = Camera(current, lambda: engine.alive, Film(chosen.data))

    def take(event: AnyEvent) -> None:
        camera.take(event)
        if isinstance(event, BrokerStarted):
            producer.retry()
            happenings.put(("broker", event))

    os.environ[BROKER_VARIABLE] = chosen.broker
    engine = Live(
        command=lambda: engine_command(chosen, current),
        on_event=take,
        on_life=current.changed.set,
        on_exit=lambda code: happenings.put(("engine ended", code)),
    )
    producer = Producer(
        chosen,
        lambda: current.amqp_port if engine.alive and current.broker_up else None,
        lambda: (current.state.settings.durable, current.state.settings.kind),
    )
    desk = Desk(engine, producer, lambda: current.state)

    def health() -> dict[str, bool]:
        tap = engine.alive and current.amqp_port is not None
        return {
            "page": True,
            "engine": engine.alive,
            "tap": tap,
            "broker": tap and current.broker_up,
        }

    app = pages.create(desk, lambda: frames.report(current.state), health, CHECKOUT)
    screening.attach(app, camera.film, current.now)
    sockets.attach(app, desk, camera).start()
    serve(listener, app)
    engine.start()
    producer.start()

    announced, first = None, True
    stopping = False
    while not stopping:
        what, news = happenings.get()
        if what == "signal":
            stopping = True
        elif what == "broker":
            if announced != news.amqp_port:
                announce(page_url, chosen, news, first=announced is None)
                if announced is None:
                    open_browser(page_url, chosen.open)
                announced = news.amqp_port
        elif (
            news == CANNOT_START and first
        ):  # the engine could not start, or not its workers: it has said why
            return CANNOT_START
        elif announced is None:
            raise CannotStart(f"the engine ended at its start ({how_it_ended(news)}).")
        else:
            first = False
            print(f"unacked: the engine ended ({how_it_ended(news)}) and is started again.", file=sys.stderr)
    say("Stopping …")
    producer.stop()
    engine.stop()
    return 0


def engine_command(chosen: Settings, current: Current) -> Sequence[str]:
    """What to start an engine with: the settings; but one that takes another's place goes on with its run: with the settings as the
    page left them, as many workers, the tap's old port (other people's clients know that one) and the broker's data."""
    state, port = current.state, current.port_before
    given: dict[str, object] = {
        "--host": chosen.host,
        "--amqp-port": chosen.amqp_port,
        "--workers": chosen.workers,
        "--ack": chosen.ack,
        "--prefetch": chosen.prefetch,
        "--queue": chosen.queue,
        "--ack-timeout": chosen.ack_timeout,
        "--data": chosen.data,
    }
    if port is not None:
        given |= {
            "--amqp-port": port,
            "--workers": sum(worker.kind == "local" for worker in state.workers.values()),
            "--ack": state.settings.ack,
            "--prefetch": state.settings.prefetch,
            "--durable": state.settings.durable,
            "--kind": state.settings.kind,
            "--idempotent": state.settings.idempotent,
            "--resume": f"{state.seq}@{current.began:.6f}",
        }
    words = [word for flag, value in given.items() for word in (flag, str(value))]
    return [*ENGINE, *words]


def watch_signals(happenings: queue.Queue[tuple[str, Any]]) -> None:
    """Put SIGINT and SIGTERM among the happenings; a second one ends the process at once.

    Python restarts the wait for the network after a handler has run, so a flag would be seen late: the wake-up socket
    makes a signal an event of the network too."""
    reader, writer = socket.socketpair()
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)

    def read() -> None:
        with reader, writer:
            while True:
                for number in reader.recv(16):
                    if number in (signal.SIGINT, signal.SIGTERM):
                        happenings.put(("signal", number))

    threading.Thread(target=read, name="signals", daemon=True).start()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises CannotStart with what to do."""
    listener = None
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        if listener is not None:
            listener.close()
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"port {port} is in use: choose another with --port, or 0 for any free one."
            ) from None
        if error.errno == errno.EACCES:
            raise CannotStart(f"port {port} is not open to you: choose one above 1023 with --port.") from None
        reason = error.strerror or str(error)
        raise CannotStart(f"cannot listen on {host}: {reason}. Choose another address with --host.") from None
    return listener


class Unread:
    """Where eventlet writes what it finds odd about clients, such as one that hung up: nobody has to do anything about it."""

    def write(self, text: str) -> None:
        log.debug("page: %s", text.rstrip())

    def flush(self) -> None:
        pass


def serve(listener: socket.socket, app: Flask) -> None:
    """Answer requests in the background."""
    environ = {
        "wsgi.errors": Unread(),
        # eventlet ends a chunked body by itself; without this Flask would take it for an empty one
        "wsgi.input_terminated": True,
    }
    kwargs = {
        "environ": environ,
        "log": Unread(),
        "log_output": False,
        "debug": False,
        "max_size": MOST_CONNECTIONS,
        "url_length_limit": LONGEST_ADDRESS,
    }
    threading.Thread(
        target=eventlet.wsgi.server, args=(listener, app), kwargs=kwargs, name="page", daemon=True
    ).start()


def announce(page_url: str, chosen: Settings, broker: BrokerStarted, first: bool) -> None:
    amqp_url = f"amqp://{in_url(chosen.tap_host)}:{broker.amqp_port}/"
    if not first:
        say(f"  The tap has a new port: {amqp_url}")
        return
    asked = chosen.amqp_port
    other = f"  ({asked} was taken)" if asked not in (0, broker.amqp_port) else ""
    say(
        f"\n  Unacked is running.\n\n"
        f"  Page    {page_url}\n"
        f"  AMQP    {amqp_url}{other}\n"
        f"  Broker  {broker.product} {broker.version}, {NAMES.get(broker.kind, broker.kind)}\n\n"
        f"  Ctrl-C stops everything.\n"
    )


def say(text: str) -> None:
    """Print, for whoever still reads: a closed pipe is no reason to stop."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


def open_browser(url: str, wanted: bool | None) -> None:
    """Open the page, from a process of its own: no browser, or one that blocks, must not trouble us."""
    if wanted is None:
        wanted = sys.stdout.isatty() and bool(
            sys.platform in ("darwin", "win32")
            or os.environ.get("DISPLAY")
            or os.environ.get("WAYLAND_DISPLAY")
        )
    if not wanted:
        return
    quiet = subprocess.DEVNULL
    try:
        subprocess.Popen(
            [sys.executable, "-m", "webbrowser", url],
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,
        )
    except OSError as error:
        log.warning("could not open a browser (%s): the page is at %s", error, url)


def reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def how_it_ended(code: int) -> str:
    if code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"


if __name__ == "__main__":
    main()
