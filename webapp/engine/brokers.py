"""The three brokers with one face: start, kill, say where it listens.

    embedded          our own, `python -m webapp.broker`; a free port, data in our folder
    rabbitmq          a private RabbitMQ node from an installed rabbitmq-server: own ports, own folder, short timeouts
    amqp[s]://…       a RabbitMQ that is already there; not ours to start or stop

Must not know the tap or the workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import shutil
import socket
import ssl
import sys
from abc import ABC, abstractmethod
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from webapp.engine.children import Children
from webapp.engine.no_process import why_not
from webapp.engine.tap import Address

PORTS = "ports"  # the file where a node's ports are written down
QUIET_PORTS = (20_000, 32_000)
START_TIMEOUT = (
    60.0  # seconds a broker of ours has to listen; RabbitMQ takes about seven, more on a busy machine
)
DEBIAN_SERVER = (
    "/usr/lib/rabbitmq/bin/rabbitmq-server"  # the wrapper in /usr/sbin changes user; this is what it calls
)


class BrokerFailed(Exception):
    """The broker cannot be had; the text is one line that says why and what to do."""


class Broker(ABC):
    """A broker. `own` is true where its process is ours; `ack_timeout` is in seconds, 0 where not ours to set."""

    kind: str
    own = True
    ack_timeout: float | None = None
    settle_for = 0.0  # seconds between the making of a queue and a kill -9 that it survives
    username = "guest"
    password = "guest"
    vhost = "/"

    @abstractmethod
    async def start(self) -> None:
        """Returns once the broker listens. A second start uses the same port and data. Raises BrokerFailed."""

    @property
    @abstractmethod
    def address(self) -> Address:
        """Where it listens."""

    async def kill(self) -> None:  # noqa: B027 - a broker that is not ours has nothing to do here
        """kill -9, and wait for the end."""

    async def close(self) -> None:
        """Ends the process, and what came with it, for good."""
        await self.kill()

    async def wait(self) -> str:
        """Returns, with a word on how, when the process has ended by itself; never where it is not ours."""
        await asyncio.Event().wait()
        return ""

    @property
    def pid(self) -> int:
        """The process's id, 0 where it is not ours."""
        return 0

    def url(self, host: str, port: int, *, password: bool = True) -> str:
        """The URL of this broker at `host` and `port` (the tap's, say), with its user and virtual host."""
        user = quote(self.username, safe="") + (":" + quote(self.password, safe="") if password else "")
        host = f"[{host}]" if ":" in host else host
        return f"amqp://{user}@{host}:{port}/{quote(self.vhost, safe='')}"


class OwnBroker(Broker):
    """What the two brokers that are processes of ours share."""

    def __init__(self, children: Children, data: Path, ack_timeout: float) -> None:
        self.ack_timeout = ack_timeout
        self._children = children
        self._data = data
        self._port = 0
        self._process: Process | None = None
        self._draining: asyncio.Task[None] | None = None

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self._port)

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    async def kill(self) -> None:
        process, self._process = self._process, None
        if process:
            await self._children.kill(process)

    async def wait(self) -> str:
        process = self._process
        if process is None:
            return "not started"
        code = await process.wait()
        self._children.ended(process)
        return f"exit code {code}" if code >= 0 else f"signal {-code}"

    async def _spawn(self, *argv: str, **more: Any) -> Process:
        """One of our processes. Raises BrokerFailed."""
        try:
            return await self._children.spawn(*argv, **more)
        except OSError as error:
            raise BrokerFailed(f"{argv[0]} could not be started: {why_not(error)}") from error

    def _drain(self, process: Process) -> None:
        """Reads what the process prints for ever, so that it never blocks on a full pipe."""

        async def read() -> None:
            assert process.stdout
            while await process.stdout.read(65536):
                pass

        self._draining = asyncio.create_task(read())


class Embedded(OwnBroker):
    """Our own small broker."""

    kind = "embedded"

    async def start(self) -> None:
        self._process = await self._spawn(
            sys.executable,
            "-m",
            "webapp.broker",
            "--detached",  # the undertaker watches over it
            "--port",
            str(self._port),
            "--data",
            str(self._data),
            "--ack-timeout",
            str(self.ack_timeout),
            stderr=None,
        )
        assert self._process.stdout
        line = b""
        with contextlib.suppress(TimeoutError):
            line = await asyncio.wait_for(self._process.stdout.readline(), START_TIMEOUT)
        if not line:
            await self.kill()
            raise BrokerFailed("the embedded broker did not start: its own words stand above")
        try:
            self._port = int(json.loads(line)["port"])
        except (ValueError, KeyError, TypeError) as error:
            await self.kill()
            raise BrokerFailed(f"the embedded broker said {line[:80]!r} instead of its port") from error
        self._drain(self._process)


class RabbitMQ(OwnBroker):
    """A private RabbitMQ node. Source of every setting: the RabbitMQ configuration and file-location guides."""

    kind = "rabbitmq"
    # A quorum queue is registered on disk by a timer: killed half a second after its declare, 3.10.8 brings it back without a
    # leader, and a consume on it is never answered (measured; after 1.5 s it comes back whole).
    settle_for = 3.0

    def __init__(self, children: Children, data: Path, ack_timeout: float) -> None:
        super().__init__(children, data, ack_timeout)
        self._epmd: Process | None = None
        self._ports: tuple[int, int] = (0, 0)

    async def start(self) -> None:
        server = DEBIAN_SERVER if os.access(DEBIAN_SERVER, os.X_OK) else shutil.which("rabbitmq-server")
        epmd = shutil.which("epmd")
        if not server or not epmd:
            raise BrokerFailed(
                "rabbitmq-server is not installed: install it (Debian: apt install rabbitmq-server), "
                "or leave out --broker rabbitmq to use the embedded broker"
            )
        if not self._port:
            self._port, *ports = self._ports_before() or free_ports(3)
            self._ports = (ports[0], ports[1])
        try:
            env = self._environment()
        except OSError as error:
            raise BrokerFailed(
                f"the data folder {self._data} cannot be used ({error.strerror}): choose another with --data"
            ) from error
        if self._epmd is None:  # started by us, in the foreground: the node would leave a daemon behind
            self._epmd = await self._spawn(epmd, "-port", env["ERL_EPMD_PORT"], env=env)
            self._drain(self._epmd)
        log = self._data / "start.log"
        self._process = await self._spawn("/bin/sh", "-c", 'exec "$0" >"$1" 2>&1', server, str(log), env=env)
        await self._listening(log)

    async def close(self) -> None:
        await self.kill()
        epmd, self._epmd = self._epmd, None
        if epmd:
            await self._children.kill(epmd)

    def _ports_before(self) -> list[int]:
        """Those of the node whose data is here: its name has the port in it, and its data its name."""
        try:
            return [int(port) for port in (self._data / PORTS).read_text().split()]
        except (OSError, ValueError):
            return []

    def _environment(self) -> dict[str, str]:
        data = self._data
        assert self.ack_timeout is not None
        data.mkdir(parents=True, exist_ok=True)
        (data / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self._port}\n"
            f"consumer_timeout = {round(self.ack_timeout * 1000)}\n"
            "log.console = false\n"
            "log.file.level = warning\n"
        )
        (data / PORTS).write_text(" ".join(map(str, (self._port, *self._ports))))
        # Without the short tick the timeout is looked at once a minute only.
        (data / "advanced.config").write_text("[{rabbit,[{channel_tick_interval,1000}]}].\n")
        (data / "enabled_plugins").write_text("[].\n")
        env = {key: value for key, value in os.environ.items() if not key.startswith(("RABBITMQ_", "ERL_"))}
        return env | {
            "HOME": str(data),
            "ERL_EPMD_PORT": str(self._ports[0]),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"unacked-{self._port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._ports[1]),
            "RABBITMQ_CONFIG_FILE": str(data / "rabbitmq"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(data / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(data / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(data / "mnesia"),
            "RABBITMQ_LOG_BASE": str(data / "log"),
            "RABBITMQ_PID_FILE": str(data / "node.pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }

    async def _listening(self, log: Path) -> None:
        assert self._process
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT
        while asyncio.get_running_loop().time() < deadline:
            if self._process.returncode is not None:
                break
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
                writer.close()
                return
            await asyncio.sleep(0.1)
        await self.kill()
        raise BrokerFailed(f"the private RabbitMQ node did not start: see {log} and {self._data / 'log'}")


class External(Broker):
    """A RabbitMQ that somebody else runs, named by an AMQP URL."""

    kind = "external"
    own = False

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            raise BrokerFailed("the port in the broker URL is not a number from 1 to 65535") from None
        if parts.scheme not in ("amqp", "amqps") or not parts.hostname:
            raise BrokerFailed("the broker URL must look like amqp://user:password@host:5672/vhost")
        tls = ssl.create_default_context() if parts.scheme == "amqps" else None
        self._address = Address(parts.hostname, port or (5671 if tls else 5672), tls)
        self.username = unquote(parts.username or "guest")
        self.password = unquote(parts.password or "guest")
        self.vhost = unquote(parts.path[1:]) or "/"

    async def start(self) -> None:
        """Nothing to start; whether it answers, the monitor finds out."""

    @property
    def address(self) -> Address:
        return self._address


def make(which: str, children: Children, data: Path, ack_timeout: float) -> Broker:
    """The broker that `--broker` names: embedded, rabbitmq, or an AMQP URL. Raises BrokerFailed."""
    own = {"embedded": Embedded, "rabbitmq": RabbitMQ}.get(which)
    return own(children, data, ack_timeout) if own else External(which)


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago, all different. They lie below the range from which systems take ports for outgoing
    connections: a node takes seconds to listen, and until then nobody keeps its port."""
    found: set[int] = set()
    while len(found) < count:
        port = random.randint(*QUIET_PORTS)
        with socket.socket() as each, contextlib.suppress(OSError):
            each.bind(("127.0.0.1", port))
            found.add(port)
    return list(found)
