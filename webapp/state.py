"""Everything known of a run, and the few moves that keep its parts in step: the ledger, the queues, the names. Pure.

    add_task ─► ready ◄──► unacked | at_risk ──► done | lost | dead        move() is the only way from one to the other

What an event means is not decided here but by the projectors. Everything kept is bounded by the constants below.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from typing import Any

from webapp import events as ev
from webapp.queues import Queue
from webapp.records import (
    OPEN,
    SETTLED,
    Attempt,
    Broker,
    Conn,
    Lane,
    Producer,
    Rank,
    Settings,
    Task,
    TaskState,
)

__all__ = ["Lane", "State"]

SETTLED_KEPT = 200  # settled tasks that stay by name, of each state
QUEUES_KEPT = 500
HUNG_UP_KEPT = 1_000
LOG_KEPT = 300  # lines of the wire log


class State:
    """Everything known of the run. Made empty; only `projection.apply` changes it."""

    def __init__(self) -> None:
        self.run = 0
        self._empty()

    def restart(self) -> None:
        """Forgets everything: another engine begins."""
        self.run += 1
        self._empty()

    def _empty(self) -> None:
        self.at = 0.0
        self.seq = 0
        self.settings = Settings()
        self.moved: dict[str, float] = {}  # when each of the settings was last changed
        self.broker = Broker()
        self.broker_stopped_at = 0.0
        self.exchanges: dict[str, str] = {}
        self.bindings: dict[str, list[tuple[str, str]]] = {}  # exchange -> (queue, routing key)
        self.queues: dict[str, Queue] = {}
        self.conns: dict[int, Conn] = {}
        self.newest_conn = 0  # the highest number that a connection has had
        self.workers: dict[str, Lane] = {}
        self.producers: dict[str, Producer] = {}
        self.orders = 0
        self._clear()

    def reset(self) -> None:
        """Forgets the tasks and all that was counted; who is there stays."""
        self.run += 1
        self._clear()
        for name, old in self.queues.items():
            queue = self.queues[name] = Queue(name)
            queue.kind, queue.durable = old.kind, old.durable
        for conn in self.conns.values():
            conn.unacked.clear()
            conn.at_risk.clear()
            conn.taken_away.clear()
            conn.thrown.clear()
            conn.nameless = 0
        for guests in (self.workers, self.producers):
            for name in [each.name for each in guests.values() if each.kind == "guest" and not each.conns]:
                del guests[name]
        for lane in self.workers.values():
            lane.forget()
        for producer in self.producers.values():
            producer.published = 0

    def _clear(self) -> None:
        self.tasks: dict[str, Task] = {}
        self._copies: dict[str, list[Task]] = {}  # message_id -> the copies whose key is another
        self.n = 0
        self.published = 0
        self.counts: dict[TaskState, int] = dict.fromkeys(OPEN + SETTLED, 0)
        self.redelivered = 0
        self.done_twice = 0
        # Attempts that ended just now because the broker's socket went: it may turn out that the broker itself did.
        self.hung_up: deque[tuple[float, Task, Attempt]] = deque(maxlen=HUNG_UP_KEPT)
        self.settled: dict[TaskState, OrderedDict[str, Task]] = {state: OrderedDict() for state in SETTLED}
        # What passed, for the wire log: the event, who it is about, the task's key, a word more.
        self.log: deque[tuple[ev.Event, str, str | None, str]] = deque(maxlen=LOG_KEPT)
        self.logged = 0  # entries ever put in there
        self.lines: deque[dict[str, Any]] = deque(maxlen=LOG_KEPT)  # as lines, made when a frame is
        self.lined = 0  # entries that lines were made of

    # -- asked by the web process and the frames ------------------------------------------------------------------

    @property
    def ledger(self) -> dict[str, int]:
        """`published = done + ready + unacked + at_risk + lost + dead`, and beside it redelivered and done_twice."""
        counts = self.counts
        return {
            "published": self.published,
            "done": counts["done"],
            "ready": counts["ready"],
            "unacked": counts["unacked"],
            "at_risk": counts["at_risk"],
            "lost": counts["lost"],
            "dead": counts["dead"],
            "redelivered": self.redelivered,
            "done_twice": self.done_twice,
        }

    def conns_of(self, worker: str) -> list[int]:
        """The connections of a lane that the tap still has, by number; empty where it has none or there is no such lane."""
        lane = self.workers.get(worker)
        return sorted([*lane.conns, *lane.ghosts]) if lane else []

    def conn_or_ghost(self, number: int) -> Conn | None:
        """An open connection, or one whose client has not heard that it is over."""
        conn = self.conns.get(number)
        if conn is None:
            conn = next(
                (lane.ghosts[number] for lane in self.workers.values() if number in lane.ghosts), None
            )
        return conn

    def consumers(self) -> Counter[str]:
        """How many consumers each queue has, as far as the tap saw."""
        return Counter(queue for conn in self.conns.values() for queue in conn.consumers.values())

    def settle_lanes(self, at: float) -> None:
        """An event touched more lanes than its own."""
        for lane in self.workers.values():
            lane.settle(at)

    # -- queues ---------------------------------------------------------------------------------------------------

    def queue_named(self, name: str) -> Queue:
        """The queue's record, made where there was none."""
        queue = self.queues.get(name)
        if queue is None:
            if len(self.queues) >= QUEUES_KEPT:
                idle = (each.name for each in self.queues.values() if each.idle)
                unused = next((each for each in idle if each != self.settings.queue), None)
                if unused is not None:
                    del self.queues[unused]
            queue = self.queues[name] = Queue(name)
        return queue

    def bury(self, queue: Queue, at: float, state: TaskState = "dead") -> None:
        """All its ready tasks are gone."""
        for task in list(queue):
            self.move(task, state, at)

    def delete_queue(self, name: str, at: float) -> None:
        """The queue is deleted, with everything in it, the unacked ones too; its consumers are cancelled."""
        queue = self.queues.get(name)
        if queue is None:
            return
        self.bury(queue, at)
        for conn in self.conns.values():
            for spot in [spot for spot, (task, _) in conn.unacked.items() if task.queue == name]:
                self.end(conn.unacked.pop(spot), "cancelled", at, "dead")
            for consumer in [consumer for consumer, consumed in conn.consumers.items() if consumed == name]:
                del conn.consumers[consumer]
            conn.exclusive.pop(name, None)
        self.forget_queue(queue)
        self.settle_lanes(at)

    def forget_queue(self, queue: Queue) -> None:
        """It is no more: neither its record, unless something of it is still about, nor its bindings."""
        if queue.idle and queue.name != self.settings.queue:
            self.queues.pop(queue.name, None)
        for bound in self.bindings.values():
            bound[:] = [each for each in bound if each[0] != queue.name]

    # -- tasks ----------------------------------------------------------------------------------------------------

    def copies_of(self, message_id: str) -> Iterator[Task]:
        """Every task we know that is a copy of this message."""
        first = self.tasks.get(message_id)
        if first is not None and first.message_id == message_id:
            yield first
        yield from self._copies.get(message_id, ())

    def add_task(self, message_id: str, queue: Queue, rank: Rank | None = None) -> Task:
        """A new copy of a message, ready in `queue`: at its end, unless a rank says otherwise."""
        self.n += 1
        key = message_id
        for other in (f"{message_id}@{queue.name}", f"{message_id}~{self.n}"):
            if key not in self.tasks:
                break
            key = other
        while key in self.tasks:  # somebody's message_id looks like a key of ours
            key += "~"
        task = self.tasks[key] = Task(key, message_id, self.n, queue.name, rank or (self.n, 0))
        if key != message_id:
            self._copies.setdefault(message_id, []).append(task)
        self.published += 1
        self.counts["ready"] += 1
        queue.append(task)
        queue.touch()
        return task

    def move(self, task: Task, state: TaskState, at: float) -> None:
        """A task changes its state: the one place where the ledger and the queues follow."""
        old = task.state
        if old == "ready":
            self.queue_named(task.queue).remove(task)
        elif old == "unacked":
            self.queue_named(task.queue).unacked -= 1
        elif old != "at_risk":
            self.settled[old].pop(task.key, None)
            task.settled_at = None
        self.counts[old] -= 1
        self.counts[state] += 1
        task.state = state
        task.picture = None
        if state == "unacked":
            self.queue_named(task.queue).unacked += 1
        elif state == "ready":
            task.lane = None
            self.queue_named(task.queue).put_back(task)
        elif state != "at_risk":
            task.settled_at = at
            kept = self.settled[state]
            kept[task.key] = task
            if len(kept) > SETTLED_KEPT:
                self.forget_name(kept.popitem(last=False)[1])
        queue = self.queues.get(task.queue) if "ready" in (old, state) else None
        if queue is not None:  # it may be gone, and not come back for what was still at risk
            queue.touch()

    def forget_name(self, task: Task) -> None:
        """The task is not known by name any more; the ledger keeps counting it."""
        self.tasks.pop(task.key, None)
        copies = self._copies.get(task.message_id)
        if copies and task.key != task.message_id:
            copies.remove(task)
            if not copies:
                del self._copies[task.message_id]

    def end(self, held: tuple[Task, Attempt], end: str, at: float, state: TaskState) -> None:
        """A delivery is over, in the word of `end`, and its task is `state` now."""
        task, attempt = held
        attempt.end, attempt.ended_at = end, at
        self.move(task, state, at)
