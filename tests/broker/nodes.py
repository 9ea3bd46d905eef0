"""Starts the two brokers of the contract suite: the embedded one, and a private RabbitMQ node on ports and folders of its own.

Each has `port`, `start`, `stop` (SIGTERM), `kill` (kill -9); a second start uses the same port and data. Whatever way the tests end, the undertaker ends both.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

from webapp.engine import undertaker
from webapp.engine.brokers import free_ports

ACK_TIMEOUT = 5  # seconds
START_TIMEOUT = 60  # seconds; RabbitMQ takes about seven
DEBIAN_SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"  # the wrapper in /usr/sbin changes user


class Guard:
    """Kills the process groups it was told of when this process is gone."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, undertaker.__file__], stdin=subprocess.PIPE, start_new_session=True, text=True
        )

    def spawn(self, *argv, **more):
        """Starts a process in a group of its own."""
        process = subprocess.Popen(argv, start_new_session=True, **more)
        print(f"+ {process.pid}", file=self._process.stdin, flush=True)
        return process

    def kill(self, process):
        """kill -9 for the whole group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        print(f"- {process.pid}", file=self._process.stdin, flush=True)

    def close(self):
        self._process.stdin.close()
        self._process.wait()


class Embedded:
    """`python -m webapp.broker`."""

    kind = "embedded"

    def __init__(self, guard, data):
        self.port = 0
        self.data = data
        self._guard, self._process = guard, None

    @property
    def pid(self):
        return self._process.pid

    def start(self, **more):
        self.port = json.loads(self.spawn(**more).stdout.readline())["port"]

    def spawn(self, **more):
        """The process, which does not listen yet."""
        argv = [sys.executable, "-m", "webapp.broker", "--detached", "--data", str(self.data)]
        argv += ["--port", str(self.port), "--ack-timeout", str(ACK_TIMEOUT)]
        self._process = self._guard.spawn(*argv, stdout=subprocess.PIPE, text=True, **more)
        return self._process

    def stop(self):
        self._process.terminate()
        self._process.wait()
        self.kill()

    def kill(self):
        self._guard.kill(self._process)
        self._process.stdout.close()

    close = kill


class RabbitMQ:
    """A private RabbitMQ node with its own epmd. Source: RabbitMQ's configuration and file-location guides."""

    kind = "rabbitmq"

    def __init__(self, guard, data):
        self.port, self._epmd_port, self._dist_port = free_ports(3)
        self._guard, self._data, self._process, self._epmd = guard, data, None, None

    def start(self):
        env = self._environment()
        if self._epmd is None:
            self._epmd = self._guard.spawn(shutil.which("epmd"), "-port", str(self._epmd_port), env=env)
        server = DEBIAN_SERVER if os.access(DEBIAN_SERVER, os.X_OK) else shutil.which("rabbitmq-server")
        with (self._data / "start.log").open("w") as log:
            self._process = self._guard.spawn(server, env=env, stdout=log, stderr=log)
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            assert self._process.poll() is None, (self._data / "start.log").read_text()
            assert time.monotonic() < deadline, "RabbitMQ does not listen"
            time.sleep(0.05)

    def stop(self):
        os.kill(int((self._data / "node.pid").read_text()), signal.SIGTERM)
        self._process.wait()
        self.kill()

    def kill(self):
        self._guard.kill(self._process)

    def close(self):
        self.kill()
        self._guard.kill(self._epmd)

    def _environment(self):
        data = self._data
        (data / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"consumer_timeout = {ACK_TIMEOUT * 1000}\n"
            "log.console = false\n"
            "log.file.level = warning\n"
        )
        (data / "advanced.config").write_text("[{rabbit,[{channel_tick_interval,1000}]}].\n")
        (data / "enabled_plugins").write_text("[].\n")
        env = {key: value for key, value in os.environ.items() if not key.startswith(("RABBITMQ_", "ERL_"))}
        return env | {
            "HOME": str(data),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"contract-{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_CONFIG_FILE": str(data / "rabbitmq"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(data / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(data / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(data / "mnesia"),
            "RABBITMQ_LOG_BASE": str(data / "log"),
            "RABBITMQ_PID_FILE": str(data / "node.pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }


BROKERS = {each.kind: each for each in (Embedded, RabbitMQ)}
