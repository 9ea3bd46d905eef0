"""The README's table of faults, measured on both brokers: `make faults` writes it between two markers.

Each fault hits the worker that has the one task in hand, on a fresh run with three workers. From the fault to the redelivery is measured as the
page does: from the fault's event to the next delivery's.
"""

from __future__ import annotations

import os
import re
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.demo import BROKERS, Demo, alone, held, holder, task, worker
from tests.fake_engine import CHECKOUT, until
from tests.test_crash import children

README = CHECKOUT / "README.md"
BEGIN, END = "<!-- faults: written by make faults -->", "<!-- end of faults -->"
ACK_TIMEOUT = 15  # seconds: longer than three heartbeats of a worker
NOTICED = {
    "": "nothing to notice",
    "connection_closed": "the connection closed",
    "heartbeat": "the heartbeat stayed away",
    "ack_timeout": "the ack timeout passed: 406",
    "broker_restart": "it was gone itself",
    "engine_restart": "it was gone itself",
}
WORDS = "photo...."  # four seconds of work


def in_hand(demo: Demo) -> str:
    """The worker that has task 1 in hand."""
    demo.submit(WORDS)
    name: str = demo.once(lambda state: holder(state, 1), "a holder")
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
    in_hand(demo)
    (engine,) = children(demo.process.pid, "webapp.engine")
    os.kill(engine, signal.SIGKILL)
    until(lambda: demo.ask("GET", "/healthz").status == 503, "the end of the engine")


@dataclass(frozen=True)
class Scenario:
    """One row: the fault by the name REST has for it (broker and engine are no worker's), what it is, and how it is done."""

    fault: str
    what: str
    do: Callable[[Demo], None]


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


def measure(demo: Demo, scenario: Scenario) -> tuple[str, float | None, dict[str, int]]:
    """How it was noticed, after how many seconds the task was with somebody again, and the ledger."""
    demo.fresh()
    # RabbitMQ 3.10 can lose a quorum queue that is younger than three seconds when it is killed.
    demo.once(lambda _: demo.state()["broker"]["up"], "the broker")
    scenario.do(demo)
    demo.once(lambda state: state["ledger"]["done"] == 1, f"{scenario.what}: done", within=60)
    attempts: list[dict[str, Any]] = task(demo.state())["attempts"]
    first = attempts[0]
    seconds = None
    if len(attempts) > 1:
        seconds = attempts[1]["delivered_at"] - first["fault"]["at"]
    return first["noticed"], seconds, demo.state()["ledger"]


def rows() -> list[str]:
    """The table's lines."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for broker in BROKERS:
        with tempfile.TemporaryDirectory() as data:
            flags = ("--ack-timeout", str(ACK_TIMEOUT))
            with Demo(Path(data), *flags, broker=broker) as demo:
                demo.url()
                for scenario in SCENARIOS:
                    noticed, seconds, ledger = measure(demo, scenario)
                    row = found.setdefault(
                        (scenario.fault, scenario.what), {"noticed": set(), "ledger": set()}
                    )
                    row["noticed"].add(NOTICED[noticed])
                    row["ledger"].add(tuple(ledger[each] for each in ("lost", "redelivered", "done_twice")))
                    row[broker] = "–" if seconds is None else duration(seconds)
                    print(broker, scenario.what, noticed, seconds, flush=True)
    lines = [
        "| fault | what it is | how the broker noticed | embedded | RabbitMQ | lost / redelivered / done twice |",
        "|---|---|---|---|---|---|",
    ]
    for (fault, what), row in found.items():
        ends = ", or ".join(" / ".join(map(str, each)) for each in sorted(row["ledger"]))
        cells = [
            f"`{fault}`",
            what,
            ", or ".join(sorted(row["noticed"])),
            row["embedded"],
            row["rabbitmq"],
            ends,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def between(text: str) -> re.Match[str]:
    """What stands between the markers."""
    found = re.search(f"{re.escape(BEGIN)}\n(.*?){re.escape(END)}", text, re.DOTALL)
    assert found, "README.md has lost the markers of the table of faults"
    return found


def main() -> None:
    text = README.read_text("utf-8")
    place = between(text)
    table = "\n".join(rows()) + "\n"
    README.write_text(text[: place.start(1)] + table + text[place.end(1) :], "utf-8")


if __name__ == "__main__":
    main()
