"""The README's table of faults: how each is done, what is measured of it, and the table's lines.

Each fault hits the worker that has the one task in hand, on a fresh run with three workers. From the fault to the redelivery is measured as the
page does: from the fault's event to the next delivery's. test_fault_table.py measures; `make faults` has it write the table between two markers.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from tests.demo import BROKERS, Demo, alone, begun, held, holder, task, worker
from tests.fake_engine import CHECKOUT
from tests.test_crash import children
from webapp.stopwatch import LATEST

README = CHECKOUT / "README.md"
BEGIN, END = "<!-- faults: written by make faults -->", "<!-- end of faults -->"
HEAD = (
    "| fault | what it is | how the broker noticed | embedded | RabbitMQ | lost / redelivered / done twice |",
    "|---|---|---|---|---|---|",
)
HEARTBEAT = 4  # seconds: what workers/worker.py asks for
ACK_TIMEOUT = 15  # seconds: longer than three heartbeats of a worker
NOTICED = {
    "": "nothing to notice",
    "connection_closed": "the connection closed",
    "heartbeat": "the heartbeat stayed away",
    "ack_timeout": "the ack timeout passed: 406",
    "broker_restart": "it was gone itself",
    "engine_restart": "it was gone itself",
}
# How it was noticed -> the seconds before which that cannot have been: an ack timeout comes after any heartbeat would have.
NOT_BEFORE = {"heartbeat": HEARTBEAT, "ack_timeout": LATEST * HEARTBEAT}
WORDS = "photo......"  # six seconds of work: however slow we are, the fault finds it in hand
Key: TypeAlias = tuple[str, str]  # a fault and what it is, which names a row


def in_hand(demo: Demo) -> str:
    """The worker that has begun with task 1: what it has not begun, it gives back when it is to finish."""
    demo.submit(WORDS)
    name: str = demo.once(lambda state: holder(state, 1), "a holder")
    begun(demo, name, WORDS)
    return name


def on_holder(action: str, **fields: object) -> Callable[[Demo], None]:
    return lambda demo: demo.act(in_hand(demo), action, **fields)


def another(demo: Demo) -> None:
    """Somebody is there to take over."""
    demo.act("worker-2", "start")
    demo.once(lambda state: worker(state, "worker-2")["state"] == "idle", "worker-2 idle")


def stuck(demo: Demo) -> None:
    name = alone(demo)
    demo.act(name, "stick")
    demo.once(
        lambda state: [each for each in state["workers"] if each["stuck"] and each["state"] == "idle"],
        "stuck",
    )
    in_hand(demo)
    another(demo)


def ack_held(then: str) -> Callable[[Demo], None]:
    def do(demo: Demo) -> None:
        name = alone(demo)
        demo.act(name, "hold", method="basic.ack")
        demo.submit("photo")
        demo.once(lambda state: held(state, name), "a held ack")
        another(demo)
        if then:
            demo.act(name, then)

    return do


def broker_killed(demo: Demo) -> None:
    in_hand(demo)
    assert demo.ask("POST", "/api/broker/restart").status == 202


def engine_killed(demo: Demo) -> None:
    demo.submit("photo...")  # RabbitMQ 3.10 can lose a quorum queue that is younger than three seconds
    demo.once(lambda state: state["ledger"]["done"] == 1, "one done")
    in_hand(demo.fresh())
    (engine,) = children(demo.process.pid, "webapp.engine")
    os.kill(engine, signal.SIGKILL)
    demo.err.wait_for("the engine ended .SIGKILL. and is started again")


@dataclass(frozen=True)
class Scenario:
    """One row: the fault by the name REST has for it (broker and engine are no worker's), what it is, and how it is done."""

    fault: str
    what: str
    do: Callable[[Demo], None]

    @property
    def key(self) -> Key:
        return self.fault, self.what


SCENARIOS = (
    Scenario("stop", "`kill -9` of the worker", on_holder("stop")),
    Scenario("finish", "SIGTERM: it finishes, acks, leaves", on_holder("finish")),
    Scenario("freeze", "SIGSTOP", on_holder("freeze")),
    Scenario("cut", "its TCP connection closed", on_holder("cut")),
    Scenario("blackhole", "its cable pulled out: no FIN", on_holder("blackhole")),
    Scenario("delay", "a second later, both ways", on_holder("delay", ms=1000)),
    Scenario("stick", "it never acknowledges", stuck),
    Scenario("hold", "its ack held in mid-air", ack_held("")),
    Scenario("hold", "its ack held, then `kill -9`", ack_held("stop")),
    Scenario("drop", "its ack lost on the way", ack_held("drop")),
    Scenario("broker", "`kill -9` of the broker, and started again", broker_killed),
    Scenario("engine", "`kill -9` of the engine, tap and all", engine_killed),
)
CURES = ("start", "thaw", "restore", "release")  # what ends a fault is none


class Measured(NamedTuple):
    """How a fault was noticed, after how many seconds the task was with somebody again (None: it never left), and how it ended: lost /
    redelivered / done twice."""

    noticed: str
    seconds: float | None
    ends: str

    @property
    def words(self) -> tuple[str, str]:
        """What of it does not depend on the machine, as the table says it."""
        return NOTICED[self.noticed], self.ends


def measure(demo: Demo, scenario: Scenario) -> Measured:
    """The fault, on a fresh run, and what came of it."""
    demo.fresh()
    scenario.do(demo)
    state = demo.once(lambda state: over(state) and state, f"{scenario.what}: done", within=60)
    first, *again = task(state)["attempts"]
    return Measured(
        first["noticed"],
        again[0]["delivered_at"] - first["fault"]["at"] if again else None,
        " / ".join(str(state["ledger"][each]) for each in ("lost", "redelivered", "done_twice")),
    )


def over(state: dict[str, Any]) -> bool:
    """Task 1 is done, and why its first attempt was not the last is seen too: two sockets, two orders."""
    if state["ledger"]["done"] != 1:
        return False
    first, *again = task(state)["attempts"]
    return not again or first["noticed"] != ""


def rows() -> dict[Key, tuple[str, str]]:
    """What the README says of each fault: how the broker noticed, and how it ended."""
    found = {}
    for line in between(README.read_text("utf-8"))[1].splitlines()[len(HEAD) :]:
        fault, what, noticed, *_, ends = line.strip("| ").split(" | ")
        key = fault.strip("`"), what
        assert key not in found, key
        found[key] = noticed, ends
    return found


def line(scenario: Scenario, measured: Mapping[str, Measured]) -> str:
    """A line of the table. The brokers differ in the times only."""
    (words,) = {each.words for each in measured.values()}
    times = [duration(measured[broker].seconds) for broker in BROKERS]
    return f"| {' | '.join((f'`{scenario.fault}`', scenario.what, words[0], *times, words[1]))} |"


def write(lines: list[str]) -> None:
    """Puts them between the README's markers."""
    text = README.read_text("utf-8")
    place = between(text)
    table = "\n".join((*HEAD, *lines)) + "\n"
    README.write_text(text[: place.start(1)] + table + text[place.end(1) :], "utf-8")


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def between(text: str) -> re.Match[str]:
    """What stands between the markers."""
    found = re.search(f"{re.escape(BEGIN)}\n(.*?){re.escape(END)}", text, re.DOTALL)
    assert found, "README.md has lost the markers of the table of faults"
    return found
