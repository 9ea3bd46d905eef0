"""Starts clients as processes of their own and hears what they say; and the one run that most measurements need: tasks a second."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import subprocess
import sys
import time
from typing import Any

from tests.fake_engine import CHECKOUT

PATIENCE = 60.0  # seconds for a client to say something
CONSUMERS = 2
PREFETCH = 20

_names = (f"bench-{os.getpid()}-{n}" for n in itertools.count(1))


def a_queue() -> str:
    """A name that no queue has had yet."""
    return next(_names)


class Silent(Exception):
    """A client said nothing in time, or ended."""


class Client:
    """`with Client("consume", url=…) as client:` starts one; it is ready when this returns, and killed at the end if it still runs."""

    def __init__(self, do: str, **fields: Any) -> None:
        self._rest = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.client", json.dumps({"do": do, **fields})],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.do = do
        try:
            self.hears("ready")
        except Silent:
            self.close()
            raise

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def hears(self, name: str) -> Any:
        """What its next line says of `name`. Raises Silent."""
        return self.line()[name]

    def line(self) -> dict[str, Any]:
        """Its next line. Raises Silent."""
        assert self.process.stdout
        deadline = time.monotonic() + PATIENCE
        while b"\n" not in self._rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise Silent(f"{self.do} has said nothing for {PATIENCE:.0f} seconds")
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                raise Silent(f"{self.do} ended with exit code {self.process.wait()}")
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        fields: dict[str, Any] = json.loads(line)
        return fields

    def tell(self, text: str = "go") -> None:
        assert self.process.stdin
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def kill(self) -> float:
        """kill -9; returns when."""
        at = time.monotonic()
        self.process.kill()
        return at

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def tasks_per_second(
    url: str, count: int, *, persistent: bool = False, size: int = 5, lasting: str = ""
) -> float:
    """From the first publish until the broker has the last ack: one publisher, two consumers with prefetch 20.

    Transient messages go without confirms; persistent ones to a durable queue, with confirms. `size` is a body's, in bytes;
    `lasting` names a queue that stays, otherwise it is one that goes with its consumers."""
    queue = lasting or a_queue()
    consumer = {"url": url, "queue": queue, "durable": persistent, "lasting": bool(lasting)}
    publish = "publish_confirmed" if persistent else "publish"
    with contextlib.ExitStack() as stack:
        consumers = [
            stack.enter_context(Client("consume", **consumer, prefetch=PREFETCH)) for _ in range(CONSUMERS)
        ]
        publisher = stack.enter_context(
            Client(publish, url=url, queue=queue, count=count, stops=CONSUMERS, size=size)
        )
        publisher.tell()
        began = publisher.hears("began")
        ends = [consumer.line() for consumer in consumers]
    acked = sum(end["acked"] for end in ends)
    if acked != count:
        raise Silent(f"{acked} of {count} tasks were acknowledged")
    took: float = max(end["ended"] for end in ends) - began
    return count / took
