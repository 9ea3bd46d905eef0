"""Small event histories: read, told, and audited after every event.

`tests/histories/*.jsonl` are lines as the engine writes them, each file named after what happens in it."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from webapp import events as ev
from webapp import projection
from webapp.events import AnyEvent, Event, Reply, decode
from webapp.records import OPEN, SETTLED, Task
from webapp.state import State

FOLDER = Path(__file__).parent / "histories"
NAMES = sorted(path.stem for path in FOLDER.glob("*.jsonl"))


def read(name: str) -> list[AnyEvent]:
    events = []
    for line in (FOLDER / f"{name}.jsonl").read_bytes().splitlines():
        event = decode(line)
        assert not isinstance(event, Reply)
        events.append(event)
    return events


def play(name: str, until: str = "", count: int = 1) -> State:
    """The state at the end of a history, or right after the `count`th event of the type `until`."""
    state = projection.State()
    for event in read(name):
        projection.apply(state, event)
        count -= type(event).__name__ == until
        if until and not count:
            return state
    assert not until, f"{name} has fewer {until}"
    return state


def audit(state: State) -> None:
    """Recounts everything from the records and compares it with the ledger and the queues."""
    ledger, tasks = state.ledger, state.tasks.values()
    assert ledger["published"] == sum(ledger[each] for each in OPEN + SETTLED), ledger
    assert min(ledger.values()) >= 0, ledger
    found = Counter(task.state for task in tasks)
    conns = state.conns.values()
    assert ledger["ready"] == found["ready"] == sum(len(queue) for queue in state.queues.values())
    assert ledger["unacked"] == found["unacked"] == sum(len(conn.unacked) for conn in conns)
    assert ledger["unacked"] == sum(queue.unacked for queue in state.queues.values())
    assert found["at_risk"] == sum(len(conn.at_risk) for conn in conns)
    assert ledger["at_risk"] == found["at_risk"] + sum(conn.nameless for conn in conns)
    for each in SETTLED:
        assert found[each] == len(state.settled[each]) <= ledger[each]
    assert ledger["redelivered"] >= sum(task.redelivered for task in tasks)
    assert ledger["done_twice"] >= sum(task.results > 1 for task in tasks)
    for conn in conns:
        for held, state_there in ((conn.unacked, "unacked"), (conn.at_risk, "at_risk")):
            for spot, (task, attempt) in held.items():
                assert (task.state, attempt.end, attempt.spot) == (state_there, None, spot)
                assert task.attempts[-1] is attempt and task.lane is attempt.lane is conn.lane
    for queue in state.queues.values():
        waiting = list(queue)
        assert [task.rank for task in waiting] == sorted(task.rank for task in waiting)
        assert len(waiting) == len(queue)
        assert all(task.state == "ready" and task.queue == queue.name for task in waiting)
    for lane in state.workers.values():
        assert lane.state in ("starting", "idle", "working", "stopped", "frozen", "cut")
        before = lane.state, lane.since
        lane.settle(state.at + 1)
        assert (lane.state, lane.since) == before, "a lane was not brought up to date"


def states(state: State) -> dict[str, str]:
    return {key: task.state for key, task in state.tasks.items()}


def ends(task: Task) -> list[tuple[str, str | None]]:
    return [(attempt.lane.name, attempt.end) for attempt in task.attempts]


def ready(state: State, queue: str = "task_queue") -> list[str]:
    return [task.key for task in state.queues[queue]]


def names(tasks: list[Task]) -> list[str]:
    return [task.key for task in tasks]


def some(ledger: dict[str, int], **wanted: int) -> bool:
    """The ledger has these numbers, and nothing else but what was published."""
    return {name: n for name, n in ledger.items() if n} == {name: n for name, n in wanted.items() if n}


class Wire:
    """A few words to say what passed, where a file would be too much."""

    def __init__(self, *, guests: tuple[str, ...] = ()) -> None:
        self.state = projection.State()
        self.tags: dict[tuple[int, int], int] = {}
        self.say(ev.RunStarted, started="2026-11-24T10:00:00+00:00")
        for number, name in enumerate(guests, 1):
            self.opened(number, name)

    def say(self, kind: Callable[..., Event], /, **fields: Any) -> None:
        seq = self.state.seq + 1
        projection.apply(self.state, kind(seq=seq, at=seq / 1000, **fields))
        audit(self.state)

    def opened(
        self, conn: int, name: str, product: str = "pika 1.4.4", peer: str = "127.0.0.1:50001"
    ) -> None:
        self.say(ev.ConnectionOpened, conn=conn, name=name, product=product, peer=peer)

    def consumes(self, conn: int, queue: str = "task_queue", auto: bool = False, prefetch: int = 0) -> None:
        tag = f"ctag.{conn}.{queue}"
        self.say(
            ev.ConsumerStarted,
            conn=conn,
            channel=1,
            queue=queue,
            consumer=tag,
            auto_ack=auto,
            prefetch=prefetch,
        )

    def published(self, task: str, conn: int = 9, queue: str = "task_queue", **more: Any) -> None:
        fields = {"exchange": "", "routing_key": queue, "persistent": True, "body": "m", "size": 1, **more}
        self.say(
            ev.Published, conn=conn, channel=1, task=task, queue="" if fields["exchange"] else queue, **fields
        )

    def result(self, task: str, conn: int) -> None:
        self.published("a result", conn=conn, queue="results", result_of=task)

    def delivered(
        self, task: str, conn: int, *, again: bool = False, auto: bool = False, channel: int = 1, **more: Any
    ) -> int:
        tag = self.tags[conn, channel] = self.tags.get((conn, channel), 0) + 1
        fields = {"queue": "task_queue", "exchange": "", "routing_key": "", "consumer": "c", **more}
        fields = {"body": "m", "size": 1, **fields}
        where = {"conn": conn, "channel": channel, "tag": tag}
        self.say(ev.Delivered, task=task, auto_ack=auto, redelivered=again, **where, **fields)
        return tag

    def acked(self, task: str, conn: int, tag: int, channel: int = 1) -> None:
        self.say(ev.Acked, conn=conn, channel=channel, tag=tag, task=task)

    def closed(self, conn: int, by: str = "network", text: str = "", code: int = 0) -> None:
        self.say(ev.ConnectionClosed, conn=conn, by=by, text=text, code=code)

    def process(self, name: str = "worker-1") -> None:
        self.say(ev.WorkerStarted, worker=name, pid=4121, ack="manual", prefetch=1, queue="task_queue")

    def worker(self, conn: int, name: str = "worker-1") -> None:
        self.process(name)
        self.opened(conn, name)
        self.consumes(conn, prefetch=1)
