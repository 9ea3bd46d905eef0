"""A queue as the page knows it: its ready tasks in their order, and what the broker's own count of them says. Plain data; pure."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice

from webapp.records import Rank, Task


class Queue:
    """A queue's ready tasks in their order. Cheap at both ends, and to put a task back where it stood.

    Those never delivered stand in order anyway; those put back are few or go out again soon, so they are kept apart, sorted.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.kind = "classic"
        self.durable: bool | None = None  # None: not seen to be declared, counts as durable
        self.unacked = 0
        self.difference = 0  # the broker's own count of ready messages less ours, once both stood still
        self._counted: int | None = None  # that count, as long as nothing has happened here since
        self._again = 0  # how often it has come again
        # the broker died: what was published on connections up to this one may be gone
        self.doubtful_to: int | None = None
        self._fresh: OrderedDict[str, Task] = OrderedDict()
        self._returned: list[tuple[Rank, Task]] = []
        self._gone = 0  # so many at the head of _returned have left

    def __len__(self) -> int:
        return len(self._fresh) + len(self._returned) - self._gone

    def __iter__(self) -> Iterator[Task]:
        """Its ready tasks, the next to go out first."""
        at, end = self._gone, len(self._returned)
        for task in self._fresh.values():
            while at < end and self._returned[at][0] < task.rank:
                yield self._returned[at][1]
                at += 1
            yield task
        for _, task in islice(self._returned, at, None):
            yield task

    @property
    def idle(self) -> bool:
        """Nothing of it is ready or unacked."""
        return not len(self) and not self.unacked

    def append(self, task: Task) -> None:
        self._fresh[task.key] = task

    def put_back(self, task: Task) -> None:
        insort(self._returned, (task.rank, task), lo=self._gone)

    def remove(self, task: Task) -> None:
        if self._fresh.pop(task.key, None) is not None:
            return
        at = bisect_left(self._returned, (task.rank,), lo=self._gone)
        if at > self._gone:
            del self._returned[at]
            return
        self._gone += 1
        if self._gone * 2 > len(self._returned):
            del self._returned[: self._gone]
            self._gone = 0

    def rank_at_head(self, n: int) -> Rank:
        """The rank of task `n` that we see for the first time when it is delivered: ahead of all that are ready."""
        first = next(iter(self), None)
        return (n, 0) if first is None else (first.rank[0] - 1, n)

    def window(self, size: int) -> list[Task]:
        """The first `size` ready tasks."""
        return list(islice(self, size))

    def touch(self) -> None:
        """Something happened here: a count from before says nothing any more."""
        self._counted = None
        self._again = self.difference = 0

    def count(self, ready: int) -> None:
        """The broker's own count. It is believed once it comes twice with nothing in between."""
        self._again = self._again + 1 if self._counted == ready else 0
        if self._again:
            self.difference = ready - len(self)
        self._counted = ready

    @property
    def certain(self) -> bool:
        """The broker has said its count a third time: a quorum queue that has no leader yet says 0 for a while."""
        return self._again >= 2
