"""Drives a real engine process as its parent does: orders in, events out."""

import itertools
import json
import subprocess
import sys
import threading
import time

DEADLINE = 45  # seconds to wait for an event; RabbitMQ needs about seven to start


class EngineProcess:
    """`with EngineProcess("--workers", "2") as engine:` starts one on free ports. `events` is what it has said so far."""

    def __init__(self, *flags, data, broker="embedded", change=""):
        """`change` is some Python that is run before the engine begins."""
        begin = f"{change}; from webapp.engine.__main__ import main; main()"
        argv = [
            sys.executable,
            *(("-c", begin) if change else ("-m", "webapp.engine")),
            "--amqp-port",
            "0",
            "--data",
            str(data),
            "--broker",
            broker,
        ]
        self.process = subprocess.Popen(
            [*argv, *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.events = []
        self.noise = []
        self._amqp_port = None
        self._news = threading.Condition()
        self._ids = itertools.count(1)
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self._heard), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, self.noise.append), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Closes its standard input and waits for its end; returns the exit code."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        return self.ended()

    def ended(self):
        """Waits for its end, however it comes; returns the exit code."""
        code = self.process.wait(DEADLINE)
        for reader in self._readers:
            reader.join(DEADLINE)
        self.process.stdout.close()
        self.process.stderr.close()
        self.process.stdin.close()
        return code

    def wait(self, kind, count=1, **fields):
        """The `count`th event of this type with these fields; raises AssertionError with all events when the deadline passes."""

        def found():
            return [
                event
                for event in self.events
                if event["type"] == kind and all(event.get(key) == value for key, value in fields.items())
            ]

        end = time.monotonic() + DEADLINE
        with self._news:
            while len(found()) < count:
                left = end - time.monotonic()
                if left <= 0 or (self.process.poll() is not None and not self._readers[0].is_alive()):
                    raise AssertionError(f"no {kind} {fields} in {self.events} {self.noise}")
                self._news.wait(min(left, 1))
            return found()[count - 1]

    def order(self, do, **fields):
        """Sends an order and waits for its reply."""
        number = next(self._ids)
        self.say(json.dumps({"id": number, "do": do, **fields}))
        return self.wait("Reply", id=number)

    def say(self, line):
        """Sends one raw line."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def fresh(self, **settings):
        """A reset, with these settings; what was said before it is forgotten. Its workers consume when this returns."""
        assert self.order("settings", **{"ack": "manual", "prefetch": 1, **settings})["ok"]
        assert self.order("reset")["ok"]
        at = self.wait("RunReset", count=len([e for e in self.events if e["type"] == "RunReset"]))["seq"]
        with self._news:
            self.events[:] = [event for event in self.events if event.get("seq", 0) > at]
        return self

    @property
    def amqp_port(self):
        if self._amqp_port is None:
            self._amqp_port = self.wait("BrokerStarted")["amqp_port"]
        return self._amqp_port

    def name_of(self, conn):
        """The connection_name of the client on this connection."""
        return self.wait("ConnectionOpened", conn=conn)["name"]

    def _heard(self, line):
        with self._news:
            self.events.append(json.loads(line))
            self._news.notify_all()

    def _read(self, stream, take):
        for line in stream:
            take(line)
        with self._news:
            self._news.notify_all()
