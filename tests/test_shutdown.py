"""Shut-down with everything that can be wrong at once: all of it ends, on both brokers; and whoever waits for somebody's end waits five
seconds at most."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests import needs
from tests.demo import RABBITMQ_LATER, Demo, alone, held, worker
from tests.fake_engine import until
from tests.test_demo import family, living
from webapp.engine.__main__ import CLOSE_TIMEOUT
from webapp.sources import END_WITHIN

WITHIN = 5  # seconds


def test_who_is_asked_to_end_has_less_time_than_whoever_asks_waits() -> None:
    assert CLOSE_TIMEOUT < END_WITHIN < WITHIN


@pytest.mark.parametrize("broker", RABBITMQ_LATER)
def test_whatever_is_frozen_held_stuck_slow_or_in_a_black_hole_ends(broker: str, tmp_path: Path) -> None:
    if broker == "rabbitmq":
        needs.rabbitmq()
    with Demo(tmp_path / "data", "--workers", "6", broker=broker) as demo:
        demo.once(lambda state: [each["state"] for each in state["workers"]] == ["idle"] * 6, "six workers")
        demo.act("worker-6", "stick")
        demo.once(lambda state: worker(state, "worker-6")["stuck"], "one stuck")
        demo.act("worker-1", "hold", method="basic.ack")
        demo.act("worker-2", "hold", method="basic.deliver")
        demo.act("worker-5", "delay", ms=60_000)
        demo.submit("photo", 12)
        demo.once(lambda state: held(state, "worker-1") and held(state, "worker-2"), "two frames in mid-air")
        demo.act("worker-3", "freeze")
        demo.act("worker-4", "blackhole")
        demo.act("worker-1", "blackhole")
        everybody = family(demo.process.pid)
        os.kill(demo.process.pid, signal.SIGTERM)
        until(lambda: not living(set(everybody)), f"the end of {everybody}")
        assert demo.exit_code() == 0


def test_a_reset_takes_every_fault_away(tmp_path: Path) -> None:
    with Demo(tmp_path / "data") as demo:
        demo.fresh()
        name = alone(demo)
        demo.act(name, "hold", method="basic.ack")
        demo.submit("photo")
        demo.once(lambda state: held(state, name), "a held ack")
        demo.act(name, "blackhole")
        demo.act(name, "delay", ms=5000)
        demo.fresh()
        healthy = {"blackholed": None, "delay": 0, "armed": [], "held": []}
        assert [each["faults"] for each in demo.state()["workers"]] == [healthy] * 3
        demo.submit("photo", 6)
        demo.once(lambda state: state["ledger"]["done"] == 6, "six done")
