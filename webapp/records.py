"""What a run is made of: tasks and their attempts, connections, lanes, producers. Plain data; pure.

What an event does to them is for the projectors to say (`projection.py` has the table); `state.py` keeps them together. Must not
import anything of ours but each other's names: no I/O, no clock.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, TypeAlias

TaskState: TypeAlias = Literal["ready", "unacked", "at_risk", "done", "lost", "dead"]
OPEN: tuple[TaskState, ...] = ("ready", "unacked", "at_risk")
SETTLED: tuple[TaskState, ...] = ("done", "lost", "dead")

OUTPUT_KEPT = 50  # printed lines of each worker
DROPPED_KEPT = 40  # tasks of each worker that died in its hands
AWAY_KEPT = 12  # stretches in which each worker took no work
EXITS_KEPT = 6  # ends of each worker's processes
AWAY = ("starting", "stopped", "frozen", "cut")  # states in which a worker takes no work

Fault: TypeAlias = tuple[str, float]  # what kind, and since when
Rank: TypeAlias = tuple[int, int]  # a task's place in its queue: the smaller, the nearer to the head
Spot: TypeAlias = tuple[int, int]  # channel and delivery tag: names a delivery within its connection


class Attempt:
    """One delivery of a task. Times in seconds since the run began; `end` is None while it lasts."""

    __slots__ = (
        "arrived_at",
        "auto_ack",
        "conn",
        "deadline",
        "delivered_at",
        "end",
        "ended_at",
        "fault",
        "hurt",
        "lane",
        "noticed",
        "redelivered",
        "released_at",
        "result_at",
        "spot",
        "stopped",
    )

    def __init__(
        self, lane: Lane, conn: int, spot: Spot, at: float, *, auto_ack: bool, redelivered: bool
    ) -> None:
        self.lane = lane
        self.conn = conn
        self.spot = spot
        self.delivered_at = at
        self.auto_ack = auto_ack
        self.redelivered = redelivered
        self.ended_at: float | None = None
        self.end: str | None = None
        self.result_at: float | None = None
        self.deadline: float | None = None  # when the broker's patience with it ends, where that is known
        self.hurt: Fault | None = None  # a fault that touches this delivery alone: its ack is held, say
        self.stopped = ""  # the method of its frame that hangs in the tap, or was thrown away there
        self.arrived_at: float | None = (
            None  # when the tap let it go on to the worker, where it had to wait there
        )
        self.released_at: float | None = (
            None  # when the tap let the worker's ack go on to the broker, likewise
        )
        self.noticed = ""  # how the broker noticed that it will not be settled
        self.fault: Fault | None = None  # what was the matter


class Task:
    """One copy of a message in one queue. `key` names it here; `message_id` is what the wire calls it."""

    __slots__ = (
        "attempts", "body", "confirmed_at", "dots", "key", "lane", "message_id", "n", "persistent", "picture",
        "published_at", "published_on", "queue", "rank", "redelivered", "results", "settled_at", "size", "skipped", "state",
    )  # fmt: skip

    def __init__(self, key: str, message_id: str, n: int, queue: str, rank: Rank) -> None:
        self.key = key
        self.message_id = message_id
        self.n = n
        self.queue = queue
        self.rank = rank
        self.state: TaskState = "ready"
        self.body = ""
        self.dots = 0  # of a body that is not here whole
        self.size = 0
        self.persistent = True
        self.lane: Lane | None = None  # who has it, or had it last; None while it is ready
        self.redelivered = False
        self.results = 0
        self.published_at: float | None = None
        self.published_on = 0  # the connection, by number; 0: it was never seen, or another tap's
        self.confirmed_at: float | None = None
        self.settled_at: float | None = None
        self.attempts: list[Attempt] = []
        self.skipped = 0  # attempts older than those kept
        self.picture: dict[str, Any] | None = None  # as the last frame showed it, until it changes


Held: TypeAlias = tuple[Task, Attempt]


@dataclass(frozen=True, slots=True)
class Away:
    """A stretch of time in which a worker took no work, in seconds since the run began."""

    state: str
    since: float
    until: float
    why: str


@dataclass(frozen=True, slots=True)
class Exit:
    """The end of a worker's process: how, and after how many lines it had ever printed."""

    printed: int
    why: str


class Lane:
    """A worker as the page shows it: a process of ours, or a guest's connections."""

    def __init__(self, name: str, kind: Literal["local", "guest"], order: int, at: float) -> None:
        self.name = name
        self.kind = kind
        self.order = order
        self.product = ""
        self.state = "starting"  # | idle | working | stopped | frozen | cut
        self.since = at  # when that last changed
        self.pid: int | None = None  # local: of its process, None while there is none
        self.life = 0  # counts its processes
        self.stuck = False  # it takes tasks and never acknowledges
        self.frozen = False
        self.faults: dict[
            str, float
        ] = {}  # what is done to its process: stop, finish, freeze; and since when
        self.leaving = False  # it finishes what it has, then ends
        self.dying = False  # it got its kill -9
        self.removed = False  # goes as soon as its last connection has gone
        self.consumed = False  # it has had a consumer, in this life
        self.cut = ""  # why its connection went while it lived
        self.exit = ""  # how it ended
        self.restart_at: float | None = None
        self.ack = "manual"
        self.prefetch = 0
        self.queue = ""
        self.done = 0
        self.conns: dict[int, Conn] = {}  # the open ones
        self.ghosts: dict[
            int, Conn
        ] = {}  # given up by the broker, and behind a black hole nobody has heard of it
        self.dropped: list[str] = []  # keys of tasks it had in hand when it died, the first of them
        self.fallen = 0  # how many in truth
        self.output: deque[str] = deque(maxlen=OUTPUT_KEPT)
        self.printed = 0  # lines it ever printed
        self.exits: deque[Exit] = deque(maxlen=EXITS_KEPT)  # of its processes, oldest first
        self.away: deque[Away] = deque(maxlen=AWAY_KEPT)  # the stretches that are over, oldest first
        self._forgotten = False  # the stretch that lasts began before a fresh run
        self._said = ""  # `why`, brought up to date last: what ends a stretch has taken it back by then

    @property
    def alive(self) -> bool:
        """Local: its process runs. Guest: it is connected."""
        return self.pid is not None if self.kind == "local" else bool(self.conns)

    @property
    def why(self) -> str:
        """One or two words on why it is stopped, frozen or cut; else empty."""
        return {"stopped": self.exit, "frozen": "SIGSTOP", "cut": self.cut}.get(self.state, "")

    @property
    def wires(self) -> list[Conn]:
        """The connections of the process it has now; where it has none yet, those that an earlier one left behind."""
        conns = [*self.conns.values(), *self.ghosts.values()]
        return [conn for conn in conns if conn.life == self.life] or conns

    @property
    def held(self) -> int:
        """How many deliveries it has in hand."""
        return sum(conn.held for conn in self.conns.values())

    @property
    def at_work(self) -> bool:
        """Whether it has a task in hand. One that acks what it works on may be sent news under auto-ack beside it, and never says
        when it has read them (a Celery worker hears the others' heartbeats so): they are held, they are no work."""
        if self.consumed and self.ack == "manual":
            return any(conn.unacked for conn in self.conns.values())
        return bool(self.held)

    def holding(self, most: int | None = None) -> list[Task]:
        """What it has in hand by name, the oldest delivery first."""
        heads: list[Held] = []
        for conn in self.conns.values():
            heads += islice(conn.unacked.values(), most)
            heads += islice(conn.at_risk.values(), most)
        if len(self.conns) > 1 or any(conn.unacked and conn.at_risk for conn in self.conns.values()):
            heads.sort(key=lambda held: held[1].delivered_at)
        return [task for task, _ in heads[:most]]

    def drop(self, tasks: Iterable[Task], nameless: int = 0) -> None:
        """These were in its hands when it died, or was given up for dead; and so many that are only a number."""
        fallen = dict.fromkeys(task.key for task in tasks)
        new = [key for key in fallen if key not in self.dropped]
        self.fallen += len(new) + nameless
        self.dropped = [*self.dropped, *new][:DROPPED_KEPT]

    def pick_up(self, key: str | None = None) -> None:
        """This task was not in its hands after all; without a key, it begins anew and nothing was."""
        if key is None:
            self.dropped, self.fallen = [], 0
        elif key in self.dropped:
            self.dropped.remove(key)
            self.fallen -= 1

    def settle(self, at: float) -> None:
        """Brings `state` up to date, and `since` where it changed."""
        state = self._guest_state() if self.kind == "guest" else self._local_state()
        if state != self.state:
            if self.state in AWAY and at > self.since and not self._forgotten:
                self.away.append(Away(self.state, self.since, at, self._said))
            self._forgotten = False
            self.state, self.since = state, at
        self._said = self.why

    def exited(self, why: str) -> None:
        """Its process has ended, after all that it has printed so far. Said once more of the same process, it is told once."""
        if self.pid is not None:
            self.exits.append(Exit(self.printed, why))
        self.pid, self.exit = None, why

    def forget(self) -> None:
        """What it did before now is of no interest any more."""
        self.done = self.printed = 0
        self.pick_up()
        self._forgotten = True
        for past in (self.output, self.exits, self.away):
            past.clear()

    def _guest_state(self) -> str:
        if not self.conns:
            return "cut" if self.cut else "stopped"
        return "working" if self.at_work else "idle"

    def _local_state(self) -> str:
        if self.pid is None:
            return "stopped" if self.restart_at is None else "starting"
        if self.dying and not self.held:  # its socket is seen to go before its process
            return "stopped"
        if self.frozen:
            return "frozen"
        if not self.conns:
            return "cut" if self.cut else "starting"
        if self.held:
            return "working"
        return "idle" if self.consumed else "starting"


class Producer:
    """Somebody who publishes tasks. `published` counts the messages of this run."""

    def __init__(self, name: str, kind: Literal["local", "guest"], order: int) -> None:
        self.name = name
        self.kind = kind
        self.order = order
        self.product = ""
        self.published = 0
        self.conns: set[int] = set()  # the open ones

    @property
    def up(self) -> bool:
        return bool(self.conns)


@dataclass(frozen=True)
class Hung:
    """A frame that the tap holds. `task` is a task's key, None where it is about none that we know."""

    method: str
    channel: int
    tag: int
    by: str
    task: str | None
    at: float


class Conn:
    """An open connection: what it consumes, and what was delivered on it and is not settled."""

    def __init__(self, number: int, name: str, product: str, heartbeat: int = 0) -> None:
        self.number = number
        self.heartbeat = heartbeat  # seconds, as agreed; 0 is off
        self.life = 0  # of its lane's processes, the one that opened it
        self.faults: dict[str, float] = {}  # what is done to it: blackhole, delay; and since when
        self.delay = 0  # milliseconds
        self.armed: list[str] = []  # methods whose next frame will be held
        self.hung: dict[tuple[str, int], Hung] = {}  # held frames, by who said them and on which channel
        self.thrown: set[Spot] = (
            set()
        )  # deliveries that the tap threw away: the broker counts them, the worker never gets them
        self.name = name  # fit to be shown: a guest's lane and producer are called so, where that is free
        self.product = product
        self.lane: Lane | None = None
        self.producer: Producer | None = None
        self.consumers: dict[tuple[int, str], str] = {}  # channel and consumer tag -> queue
        self.exclusive: dict[str, bool] = {}  # queues that go with it -> or even with their last consumer
        self.unacked: dict[Spot, Held] = {}  # oldest first
        self.at_risk: OrderedDict[Spot, Held] = OrderedDict()  # oldest first
        self.nameless = 0  # at_risk ones older than those kept by name
        self.taken_away: dict[Spot, Held] = {}  # redelivered elsewhere before we saw why
        self.cost = ""  # what its end, or its channel's, cost: "2 unacked"

    @property
    def held(self) -> int:
        return len(self.unacked) + len(self.at_risk) + self.nameless

    @property
    def label(self) -> str:
        """Who it is, by the name the page gives it."""
        if self.lane:
            return self.lane.name
        return self.producer.name if self.producer else self.name


@dataclass(frozen=True)
class Settings:
    """How workers are started from now on. `prefetch` 0 is no limit; `durable` and `kind` are the queue's."""

    ack: str = "manual"
    prefetch: int = 1
    queue: str = "task_queue"
    durable: bool = True
    kind: str = "quorum"
    idempotent: bool = False


@dataclass(frozen=True)
class Broker:
    """Who answers behind the tap. `kind` is embedded, rabbitmq or external; `amqp_port` is the tap's."""

    kind: str = ""
    product: str = ""
    version: str = ""
    url: str = ""
    amqp_port: int = 0
    up: bool = False
    ack_timeout: float | None = None  # seconds, None where it is not known
