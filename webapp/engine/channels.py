"""What the observer knows of one channel: consumers, what they hold, requests not answered yet, a message under way. Pure."""

from __future__ import annotations

import itertools
from collections import deque
from typing import Any, Literal, TypeAlias

from webapp.engine import wire

Side: TypeAlias = Literal["client", "broker"]
PENDING_MAX = 10_000  # unanswered requests and unconfirmed publishes we remember per channel
LEAVING_MAX = 1_000  # consumers cancelled with no-wait that we remember per channel


class Content:
    """A message under way: its method was seen, its header and body follow on the same channel."""

    __slots__ = ("body", "dots", "header", "method", "missing", "task")

    def __init__(self, method: Any) -> None:
        self.method = method
        self.header: wire.Header | None = None
        self.task = ""
        self.missing = 0
        self.body = b""
        self.dots = 0  # of the whole body, where it is longer than a preview


class Channel:
    """What is known of one channel: its consumers, what they hold, and what it asked and was not yet answered."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.consumers: dict[str, tuple[str, bool]] = {}  # consumer tag -> (queue, auto_ack)
        self._leaving: dict[str, None] = {}  # those cancelled without a word from the broker, oldest first
        self.unacked: dict[int, str] = {}  # delivery tag -> task, oldest first
        self.contents: dict[Side, Content | None] = {"client": None, "broker": None}
        self.requests: deque[tuple[int, Any]] = deque(
            maxlen=PENDING_MAX
        )  # (number of the awaited answer, the request)
        self.gets: deque[Any] = deque(maxlen=PENDING_MAX)
        self.queue = ""  # the last one declared: what an empty queue name means
        self.prefetch = 0  # for each consumer that starts from now on
        self.prefetch_shared = 0  # for the whole channel (basic.qos with `global`)
        self.publish_seq: int | None = None  # counts publishes once confirm.select was seen
        self.unconfirmed: dict[int, str] = {}
        self.closing: Any = None  # the client's channel.close, until the broker's close-ok

    def consumes(self, consumer: str, queue: str, auto_ack: bool) -> None:
        """This consumer has begun."""
        self.consumers[consumer] = queue, auto_ack
        self._leaving.pop(consumer, None)

    def cancelled(self, consumer: str, *, heard: bool) -> None:
        """This consumer is over. `heard`: the broker has said so, and every delivery to it came before that; else some are under way
        and will name it."""
        if heard:
            self.consumers.pop(consumer, None)
        elif consumer in self.consumers:
            self._leaving[consumer] = None
            if len(self._leaving) > LEAVING_MAX:
                oldest = next(iter(self._leaving))
                del self._leaving[oldest]
                self.consumers.pop(oldest, None)

    def answered(self, answer: int) -> Any:
        """The oldest request that waits for this answer, taken off the list; None where there is none."""
        for at, (awaited, request) in enumerate(self.requests):
            if awaited == answer:
                del self.requests[at]
                return request
        return None


def take(waiting: dict[int, str], tag: int, multiple: bool) -> list[tuple[int, str]]:
    """Removes what an ack for `tag` speaks of; with `multiple` all up to it, tag 0 then meaning all (AMQP 0-9-1, basic.ack)."""
    if not multiple:
        task = waiting.pop(tag, None)
        return [] if task is None else [(tag, task)]
    up_to = itertools.takewhile(lambda item: tag == 0 or item[0] <= tag, waiting.items())  # tags ascend
    taken = list(up_to)
    for each, _ in taken:
        del waiting[each]
    return taken
