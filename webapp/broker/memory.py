"""How much the messages take, and who has to wait while it is too much: RabbitMQ's memory alarm. Pure.

RabbitMQ measures its process and compares with the machine's memory; here the messages are counted, whole ones and those still
coming in. While there are too many bytes of them, whoever publishes is not read any more. Who only consumes goes on, and makes room.
"""

from __future__ import annotations

from collections.abc import Callable

from webapp.broker.queues import Message

MAX = 512 * 1024 * 1024  # bytes
OVERHEAD = 512  # bytes that a message takes beside its body and its properties


class Memory:
    """Counts bytes; what is `waiting` is called when there is room again."""

    def __init__(self, limit: int = MAX) -> None:
        self.used = 0
        self.full = False
        self.waiting: set[Callable[[], None]] = set()
        self._limit = limit

    def add(self, size: int) -> None:
        """So many bytes more, or fewer."""
        self.used += size
        self.full = self.used > self._limit
        if self.waiting and not self.full:
            waiting, self.waiting = self.waiting, set()
            for each in waiting:
                each()


def size(message: Message) -> int:
    """Bytes that a message takes."""
    return len(message.body) + len(message.properties) + OVERHEAD
