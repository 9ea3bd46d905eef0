"""kill -9 of the engine, on both brokers: the run goes on, and what was in a durable queue is still there."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests import needs
from tests.demo import RABBITMQ_LATER, Demo
from tests.engine_process import DEADLINE, EngineProcess
from tests.fake_engine import until
from tests.ports import free_port
from tests.watcher import Page


@pytest.fixture(params=RABBITMQ_LATER)
def broker(request: pytest.FixtureRequest) -> str:
    if request.param == "rabbitmq":
        needs.rabbitmq()
    name: str = request.param
    return name


def children(pid: int, of: str) -> list[int]:
    """The processes right below `pid` whose command line has this word in it."""
    listing = subprocess.run(["ps", "-ewwo", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 2) for line in listing.stdout.splitlines()]
    return [int(row[0]) for row in rows if int(row[1]) == pid and of in row[2]]


@pytest.mark.long
def test_the_run_goes_on_after_the_engine_was_killed(broker: str, tmp_path: Path) -> None:
    with Demo(tmp_path / "data", broker=broker) as demo:
        port = demo.amqp_port()
        demo.submit("photo...")  # RabbitMQ 3.10 can lose a quorum queue that is younger than three seconds
        demo.once(lambda state: state["ledger"]["done"] == 1, "one done")
        assert demo.ask("POST", "/api/workers").status == 201
        demo.once(
            lambda state: [each["state"] for each in state["workers"]] == ["idle"] * 4, "four idle workers"
        )
        demo.submit("photo.....", 9)
        demo.once(lambda state: state["ledger"]["unacked"] == 4, "four in hand")
        (engine,) = children(demo.process.pid, "webapp.engine")
        with Page(demo.url()) as page:
            page.until(lambda view: view["link"]["engine"])
            os.kill(engine, signal.SIGKILL)
            page.until(lambda view: not view["link"]["engine"])
        demo.once(lambda state: state["ledger"]["ready"] >= 5 or state["ledger"]["done"] > 1, "known still")
        until(lambda: demo.ask("GET", "/healthz").status == 200, "everything up again")
        ledger = demo.once(lambda state: state["ledger"]["done"] == 10 and state["ledger"], "all done")
        assert (ledger["published"], ledger["lost"], ledger["redelivered"]) == (10, 0, 4)
        again = [each for each in demo.state()["tasks"] if each["redelivered"]]
        for each in again:
            first, second = each["attempts"]
            assert (first["noticed"], first["fault"]["kind"]) == ("engine_restart", "engine")
            assert each["published_at"] < first["delivered_at"] < second["delivered_at"]
        assert len(demo.state()["workers"]) == 4
        assert demo.amqp_port() == port
        demo.submit("photo")
        demo.once(lambda state: state["ledger"]["done"] == 11, "a task after that")
        assert [each["difference"] for each in demo.state()["queues"]] == [0]


def test_a_folder_in_which_something_still_lives_is_refused_in_one_line(tmp_path: Path) -> None:
    """The engine and its undertaker were killed, and the broker lives on: nobody else may write where it does."""
    port = str(free_port())
    first = EngineProcess("--amqp-port", port, "--workers", "0", data=tmp_path)
    left = first.wait("BrokerStarted")["pid"]
    try:
        for each in (*children(first.process.pid, "undertaker"), first.process.pid):
            os.kill(each, signal.SIGKILL)
        first.process.wait(DEADLINE)
        with EngineProcess("--amqp-port", port, "--workers", "0", data=tmp_path) as second:
            assert second.ended() == 2
        (line,) = second.noise
        assert "in use" in line and str(tmp_path) in line and "--data" in line
    finally:
        os.kill(left, signal.SIGKILL)  # it has the first one's standard error too
        first.ended()
    with EngineProcess("--amqp-port", port, "--workers", "0", data=tmp_path) as third:
        third.wait("BrokerStarted")
