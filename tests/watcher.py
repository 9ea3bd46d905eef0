"""Who watches the frames over Socket.IO, as a page does."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any

import socketio

from tests.fake_engine import DEADLINE

SECTIONS = {"queues", "workers", "producers", "tasks"}


class Page:
    """A browser's page without the browser: merges frames as the page does."""

    def __init__(self, url: str, transports: tuple[str, ...] = ("websocket",)) -> None:
        self.view: dict[str, Any] = {}
        self.frames: queue.Queue[dict[str, Any]] = queue.Queue()
        self.client = socketio.Client(reconnection=False)
        self.client.on("frame", self.take)
        self.client.connect(url, transports=list(transports), wait_timeout=int(DEADLINE))

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()

    def take(self, *frames: dict[str, Any]) -> None:
        for frame in frames:
            self.frames.put(frame)

    def next(self) -> dict[str, Any]:
        frame = self.frames.get(timeout=DEADLINE)
        if frame.get("key"):
            self.view = dict(frame)
        else:
            assert frame["n"] == self.view["n"] + 1, "a gap"
            for name, section in frame.items():
                if name in SECTIONS:
                    merged = {**self.view[name], **section}
                    self.view[name] = {key: value for key, value in merged.items() if value is not None}
                else:
                    self.view[name] = section
        return frame

    def until(self, condition: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Take frames until the merged view is as wanted; the view."""
        deadline = time.monotonic() + DEADLINE
        while not (self.view and condition(self.view)):
            assert time.monotonic() < deadline, self.view
            self.next()
        return self.view

    def ask(self, *message: object) -> Any:
        return self.client.call(
            "command", message if len(message) != 1 else message[0], timeout=int(DEADLINE)
        )
