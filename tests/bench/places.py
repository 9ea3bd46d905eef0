"""What is measured: a broker straight, the same behind a tap, the same behind the whole web process. Started when first asked for.

straight   client ──────────────────────────────► broker
tap        client ──► engine, its events unread ──► the same broker
demo       client ──► engine ──► the same broker      engine ──events──► web ──frames──► a page
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

from tests.broker.nodes import BROKERS, Guard
from tests.demo import Demo
from tests.engine_process import EngineProcess


class Unheard(EngineProcess):  # type: ignore[misc]
    """An engine whose events are read, so that it is never held back, and thrown away."""

    def _heard(self, line: str) -> None:
        if self._amqp_port is None:
            super()._heard(line)


class Scene:
    """`with Scene() as scene:` and everything it started ends with it. A place is the URL that clients connect to."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._straight: dict[str, str] = {}
        self._taps: dict[str, str] = {}

    def __enter__(self) -> Scene:
        self._stack.__enter__()
        self._guard = Guard()
        self._stack.callback(self._guard.close)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    def straight(self, kind: str) -> str:
        """The broker itself: `embedded`, or `rabbitmq`, a private node."""
        if kind not in self._straight:
            self._straight[kind] = url(self.fresh(kind).port)
        return self._straight[kind]

    def fresh(self, kind: str) -> Any:
        """A broker that nobody has used yet, as tests/broker/nodes.py has it."""
        node = BROKERS[kind](self._guard, self.folder())
        node.start()
        self._stack.callback(node.close)
        return node

    def tap(self, kind: str) -> str:
        """A tap in front of that broker, no workers, its events thrown away."""
        if kind not in self._taps:
            engine = Unheard("--workers", "0", data=self.folder(), broker=self.straight(kind))
            self._stack.enter_context(engine)
            self._taps[kind] = url(engine.amqp_port)
        return self._taps[kind]

    def demo(self, kind: str, *flags: str) -> Demo:
        """The whole web process in front of that broker. Whoever asks for one ends it: `with scene.demo(…) as demo:`."""
        return Demo(self.folder(), *flags, broker=self.straight(kind))

    def folder(self) -> Path:
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory()))


def url(port: int) -> str:
    return f"amqp://guest:guest@127.0.0.1:{port}/%2F"
