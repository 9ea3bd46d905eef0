"""What a user can ask for: one table, used by REST and by Socket.IO alike.

Each command checks its fields, then whether the request fits the state of things as projected, and only then asks the
engine or the producer. Refusals are the named exceptions of `problems.py`. Must not import Flask or eventlet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from webapp.methods import HOLDABLE
from webapp.problems import EngineGone, Invalid, NoSuchAction, NoSuchCommand, NoSuchWorker, NotNow, Problem
from webapp.settings import MOST_PREFETCH, MOST_WORKERS
from webapp.state import Lane, State

LONGEST_BODY = 4096  # bytes of UTF-8
MOST_DOTS = 600  # ten minutes of work
MOST_AT_ONCE = 10_000
LONGEST_DELAY = 60_000  # milliseconds


class Asks(Protocol):
    """What we need of the engine: see `sources.Live.ask`."""

    @property
    def alive(self) -> bool: ...

    def ask(self, do: str, **fields: Any) -> dict[str, Any]: ...


class Submits(Protocol):
    """What we need of the producer: see `producer.Producer.submit`."""

    def submit(self, body: str, count: int = 1, persistent: bool = True) -> list[str]: ...


@dataclass(frozen=True)
class Desk:
    """Where commands come in. `state` gives the newest projected state."""

    engine: Asks
    producer: Submits
    state: Callable[[], State]

    def do(self, name: object, fields: Mapping[str, object]) -> dict[str, Any]:
        """Carry out a command and return its result's fields. Raises a Problem."""
        command = COMMANDS.get(name) if isinstance(name, str) else None
        if command is None:
            raise NoSuchCommand(f"There are: {', '.join(COMMANDS)}.")
        values = checked(fields, command.fields, command.more)
        if not self.engine.alive:  # what we last knew of the workers says nothing any more
            raise EngineGone("It is being started again; try once more in a few seconds.")
        return command.run(self, **values)


# -- fields: each check takes what JSON gave and returns it, or raises Invalid -----------------------------------


def task_body(value: object) -> str:
    if not isinstance(value, str):
        raise Invalid('body must be a text, "photo..." say.')
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise Invalid("body must be a text that UTF-8 can express.") from None
    if not value.strip():
        raise Invalid("body must not be empty: type something, each dot in it is a second of work.")
    if size > LONGEST_BODY:
        raise Invalid(f"body may have at most {LONGEST_BODY} bytes of UTF-8; this one has {size}.")
    if "\0" in value:
        raise Invalid("body must not contain a NUL character.")
    if value.count(".") > MOST_DOTS:
        raise Invalid(
            f"body may have at most {MOST_DOTS} dots, ten minutes of work; this one has {value.count('.')}."
        )
    return value


def whole(name: str, low: int, high: int, more: str = "") -> Callable[[object], int]:
    """A check for a JSON number without a fraction; true and 1.0 are none."""

    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Invalid(f"{name} must be a whole number from {low} to {high}{more}.")
        return value

    return check


def ack_mode(value: object) -> str:
    if value not in ("manual", "auto"):
        raise Invalid('ack must be "manual" or "auto".')
    return str(value)


def queue_kind(value: object) -> str:
    if value not in ("quorum", "classic"):
        raise Invalid('kind must be "quorum" or "classic".')
    return str(value)


def yes_or_no(name: str) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        if not isinstance(value, bool):
            raise Invalid(f"{name} must be true or false.")
        return value

    return check


def method(value: object) -> str:
    if not isinstance(value, str) or value not in HOLDABLE:
        raise Invalid(f"method must be one of those that can be held: {', '.join(HOLDABLE)}.")
    return value


def text(name: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str):
            raise Invalid(f"{name} must be a text.")
        return value

    return check


@dataclass(frozen=True)
class Field:
    check: Callable[[object], Any]
    required: bool = False


def checked(given: Mapping[str, object], fields: Mapping[str, Field], more: bool = False) -> dict[str, Any]:
    """The given fields, checked. Missing ones are refused by name, and unknown ones, unless `more` lets them through as they are."""
    unknown = [name for name in given if name not in fields and not more]
    if unknown:
        allowed = f"allowed: {', '.join(fields)}" if fields else "none are expected"
        raise Invalid(
            f"Unknown field{'s' * (len(unknown) > 1)} {', '.join(str(n)[:60] for n in unknown[:10])}; {allowed}."
        )
    missing = [name for name, field in fields.items() if field.required and name not in given]
    if missing:
        raise Invalid(f"{' and '.join(missing)} missing.")
    return {name: fields[name].check(value) if name in fields else value for name, value in given.items()}


# -- the commands -------------------------------------------------------------------------------------------------


def submit(desk: Desk, body: str, count: int = 1, persistent: bool = True) -> dict[str, Any]:
    ids = desk.producer.submit(body, count, persistent)
    with suppress(Problem):  # the broker has them, whatever becomes of the engine
        desk.engine.ask("sync")  # who has the answer finds them in the state
    return {"ids": ids}


def add(desk: Desk) -> dict[str, Any]:
    local = [worker for worker in desk.state().workers.values() if worker.kind == "local"]
    if len(local) >= MOST_WORKERS:
        raise NotNow(
            f"There are {len(local)} workers already, as many as fit here. More can run anywhere: connect them to the tap."
        )
    return desk.engine.ask("add")


def worker(desk: Desk, /, name: str, action: str, **given: object) -> dict[str, Any]:
    state = desk.state()
    if name not in state.workers:
        known = ", ".join(list(state.workers)[:40]) or "none yet"
        raise NoSuchWorker(f"There is no worker {name[:60]!r}. There are: {known}.")
    if action not in ACTIONS and action not in FAULTS:
        raise NoSuchAction(
            f"There is no action {action[:60]!r}. There are: {', '.join([*ACTIONS, *FAULTS])}."
        )
    lane = state.workers[name]
    if action in FAULTS:
        fields = checked(given, FAULTS[action])
        conns = state.conns_of(name)
        if not conns:
            raise NotNow(f"{name} has no open connection{WITHOUT.get(condition(lane), '.')}")
        desk.engine.ask(action, conns=conns, **fields)
        return {"name": name, "action": action, **fields}
    checked(given, {})
    if lane.kind != "local":
        raise NotNow(
            f"{name} is a guest: its process is not ours. With its connection can be done: {', '.join(FAULTS)}."
        )
    reason = ACTIONS[action].get(condition(lane))
    if action == "start" and lane.stuck:
        reason = None  # that brings it back to normal
    if reason:
        raise NotNow(f"{name} {reason}")
    desk.engine.ask(action, worker=name)
    return {"name": name, "action": action}


def condition(lane: Lane) -> str:
    """What a local worker's process is doing: running | frozen | waiting (to be started again) | stopped."""
    if lane.state == "stopped":
        return "stopped"
    if not lane.alive:
        return "waiting"
    return "frozen" if lane.frozen else "running"


RUNNING = "is running already."
STOPPED = "is stopped already: start it first."
WAITING = "has no process at the moment: it is about to be started again."
UNFROZEN = "is not frozen."

# Action -> conditions in which it makes no sense -> why not.
ACTIONS: Mapping[str, Mapping[str, str]] = {
    "stop": {"stopped": STOPPED},
    "start": {"running": RUNNING, "frozen": RUNNING},  # while it waits for its restart: at once
    "finish": {"stopped": STOPPED, "frozen": "is frozen: thaw it first, a frozen process does not notice."},
    "freeze": {"stopped": STOPPED, "waiting": WAITING, "frozen": "is frozen already."},
    "stick": {"frozen": "is frozen: thaw it first."},
    "thaw": {"running": UNFROZEN, "waiting": UNFROZEN, "stopped": UNFROZEN},
}
# What is done in the tap, to its connections -> what has to be said with it. Whether it fits, the tap knows best.
FAULTS: Mapping[str, Mapping[str, Field]] = {
    "cut": {},
    "blackhole": {},
    "restore": {},
    "delay": {"ms": Field(whole("ms", 0, LONGEST_DELAY, " (0 is no delay)"), required=True)},
    "hold": {"method": Field(method, required=True)},
    "release": {},
    "drop": {},
}
WITHOUT = {"stopped": ": start it first.", "waiting": ": it is about to be started again."}


def settings(desk: Desk, **changes: Any) -> dict[str, Any]:
    """A queue of which only `durable` is said is a quorum queue, or, where that cannot be, a classic one."""
    if not changes:
        raise Invalid(f"Name what to change: {', '.join(SETTINGS)}, or several.")
    _make_one_of(changes)
    current = asdict(desk.state().settings)
    wanted = {**current, **changes}
    if _another_queue(wanted, current):
        _may_be_declared_anew(desk.state(), current["queue"])
    if wanted != current:  # else nothing to do: no worker is restarted for it
        desk.engine.ask("settings", **changes)
    return wanted


def _make_one_of(changes: dict[str, Any]) -> None:
    """What is said of the queue, completed: `durable` and `kind` go together."""
    if "durable" in changes:
        changes.setdefault("kind", "quorum" if changes["durable"] else "classic")
    elif "kind" in changes:
        changes["durable"] = True
    if changes.get("kind") == "quorum" and not changes["durable"]:
        raise Invalid("A quorum queue is always durable: for one that is not, kind must be classic.")


def _another_queue(wanted: Mapping[str, Any], current: Mapping[str, Any]) -> bool:
    return (wanted["durable"], wanted["kind"]) != (current["durable"], current["kind"])


def _may_be_ours(state: State) -> None:
    if state.broker.kind == "external":
        raise NotNow("This broker is not ours: its queue stays what it is.")


def _may_be_declared_anew(state: State, name: str) -> None:
    """A queue cannot change what it is: it is deleted and declared anew, and nothing may be lost by that."""
    _may_be_ours(state)
    queue = state.queues.get(name)
    tasks = len(queue) + queue.unacked if queue else 0
    if tasks:
        raise NotNow(
            f"A queue cannot become another kind while tasks are in it, and there {'is' if tasks == 1 else 'are'} {tasks}: "
            "let them be done first, or reset."
        )


def restart_broker(desk: Desk) -> dict[str, Any]:
    if desk.state().broker.kind == "external":
        raise NotNow("This broker is not ours, it was running before: restart it where it was started.")
    desk.engine.ask("restart_broker")
    return {}


def reset(desk: Desk, **scene: Any) -> dict[str, Any]:
    """The queue is emptied, so it may become another kind, too."""
    _make_one_of(scene)
    current = asdict(desk.state().settings)
    if _another_queue({**current, **scene}, current):
        _may_be_ours(desk.state())
    desk.engine.ask("reset", **scene)
    return {}


SETTINGS: Mapping[str, Field] = {
    "ack": Field(ack_mode),
    "prefetch": Field(whole("prefetch", 0, MOST_PREFETCH, " (0 is no limit)")),
    "durable": Field(yes_or_no("durable")),
    "kind": Field(queue_kind),
    "idempotent": Field(yes_or_no("idempotent")),
}


@dataclass(frozen=True)
class Command:
    """`more`: it takes other fields too, and checks them itself."""

    run: Callable[..., dict[str, Any]]
    fields: Mapping[str, Field]
    more: bool = False


COMMANDS: Mapping[str, Command] = {
    "submit": Command(
        submit,
        {
            "body": Field(task_body, required=True),
            "count": Field(whole("count", 1, MOST_AT_ONCE)),
            "persistent": Field(yes_or_no("persistent")),
        },
    ),
    "add": Command(add, {}),
    "worker": Command(
        worker,
        {"name": Field(text("name"), required=True), "action": Field(text("action"), required=True)},
        more=True,
    ),
    "settings": Command(settings, SETTINGS),
    "restart_broker": Command(restart_broker, {}),
    "reset": Command(
        reset,
        {**SETTINGS, "workers": Field(whole("workers", 0, MOST_WORKERS))},
    ),
}
