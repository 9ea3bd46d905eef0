"""The state as frames: a view is the whole picture as plain JSON, a delta what changed between two views.

    State ──view──► view ──delta(old, new)──► change ──merge──► view        merge(old, delta(old, new)) == new

The page holds no AMQP logic: it merges and draws. A view is shared, not copied: whoever gets one must not change what is in it.
Pure, but for one thing: lines of the wire log are made when somebody looks, and kept in the state.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice
from typing import Any, TypeAlias

from webapp import stopwatch, wirelog, wounds
from webapp.queues import Queue
from webapp.records import SETTLED, Attempt, Away, Lane, Producer, Task, TaskState
from webapp.state import LOG_KEPT, State

View: TypeAlias = dict[str, Any]

WINDOW = 40  # ready tasks of each queue, and tasks in each lane's hands, that are in the picture by name
GONE_SHOWN = 60  # lost tasks, and dead ones
DONE_SHOWN = 40
QUEUES_SHOWN = 32
LINES_A_VIEW = 60  # new lines of the wire log in one view; what goes beyond is counted
SETTLED_REPORTED = 200
DOTS_MAX = 3_600  # seconds that a task's dots can count for

MAPS = ("queues", "workers", "producers", "tasks")  # entries change one by one
WHOLES = ("broker", "settings", "ledger", "lost", "dead")  # replaced whole
STAMPS = ("at", "seq", "run")


def view(state: State) -> View:
    """The whole picture: every section of a keyframe. A task that did not change is the same object as in the last view."""
    tasks: dict[str, Any] = {}

    def show(shown: Iterable[Task]) -> list[str]:
        keys = []
        for task in shown:
            tasks[task.key] = task.picture or picture(task)
            keys.append(task.key)
        return keys

    consumers = state.consumers()
    queues = {}
    for queue in _shown_queues(state):
        window = show(queue.window(WINDOW))
        first = window[0] if window else None
        queues[queue.name] = {**_queue(queue, consumers[queue.name]), "next": first, "window": window}
    workers = {}
    for lane in sorted(state.workers.values(), key=lambda lane: lane.order):
        workers[lane.name] = {
            **_worker(lane),
            "holding": show(lane.holding(WINDOW)),
            "held": lane.held,
            "on_the_wire": wounds.on_the_wire(lane),
            "dropped": show(state.tasks[key] for key in lane.dropped if key in state.tasks),
            "fallen": lane.fallen,
            "why": lane.why,
            "since": lane.since,
            "restart_at": lane.restart_at,
            "leaving": lane.leaving,
            "order": lane.order,
            "product": lane.product,
            "output": list(lane.output),
            "printed": lane.printed,
            "exits": [{"printed": each.printed, "why": each.why} for each in lane.exits],
            "away": [_away(each) for each in lane.away],
        }
    show(_latest(state, "done", DONE_SHOWN))
    return {
        "at": state.at,
        "seq": state.seq,
        "run": state.run,
        "broker": dict(vars(state.broker)),
        "settings": {**vars(state.settings), "moved": dict(state.moved)},
        "ledger": state.ledger,
        "queues": queues,
        "workers": workers,
        "producers": {producer.name: _producer(producer) for producer in state.producers.values()},
        "tasks": tasks,
        "lost": show(_latest(state, "lost", GONE_SHOWN)),
        "dead": show(_latest(state, "dead", GONE_SHOWN)),
        "wire": _wire(state),
    }


def delta(old: View, new: View) -> View | None:
    """What changed from one view to the next; None where nothing did."""
    change: View = {}
    for name in MAPS:
        before, after = old[name], new[name]
        entries: View = {
            key: entry
            for key, entry in after.items()
            if (known := before.get(key)) is not entry and known != entry
        }
        entries.update((key, None) for key in before if key not in after)
        if entries:
            change[name] = entries
    for name in WHOLES:
        if old[name] != new[name]:
            change[name] = new[name]
    lines = _since(new, old)
    if lines:
        change["wire"] = lines
    if not change and old["run"] == new["run"]:
        return None
    return {**{name: new[name] for name in STAMPS}, **change}


def merge(old: View, change: View) -> View:
    """The view that a page has after this change: what its own merge must do, too. Leaves `old` as it was."""
    new = {**old, **{name: change[name] for name in (*STAMPS, *WHOLES) if name in change}}
    for name in MAPS:
        if name in change:
            entries = {**old[name], **change[name]}
            new[name] = {key: entry for key, entry in entries.items() if entry is not None}
    before = old["wire"] if change["run"] == old["run"] else []
    new["wire"] = [*before, *change.get("wire", ())][-LOG_KEPT:]
    return new


def report(state: State) -> dict[str, Any]:
    """What REST's /api/state says: the unsettled tasks and the latest settled ones, by number."""
    consumers = state.consumers()
    settled = sorted(
        chain.from_iterable(state.settled[each].values() for each in SETTLED),
        key=lambda task: (task.settled_at or 0.0, task.n),
    )
    tasks = [task for task in state.tasks.values() if task.settled_at is None]
    tasks += settled[-SETTLED_REPORTED:]
    return {
        "broker": dict(vars(state.broker)),
        "settings": dict(vars(state.settings)),
        "ledger": state.ledger,
        "queues": [_queue(queue, consumers[queue.name]) for queue in state.queues.values()],
        "workers": [
            {**_worker(lane), "holding": [task.key for task in lane.holding()]}
            for lane in sorted(state.workers.values(), key=lambda lane: lane.order)
        ],
        "tasks": [task.picture or picture(task) for task in sorted(tasks, key=lambda task: task.n)],
    }


def picture(task: Task) -> dict[str, Any]:
    """A task as the page and REST show it; kept with the task until something about it changes."""
    task.picture = {
        "id": task.key,
        "n": task.n,
        "body": task.body,
        "size": task.size,
        "seconds": min(max(task.dots, task.body.count(".")), DOTS_MAX),
        "state": task.state,
        "queue": task.queue,
        "worker": task.lane.name if task.lane else None,
        "persistent": task.persistent,
        "redelivered": task.redelivered,
        "results": task.results,
        "published_at": task.published_at,
        "confirmed_at": task.confirmed_at,
        "settled_at": task.settled_at,
        "attempts": [_attempt(task, each) for each in task.attempts],
        "skipped": task.skipped,
    }
    return task.picture


def _attempt(task: Task, attempt: Attempt) -> dict[str, Any]:
    """`known`: acked without a result of its own although the task has one, so an idempotent worker of ours skipped it."""
    silent = attempt.end == "acked" and attempt.result_at is None
    fault = attempt.hurt if attempt.ended_at is None else attempt.fault
    return {
        "worker": attempt.lane.name,
        "delivered_at": attempt.delivered_at,
        "ended_at": attempt.ended_at,
        "end": attempt.end,
        "auto_ack": attempt.auto_ack,
        "tag": attempt.spot[1],
        "redelivered": attempt.redelivered,
        "result_at": attempt.result_at,
        "stopped": attempt.stopped,
        "arrived_at": attempt.arrived_at,
        "released_at": attempt.released_at,
        "deadline": attempt.deadline,
        "known": silent and task.results > 0 and attempt.lane.kind == "local",
        "noticed": attempt.noticed,
        "fault": fault and {"kind": fault[0], "at": fault[1]},
    }


def _away(away: Away) -> dict[str, Any]:
    return {"state": away.state, "since": away.since, "until": away.until, "why": away.why}


def _queue(queue: Queue, consumers: int) -> dict[str, Any]:
    return {
        "name": queue.name,
        "kind": queue.kind,
        "durable": queue.durable is not False,
        "ready": len(queue),
        "unacked": queue.unacked,
        "consumers": consumers,
        "difference": queue.difference,
    }


def _worker(lane: Lane) -> dict[str, Any]:
    return {
        "name": lane.name,
        "kind": lane.kind,
        "state": lane.state,
        "pid": lane.pid,
        "ack": lane.ack,
        "prefetch": lane.prefetch,
        "queue": lane.queue,
        "done": lane.done,
        "stuck": lane.stuck,
        "faults": wounds.shown(lane),
        "heartbeat": wounds.heartbeat(lane),
        "silence": stopwatch.silence(lane),
    }


def _producer(producer: Producer) -> dict[str, Any]:
    return {
        "name": producer.name,
        "kind": producer.kind,
        "product": producer.product,
        "published": producer.published,
        "up": producer.up,
        "order": producer.order,
    }


def _shown_queues(state: State) -> list[Queue]:
    """The demo's own queue first, then those with something in them, then the rest, as many as fit."""
    queues = list(state.queues.values())
    if len(queues) > QUEUES_SHOWN:
        queues.sort(key=lambda queue: (queue.name != state.settings.queue, queue.idle))
    return queues[:QUEUES_SHOWN]


def _latest(state: State, settled: TaskState, most: int) -> Iterable[Task]:
    return islice(reversed(state.settled[settled].values()), most)


def _wire(state: State) -> list[dict[str, Any]]:
    """The log's latest lines. Each is made once, and never more of them than a frame may carry."""
    new = state.logged - state.lined
    if new:
        fresh = list(islice(reversed(state.log), min(new, LINES_A_VIEW)))[::-1]
        if new > len(fresh):
            state.lines.append(wirelog.skipped(new - len(fresh) + 1, fresh.pop(0)[0]))
        for event, who, key, note in fresh:
            state.lines.append(wirelog.line(event, who, key if key in state.tasks else None, note))
        state.lined = state.logged
    return list(state.lines)


def _since(new: View, old: View) -> list[dict[str, Any]]:
    """The lines of the wire log that the old view has not."""
    last = old["wire"][-1] if old["wire"] and old["run"] == new["run"] else None
    fresh: list[dict[str, Any]] = []
    for line in reversed(new["wire"]):
        if line is last or line == last:
            break
        fresh.append(line)
    return fresh[::-1]
