"""The state as frames: a view is the whole picture as plain JSON, a delta what changed between two views.

    State ──view──► view ──delta(old, new)──► delta ──merge──► view        merge(old, delta(old, new)) == new

The page holds no AMQP logic: it merges deltas and draws. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from itertools import islice
from typing import Any, TypeAlias

from webapp import wirelog
from webapp.state import LOG_KEPT, SETTLED_STATES, Attempt, Lane, Queue, State, Task

View: TypeAlias = dict[str, Any]

WINDOW = 40  # ready tasks of each queue, and tasks in each lane's hands, that are in the picture by name
GONE_SHOWN = 60  # lost tasks, and dead ones
DONE_SHOWN = 40
QUEUES_SHOWN = 32
LINES_A_FRAME = 60  # new lines of the wire log in one frame; what goes beyond is counted
SETTLED_REPORTED = 200
DOTS_MAX = 3_600  # seconds that a task's dots can count for

MAPS = ("queues", "workers", "producers", "tasks")  # entries change one by one
WHOLES = ("broker", "settings", "ledger", "lost", "dead")  # replaced whole
STAMPS = ("at", "seq", "run")


def view(state: State) -> View:
    """The whole picture: every section of a keyframe. Unchanged parts are the same objects as in the last view."""
    tasks: dict[str, Any] = {}

    def show(shown: Iterable[Task]) -> list[str]:
        keys = []
        for task in shown:
            tasks[task.key] = task.picture or picture(task)
            keys.append(task.key)
        return keys

    consumers = state.consumers()
    queues = {
        queue.name: _queue(queue, consumers[queue.name], show(queue.window(WINDOW)))
        for queue in _shown_queues(state)
    }
    workers = {}
    for lane in sorted(state.workers.values(), key=lambda lane: lane.order):
        held = lane.held
        dropped = [state.tasks[key] for key in lane.dropped if key in state.tasks]
        workers[lane.name] = {
            **_worker(lane),
            "holding": show(held[:WINDOW]),
            "held": len(held),
            "dropped": show(dropped[:WINDOW]),
            "why": lane.why,
            "since": lane.since,
            "restart_at": lane.restart_at,
            "leaving": lane.alive and lane.asked == "finish",
            "order": lane.order,
            "product": lane.product,
            "output": list(lane.output),
        }
    show(islice(reversed(state.settled["done"].values()), DONE_SHOWN))
    return {
        "at": state.at,
        "seq": state.seq,
        "run": state.run,
        "broker": asdict(state.broker),
        "settings": asdict(state.settings),
        "ledger": state.ledger,
        "queues": queues,
        "workers": workers,
        "producers": {
            each.name: {
                "name": each.name,
                "kind": each.kind,
                "product": each.product,
                "published": each.published,
                "up": each.up,
                "order": each.order,
            }
            for each in state.producers.values()
        },
        "lost": show(islice(reversed(state.settled["lost"].values()), GONE_SHOWN)),
        "dead": show(islice(reversed(state.settled["dead"].values()), GONE_SHOWN)),
        "tasks": tasks,
        "wire": _wire(state),
    }


def delta(old: View, new: View) -> View | None:
    """What changed from one view to the next; None where nothing did."""
    change: View = {}
    for name in MAPS:
        before, after = old[name], new[name]
        entries = {
            key: entry
            for key, entry in after.items()
            if entry is not before.get(key) and entry != before.get(key)
        }
        entries.update({key: None for key in before if key not in after})
        if entries:
            change[name] = entries
    for name in WHOLES:
        if old[name] != new[name]:
            change[name] = new[name]
    lines = new["wire"] if old["run"] != new["run"] else _since(new["wire"], old["wire"])
    if lines:
        change["wire"] = lines
    if not change and old["run"] == new["run"]:
        return None
    return {**{name: new[name] for name in STAMPS}, **change}


def merge(old: View, change: View) -> View:
    """The view that a page has after this delta: what its `merge` must do, too."""
    new = {**old, **{name: change[name] for name in (*STAMPS, *WHOLES) if name in change}}
    for name in MAPS:
        if name in change:
            entries = {**old[name], **change[name]}
            new[name] = {key: entry for key, entry in entries.items() if entry is not None}
    before = old["wire"] if change["run"] == old["run"] else []
    new["wire"] = [*before, *change.get("wire", ())][-LOG_KEPT:]
    return new


def picture(task: Task) -> dict[str, Any]:
    """A task as the page and REST show it; kept until the task changes."""
    task.picture = {
        "id": task.key,
        "n": task.n,
        "body": task.body,
        "size": task.size,
        "seconds": min(task.body.count("."), DOTS_MAX),
        "state": task.state,
        "queue": task.queue,
        "worker": task.worker,
        "persistent": task.persistent,
        "redelivered": task.redelivered,
        "results": task.results,
        "published_at": task.published_at,
        "confirmed_at": task.confirmed_at,
        "settled_at": task.settled_at,
        "attempts": [_attempt(each) for each in task.attempts],
        "skipped": task.skipped,
    }
    return task.picture


def report(state: State) -> dict[str, Any]:
    """What REST's /api/state says: unsettled tasks, and the latest settled ones, by number."""
    settled = [task for each in SETTLED_STATES for task in state.settled[each].values()]
    consumers = state.consumers()
    settled.sort(key=lambda task: (task.settled_at or 0.0, task.n))
    shown = [task for task in state.tasks.values() if task.state not in SETTLED_STATES]
    shown += settled[-SETTLED_REPORTED:]
    workers = []
    for lane in sorted(state.workers.values(), key=lambda lane: lane.order):
        workers.append({**_worker(lane), "holding": [task.key for task in lane.held]})
    return {
        "broker": asdict(state.broker),
        "settings": asdict(state.settings),
        "ledger": state.ledger,
        "queues": [_queue(queue, consumers[queue.name]) for queue in state.queues.values()],
        "workers": workers,
        "tasks": [task.picture or picture(task) for task in sorted(shown, key=lambda task: task.n)],
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
    }


def _queue(queue: Queue, consumers: int, window: list[str] | None = None) -> dict[str, Any]:
    picture = {
        "name": queue.name,
        "kind": queue.kind,
        "durable": queue.durable is not False,
        "ready": len(queue),
        "unacked": queue.unacked,
        "consumers": consumers,
        "difference": queue.difference,
    }
    if window is not None:
        picture |= {"next": window[0] if window else None, "window": window}
    return picture


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "worker": attempt.worker,
        "delivered_at": attempt.delivered_at,
        "ended_at": attempt.ended_at,
        "end": attempt.end,
        "auto_ack": attempt.auto_ack,
        "tag": attempt.tag,
        "redelivered": attempt.redelivered,
        "result_at": attempt.result_at,
    }


def _shown_queues(state: State) -> list[Queue]:
    """The demo's own queue first, then those with something in them, then the rest, as many as fit."""
    queues = sorted(
        state.queues.values(),
        key=lambda queue: (queue.name != state.settings.queue, not (len(queue) or queue.unacked)),
    )
    return queues[:QUEUES_SHOWN]


def _wire(state: State) -> list[dict[str, Any]]:
    """The log's latest lines. Lines are made once, and never of more events than a frame may carry."""
    new = min(state.logged - state.lined, len(state.log))
    if new:
        fresh = list(islice(reversed(state.log), min(new, LINES_A_FRAME)))[::-1]
        lines = [wirelog.line(event, who, key if key in state.tasks else None) for event, who, key in fresh]
        left_out = state.logged - state.lined - len(lines)
        if left_out:
            lines[0] = wirelog.skipped(left_out + 1, lines[0])
        state.lines.extend(lines)
        state.lined = state.logged
    return list(state.lines)


def _since(lines: list[dict[str, Any]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    last = before[-1]["seq"] if before else -1
    fresh = [line for line in islice(reversed(lines), LINES_A_FRAME + 1) if line["seq"] > last]
    return fresh[::-1]
