"""Faults that make no sense, and too many of them: refused in words, on a real demo, which goes on."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pika
import pytest
import socketio

from tests.demo import Demo, consumed_by, demos, worker
from tests.fake_engine import DEADLINE


@pytest.fixture(scope="module")
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    request.param = "embedded"
    for demo in demos(request, tmp_path_factory):
        demo.fresh()
        demo.act("worker-3", "stop")
        demo.once(lambda state: worker(state, "worker-3")["pid"] is None, "the end of worker-3's process")
        demo.once(lambda state: [each["consumers"] for each in state["queues"]] == [2], "and its connection")
        consumed_by(demo.amqp_port(), 2)
        yield demo


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("worker-1/delay", {"ms": -1}, 422, "from 0 to 60000"),
        ("worker-1/delay", {"ms": 10**9}, 422, "from 0 to 60000"),
        ("worker-1/delay", {"ms": 1.5}, 422, "whole number"),
        ("worker-1/delay", {"ms": True}, 422, "whole number"),
        ("worker-1/delay", {"ms": "500"}, 422, "whole number"),
        ("worker-1/delay", {"ms": None}, 422, "whole number"),
        ("worker-1/delay", b'{"ms": NaN}', 400, "not valid JSON"),
        ("worker-1/delay", b'{"ms": Infinity}', 400, "not valid JSON"),
        ("worker-1/delay", {}, 422, "ms missing"),
        ("worker-1/delay", None, 422, "ms missing"),
        ("worker-1/delay", {"ms": 5, "for": 3}, 422, "for"),
        ("worker-1/delay", {"ms": 5, "name": "worker-2"}, 422, "name"),
        ("worker-1/hold", {}, 422, "method missing"),
        ("worker-1/hold", {"method": "basic.explode"}, 422, "basic.ack"),
        ("worker-1/hold", {"method": "connection.close"}, 422, "basic.deliver"),
        ("worker-1/hold", {"method": ["basic.ack"]}, 422, "basic.ack"),
        ("worker-1/hold", {"method": "Basic.Ack"}, 422, "basic.ack"),
        ("worker-1/blackhole", {"ms": 3}, 422, "ms"),
        ("worker-1/cut", {"action": "stop"}, 422, "action"),
        ("worker-1/release", None, 409, "Nothing is held"),
        ("worker-1/drop", None, 409, "Nothing is held"),
        ("worker-1/restore", None, 409, "not in a black hole"),
        ("worker-3/thaw", None, 409, "not frozen"),
        ("worker-3/hold", {"method": "basic.ack"}, 409, "start it first"),
        ("worker-3/blackhole", None, 409, "start it first"),
        ("worker-3/delay", {"ms": 5}, 409, "start it first"),
        ("worker-3/cut", None, 409, "start it first"),
        ("worker-3/restore", None, 409, "start it first"),
        ("worker-3/release", None, 409, "start it first"),
        ("nobody/hold", {"method": "basic.ack"}, 404, "nobody"),
        ("worker-1/poke", None, 404, "blackhole"),
    ],
    ids=str,
)
def test_a_fault_that_makes_no_sense_is_refused_in_words(
    demo: Demo, path: str, body: object, status: int, says: str
) -> None:
    before = demo.state()["workers"]
    answer = demo.ask("POST", f"/api/workers/{path}", body)
    problem = answer.json()
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert says in problem["detail"]
    assert demo.state()["workers"] == before


def test_twice_the_same_is_refused_and_two_at_once_are_two(demo: Demo) -> None:
    for action, fields in (("hold", {"method": "basic.ack"}), ("blackhole", {})):
        demo.act("worker-1", action, **fields)
        assert demo.ask("POST", f"/api/workers/worker-1/{action}", fields or None).status == 409
    demo.act("worker-1", "delay", ms=100)
    found = worker(demo.state(), "worker-1")["faults"]
    assert (found["armed"], found["delay"], found["blackholed"] is not None) == (["basic.ack"], 100, True)
    for action, fields in (("restore", {}), ("delay", {"ms": 0}), ("release", {})):
        demo.act("worker-1", action, **fields)
    healthy = {"blackholed": None, "delay": 0, "armed": [], "held": []}
    assert worker(demo.state(), "worker-1")["faults"] == healthy


def test_a_guest_has_every_fault_of_a_connection_and_none_of_a_process(demo: Demo) -> None:
    parameters = pika.ConnectionParameters(
        "127.0.0.1", demo.amqp_port(), client_properties={"connection_name": "lap top/1"}
    )
    with pika.BlockingConnection(parameters) as guest:
        channel = guest.channel()
        channel.queue_declare("task_queue", passive=True)
        channel.basic_consume("task_queue", lambda *_: None)
        name = "lap-top-1"
        demo.once(lambda state: any(each["name"] == name for each in state["workers"]), "the guest")
        for action, fields in (("delay", {"ms": 5}), ("hold", {"method": "basic.ack"}), ("blackhole", {})):
            demo.act(name, action, **fields)
        for action, fields in (("restore", {}), ("release", {}), ("delay", {"ms": 0})):
            demo.act(name, action, **fields)
        for action in ("stop", "stick", "freeze"):
            assert demo.ask("POST", f"/api/workers/{name}/{action}").status == 409
        demo.act(name, "cut")
        with pytest.raises(pika.exceptions.AMQPError):
            guest.process_data_events(DEADLINE)


def test_five_hundred_commands_a_second_break_nothing_and_do_not_pile_up(demo: Demo) -> None:
    """A second of them, and more, from ten pages; each is answered, and afterwards the demo does what it did before."""
    asked = itertools.cycle(
        [
            ("delay", {"ms": 1}), ("hold", {"method": "basic.ack"}), ("release", {}), ("delay", {"ms": 0}),
            ("blackhole", {}), ("restore", {}), ("thaw", {}), ("drop", {}),
        ]
    )  # fmt: skip
    answers: list[int] = []  # a Counter's += is no one step, and may lose what two threads add at once

    def nervous() -> None:
        page = socketio.SimpleClient()
        page.connect(demo.url(), transports=["websocket"], wait_timeout=int(DEADLINE))
        for _ in range(100):
            action, fields = next(asked)
            answer: Any = page.call(
                "command", {"do": "worker", "name": "worker-1", "action": action, **fields}, timeout=DEADLINE
            )
            answers.append(200 if answer["ok"] else answer["status"])
        page.disconnect()

    pages = [threading.Thread(target=nervous) for _ in range(10)]
    for each in pages:
        each.start()
    for each in pages:
        each.join(DEADLINE * 3)
    assert len(answers) == 1000
    assert set(answers) <= {200, 409, 503}, Counter(answers)
    for action, fields in (("restore", {}), ("release", {}), ("release", {}), ("delay", {"ms": 0})):
        demo.ask("POST", f"/api/workers/worker-1/{action}", fields or None)
    demo.submit("photo", 20)
    demo.once(lambda state: state["ledger"]["done"] == 20, "twenty done")
