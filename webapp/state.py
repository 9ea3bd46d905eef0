"""The records a run is made of: tasks, attempts, queues, lanes, connections, and the ledger that adds them up.

Plain data with the few operations that keep it consistent; what an event does to it is `projection.py`'s. Pure: no I/O, no clock.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, TypeAlias

from webapp import events as ev

TaskState: TypeAlias = Literal["ready", "unacked", "at_risk", "done", "lost", "dead"]
OPEN_STATES = ("ready", "unacked", "at_risk")
SETTLED_STATES = ("done", "lost", "dead")
RESULTS = "results"  # the queue of the workers' results: no tasks of ours

SETTLED_KEPT = 200  # settled tasks that stay, of each state
ATTEMPTS_KEPT = 20  # attempts that stay, of each task
AT_RISK_KEPT = 5_000  # auto-acked tasks that stay by name, of each connection; older ones stay as a number
GUESTS_KEPT = 16  # lanes of guests that have left
PRODUCERS_KEPT = 16  # producers that have left
QUEUES_KEPT = 500
OUTPUT_KEPT = 50  # printed lines of each worker
LOG_KEPT = 300  # lines of the wire log


class Attempt:
    """One delivery of a task. Times in seconds since the run began; `end` is None while it lasts."""

    __slots__ = (
        "auto_ack",
        "conn",
        "delivered_at",
        "end",
        "ended_at",
        "redelivered",
        "result_at",
        "tag",
        "worker",
    )

    def __init__(
        self, worker: str, conn: int, tag: int, at: float, auto_ack: bool, redelivered: bool
    ) -> None:
        self.worker = worker
        self.conn = conn
        self.tag = tag
        self.delivered_at = at
        self.auto_ack = auto_ack
        self.redelivered = redelivered
        self.ended_at: float | None = None
        self.end: str | None = None
        self.result_at: float | None = None


class Task:
    """One copy of a message in one queue. `key` names it here; `message_id` is what the wire calls it."""

    __slots__ = (
        "attempts", "body", "confirmed_at", "key", "message_id", "n", "persistent", "picture", "published_at", "queue",
        "redelivered", "results", "settled_at", "size", "skipped", "state", "worker",
    )  # fmt: skip

    def __init__(self, key: str, message_id: str, n: int, queue: str) -> None:
        self.key = key
        self.message_id = message_id
        self.n = n  # also its place in the queue: what was published earlier stands further ahead
        self.queue = queue
        self.state: TaskState = "ready"
        self.body = ""
        self.size = 0
        self.persistent = True
        self.worker: str | None = None
        self.redelivered = False
        self.results = 0
        self.published_at: float | None = None
        self.confirmed_at: float | None = None
        self.settled_at: float | None = None
        self.attempts: list[Attempt] = []
        self.skipped = 0
        self.picture: dict[str, Any] | None = (
            None  # its last picture in a frame, until something about it changes
        )


class Queue:
    """A queue's ready tasks in their order. Cheap at the head, and to put a task back where it stood."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kind = "classic"
        self.durable: bool | None = None  # None: it was there before us
        self.unacked = 0
        self.difference = 0  # the broker's own count of ready messages minus ours, once both stood still
        self.counted: int | None = None
        self.gone = False
        self._fresh: OrderedDict[str, Task] = OrderedDict()  # as published
        self._returned: list[tuple[int, str, Task]] = []  # put back, by place

    def __len__(self) -> int:
        return len(self._fresh) + len(self._returned)

    def __iter__(self) -> Iterator[Task]:
        """Its ready tasks, the next to go out first."""
        returned, fresh = iter(self._returned), iter(self._fresh.values())
        back, new = next(returned, None), next(fresh, None)
        while back or new:
            if back and (new is None or back[0] < new.n):
                yield back[2]
                back = next(returned, None)
            elif new:
                yield new
                new = next(fresh, None)

    def append(self, task: Task) -> None:
        self._fresh[task.key] = task

    def put_back(self, task: Task) -> None:
        insort(self._returned, (task.n, task.key, task))

    def remove(self, task: Task) -> None:
        if self._fresh.pop(task.key, None) is None:
            at = bisect_left(self._returned, (task.n, task.key))
            if at < len(self._returned) and self._returned[at][2] is task:
                del self._returned[at]

    def window(self, size: int) -> list[Task]:
        """The first `size` ready tasks."""
        return list(islice(self, size))

    def touch(self) -> None:
        """Something happened here: a count from before says nothing any more."""
        self.counted = None
        self.difference = 0


class Conn:
    """An open connection: what it consumes, and what was delivered on it and is not settled."""

    def __init__(self, number: int, name: str, product: str, peer: str) -> None:
        self.number = number
        self.name = name
        self.product = product
        self.peer = peer
        self.lane: str | None = None
        self.producer: str | None = None
        self.consumers: dict[tuple[int, str], ev.ConsumerStarted] = {}
        self.held: dict[tuple[int, int], tuple[Task, Attempt]] = {}  # (channel, tag) -> oldest first
        self.taken_away: dict[tuple[int, int], Attempt] = {}  # redelivered elsewhere before we saw why
        self.nameless = 0  # at_risk beyond AT_RISK_KEPT, as a number


class Lane:
    """A worker as the page shows it: a process of ours, or a guest's connection."""

    def __init__(self, name: str, kind: Literal["local", "guest"], order: int) -> None:
        self.name = name
        self.kind = kind
        self.order = order
        self.product = ""
        self.pid: int | None = None
        self.alive = False  # local: the process runs; guest: a connection is open
        self.frozen = False
        self.cut = False
        self.asked = ""
        self.why = ""
        self.since = 0.0
        self.restart_at: float | None = None
        self.ack = "manual"
        self.prefetch = 0
        self.queue = ""
        self.done = 0
        self.conns: dict[int, Conn] = {}
        self.dropped: list[str] = []
        self.output: deque[str] = deque(maxlen=OUTPUT_KEPT)

    @property
    def held(self) -> list[Task]:
        """What it has in hand, the oldest delivery first."""
        return [task for conn in self.conns.values() for task, _ in conn.held.values()]

    @property
    def consuming(self) -> bool:
        return any(conn.consumers for conn in self.conns.values())

    @property
    def state(self) -> str:
        """starting | idle | working | stopped | frozen | cut"""
        if not self.alive:
            if self.kind == "guest" and self.cut:
                return "cut"
            return "stopped" if self.restart_at is None else "starting"
        if self.frozen:
            return "frozen"
        if self.cut:
            return "cut"
        if any(conn.held for conn in self.conns.values()):
            return "working"
        if not self.conns and self.asked == "stop":
            return "stopped"  # its socket is seen to go before its process
        return "idle" if self.consuming or self.kind == "guest" else "starting"


class Producer:
    """Somebody who publishes tasks. `published` counts those of this run."""

    def __init__(self, name: str, kind: Literal["local", "guest"], product: str, order: int) -> None:
        self.name = name
        self.kind = kind
        self.product = product
        self.order = order
        self.published = 0
        self.up = True


@dataclass(frozen=True)
class Settings:
    """How workers are started from now on. `prefetch` 0 is no limit."""

    ack: str = "manual"
    prefetch: int = 1
    queue: str = "task_queue"


@dataclass(frozen=True)
class Broker:
    """Who answers behind the tap. `kind` is embedded, rabbitmq or external; `amqp_port` is the tap's."""

    kind: str = ""
    product: str = ""
    version: str = ""
    url: str = ""
    amqp_port: int = 0
    up: bool = False


class State:
    """Everything known of the run. Made empty; only `projection.apply` changes it."""

    def __init__(self) -> None:
        self.run = 0
        self.at = 0.0
        self.seq = 0
        self.settings = Settings()
        self.broker = Broker()
        self.exchanges: dict[str, str] = {}
        self.bindings: dict[str, list[tuple[str, str]]] = {}
        self.queues: dict[str, Queue] = {}
        self.conns: dict[int, Conn] = {}
        self.workers: dict[str, Lane] = {}
        self.producers: dict[str, Producer] = {}
        self.orders = 0
        self.clear()

    def clear(self) -> None:
        """Forgets the tasks and all that was counted."""
        self.tasks: dict[str, Task] = {}
        self.copies: dict[str, list[Task]] = {}  # message_id -> the copies whose key is not the message_id
        self.published = 0
        self.n = 0
        self.counts: dict[str, int] = dict.fromkeys(OPEN_STATES + SETTLED_STATES, 0)
        self.redelivered = 0
        self.done_twice = 0
        self.settled: dict[str, OrderedDict[str, Task]] = {state: OrderedDict() for state in SETTLED_STATES}
        self.log: deque[tuple[ev.Event, str, str | None]] = deque(maxlen=LOG_KEPT)  # event, who, task key
        self.logged = 0  # entries ever put into the log
        self.lines: deque[dict[str, Any]] = deque(maxlen=LOG_KEPT)  # the log as lines, made when a frame is
        self.lined = 0  # entries of the log that lines were made of

    @property
    def ledger(self) -> dict[str, int]:
        """`published = done + ready + unacked + at_risk + lost + dead`, and beside it redelivered and done_twice."""
        return {
            "published": self.published,
            "done": self.counts["done"],
            "ready": self.counts["ready"],
            "unacked": self.counts["unacked"],
            "at_risk": self.counts["at_risk"],
            "lost": self.counts["lost"],
            "dead": self.counts["dead"],
            "redelivered": self.redelivered,
            "done_twice": self.done_twice,
        }

    def conns_of(self, worker: str) -> list[int]:
        """The open connections of a lane, by number; empty where it has none or there is no such lane."""
        lane = self.workers.get(worker)
        return sorted(lane.conns) if lane else []

    def consumers(self) -> Counter[str]:
        """How many consumers each queue has, as far as the tap saw."""
        return Counter(each.queue for conn in self.conns.values() for each in conn.consumers.values())

    def queue_named(self, name: str) -> Queue:
        """The queue's record, made where there was none."""
        queue = self.queues.get(name)
        if queue is None:
            queue = self.queues[name] = Queue(name)
            if len(self.queues) > QUEUES_KEPT:
                for other in list(self.queues.values()):
                    if not len(other) and not other.unacked and other.name not in (name, self.settings.queue):
                        del self.queues[other.name]
                        break
        return queue

    def copies_of(self, message_id: str) -> list[Task]:
        """Every task we know that carries this message_id, in the order in which they came to be."""
        first = self.tasks.get(message_id)
        others = self.copies.get(message_id, [])
        return others if first is None else [first, *others]

    def add_task(self, message_id: str, queue: Queue) -> Task:
        """A new copy of a message, ready at the end of `queue`."""
        key = message_id
        if key in self.tasks:
            key = f"{message_id}@{queue.name}"
            again = 2
            while key in self.tasks:
                key = f"{message_id}~{again}"
                again += 1
        self.n += 1
        task = self.tasks[key] = Task(key, message_id, self.n, queue.name)
        if key != message_id:
            self.copies.setdefault(message_id, []).append(task)
        self.published += 1
        self.counts["ready"] += 1
        queue.append(task)
        return task

    def move(self, task: Task, state: TaskState, at: float) -> None:
        """A task changes its state: the one place where the ledger and the queues follow."""
        old = task.state
        task.picture = None
        queue = self.queue_named(task.queue)
        queue.touch()
        if old == "ready":
            queue.remove(task)
        elif old == "unacked":
            queue.unacked -= 1
        elif old in SETTLED_STATES:
            self.settled[old].pop(task.key, None)
            task.settled_at = None
        self.counts[old] -= 1
        self.counts[state] += 1
        task.state = state
        if state == "ready":
            task.worker = None
            queue.put_back(task)
        elif state == "unacked":
            queue.unacked += 1
        elif state in SETTLED_STATES:
            task.settled_at = at
            kept = self.settled[state]
            kept[task.key] = task
            if len(kept) > SETTLED_KEPT:
                self._forget(kept.popitem(last=False)[1])

    def _forget(self, task: Task) -> None:
        """A settled task leaves by name; the ledger keeps counting it."""
        self.tasks.pop(task.key, None)
        if task.key != task.message_id:
            copies = self.copies[task.message_id]
            copies.remove(task)
            if not copies:
                del self.copies[task.message_id]

    def forget_name(self, task: Task) -> None:
        """An at_risk task beyond what we keep: from now on it is only a number."""
        self._forget(task)
