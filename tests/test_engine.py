"""The engine as a process, on both brokers: real workers, real deaths, and nothing left behind."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pika
import pytest

from tests import needs
from tests.demo import RABBITMQ_LATER, consumed_by
from tests.engine_process import DEADLINE, EngineProcess
from tests.ports import free_port
from webapp.engine.undertaker import bury
from webapp.events import decode


@pytest.fixture(scope="module", params=RABBITMQ_LATER)
def kind(request):
    if request.param == "rabbitmq":
        needs.rabbitmq()
    return request.param


@pytest.fixture
def start(tmp_path):
    """Starts engines that the test's end stops."""
    engines = []

    def start(*flags, **more):
        engines.append(EngineProcess(*flags, data=tmp_path, **more))
        return engines[-1]

    yield start
    for engine in engines:
        engine.close()


@pytest.fixture(scope="module")
def shared(kind, tmp_path_factory):
    """One engine on each broker, for the tests that leave it as they found it."""
    with EngineProcess("--workers", "2", data=tmp_path_factory.mktemp("shared"), broker=kind) as engine:
        engine.amqp_port  # noqa: B018 - waits until it is up
        yield engine


@pytest.fixture
def engine(shared):
    """The shared engine after a reset: two workers consume, with manual ack and prefetch 1."""
    shared.fresh().wait("ConsumerStarted", count=2)
    return shared


def alone(engine, **settings):
    """The engine with worker-1 as its only worker, started with these settings; the broker knows of no other."""
    engine.fresh(**settings).wait("ConsumerStarted", count=2)
    engine.order("stop", worker="worker-2")
    engine.wait("WorkerExited", worker="worker-2")
    consumed_by(engine.amqp_port, 1)
    return engine


def publish(port, *bodies):
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port))
    channel = connection.channel()
    channel.confirm_delivery()
    for body in bodies:
        properties = pika.BasicProperties(delivery_mode=2, message_id=f"task-{body}")
        channel.basic_publish("", "task_queue", body.encode(), properties)
    connection.close()


def processes_under(pid):
    """Every living process that descends from `pid`, by process id."""
    listing = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True)
    children, found = {}, set()
    for line in listing.stdout.splitlines():
        child, parent, state = line.split()
        if not state.startswith("Z"):
            children.setdefault(int(parent), []).append(int(child))
    todo = [pid]
    while todo:
        new = children.get(todo.pop(), [])
        found.update(new)
        todo += new
    return found


def alive(pid):
    try:
        with Path(f"/proc/{pid}/stat").open() as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "the deadline passed"
        time.sleep(0.02)


def test_a_killed_workers_task_goes_to_another_with_redelivered_set(engine):
    publish(engine.amqp_port, "m....")  # long enough to be killed at it
    first = engine.wait("Delivered", task="task-m....")
    victim = engine.name_of(first["conn"])
    assert engine.order("stop", worker=victim)["ok"]
    closed = engine.wait("ConnectionClosed", conn=first["conn"])
    again = engine.wait("Delivered", task="task-m....", redelivered=True)
    exited = engine.wait("WorkerExited", worker=victim)
    assert (closed["by"], exited["signal"], exited["asked"]) == ("network", "SIGKILL", "stop")
    assert "restart_in" not in exited
    assert closed["seq"] < again["seq"]
    assert again.get("delivery_count", 0) == 1, "a quorum queue counts deliveries"
    assert engine.name_of(again["conn"]) != victim
    acked = engine.wait("Acked", task="task-m....")
    result = engine.wait("Published", result_of="task-m....")
    assert result["seq"] < acked["seq"]


def test_under_auto_ack_prefetch_means_nothing_and_nothing_comes_back(engine):
    alone(engine, ack="auto")
    assert engine.wait("ConsumerStarted")["auto_ack"]
    publish(engine.amqp_port, *(f"m{n}..." for n in range(10)))
    engine.wait("Delivered", count=10)
    engine.order("stop", worker="worker-1")
    engine.wait("WorkerExited", worker="worker-1")
    engine.order("start", worker="worker-1")
    engine.wait("ConsumerStarted", count=3)
    consumed_by(engine.amqp_port, 1)  # the dead one is given nothing more
    publish(engine.amqp_port, "sentinel")
    engine.wait("Delivered", task="task-sentinel")
    assert len([event for event in engine.events if event["type"] == "Delivered"]) == 11


def test_a_worker_that_finishes_acks_first_and_gives_back_what_it_had_not_begun(engine):
    alone(engine, prefetch=3)
    publish(engine.amqp_port, "a.....", "b", "c")  # it is still at the first when it is told
    engine.wait("Delivered", count=3)
    engine.wait("WorkerPrinted", line=" [x] Received a.....")
    engine.order("finish", worker="worker-1")
    exited = engine.wait("WorkerExited", worker="worker-1")
    assert (exited["code"], exited["asked"]) == (0, "finish")
    first = engine.wait("Delivered", task="task-a.....")["conn"]
    engine.wait("ConnectionClosed", conn=first)
    assert [event["task"] for event in engine.events if event["type"] == "Acked"] == ["task-a....."]
    engine.order("start", worker="worker-1")
    engine.wait("Acked", task="task-c")
    # The old connection may be given them once more between its basic.nack and its basic.cancel: two packets, on a busy machine.
    # One that was comes back after the other, since a quorum queue takes back in the order of the returns: so, in any order.
    engine.wait("Acked", task="task-b")
    again = [e for e in engine.events if e["type"] == "Delivered" and e["conn"] != first]
    assert sorted((event["task"], event["redelivered"]) for event in again) == [
        ("task-b", True),
        ("task-c", True),
    ]


@pytest.mark.long
def test_a_frozen_worker_is_noticed_by_its_heartbeat_and_starts_again_once_thawed(engine):
    publish(engine.amqp_port, "m.....")
    first = engine.wait("Delivered")
    worker = engine.name_of(first["conn"])
    engine.order("freeze", worker=worker)
    closed = engine.wait("ConnectionClosed", conn=first["conn"])
    assert closed["by"] == "broker"
    assert engine.wait("Delivered", redelivered=True)["conn"] != first["conn"]
    assert engine.order("freeze", worker=worker)["status"] == 409
    engine.order("thaw", worker=worker)
    exited = engine.wait("WorkerExited", worker=worker)
    assert "asked" not in exited
    assert exited["restart_in"] > 0
    engine.wait("WorkerStarted", count=2, worker=worker)


def test_a_cut_connection_brings_the_task_back_and_the_worker_too(engine):
    alone(engine)
    publish(engine.amqp_port, "m..........")  # nobody waits for its end
    first = engine.wait("Delivered")
    assert engine.order("cut", conns=[first["conn"]])["result"] == {"cut": 1}
    assert engine.wait("ConnectionClosed", conn=first["conn"])["text"] == "cut"
    assert engine.wait("WorkerExited", worker="worker-1")["code"] == 1
    assert engine.wait("Delivered", redelivered=True)["task"] == "task-m.........."
    assert engine.order("cut", conns=[first["conn"]])["status"] == 409


def test_other_settings_restart_the_workers_when_their_task_is_done(engine):
    publish(engine.amqp_port, "m.")
    engine.wait("WorkerPrinted", line=" [x] Received m.")
    engine.wait("WorkerPrinted", line=" [*] Waiting for messages. To exit press CTRL+C", count=2)
    assert engine.order("settings", ack="auto", prefetch=5)["ok"]
    engine.wait("SettingsChanged", ack="auto", prefetch=5)
    acked = engine.wait("Acked", task="task-m.")
    engine.wait("ConsumerStarted", count=2, auto_ack=True)
    exits = [event for event in engine.events if event["type"] == "WorkerExited"]
    assert [exit["code"] for exit in exits] == [0, 0]
    assert any(exit["seq"] > acked["seq"] for exit in exits)


def test_a_broker_that_restarts_keeps_its_durable_messages_and_the_workers_come_back(engine):
    alone(engine)
    publish(engine.amqp_port, "a.", "b.")
    engine.wait("Delivered", task="task-a.")
    assert engine.order("restart_broker")["ok"]
    stopped = engine.wait("BrokerStopped")
    assert stopped["asked"]
    engine.wait("BrokerStarted")
    engine.wait("Acked", task="task-b.")


def test_a_broker_that_dies_by_itself_is_noticed_and_started_again(engine):
    assert engine.order("restart_broker")["ok"]  # says which process it is
    engine.wait("ConsumerStarted", count=4)
    os.killpg(engine.wait("BrokerStarted")["pid"], signal.SIGKILL)
    assert "asked" not in engine.wait("BrokerStopped", count=2)
    engine.wait("BrokerStarted", count=2)
    engine.wait("ConsumerStarted", count=6)


def test_a_reset_empties_the_queue_and_brings_back_the_first_workers(engine):
    assert engine.order("add")["result"] == {"name": "worker-3"}
    engine.wait("ConsumerStarted", count=3)
    publish(engine.amqp_port, *(f"m{n}........" for n in range(20)))
    engine.wait("Delivered", count=3)
    assert engine.order("reset")["ok"]
    reset = engine.wait("RunReset")
    engine.wait("WorkerRemoved", worker="worker-3")
    engine.wait("ConsumerStarted", count=5)
    publish(engine.amqp_port, "after")
    assert engine.wait("Acked", task="task-after")
    later = [e["task"] for e in engine.events if e["type"] == "Delivered" and e["seq"] > reset["seq"]]
    assert later == ["task-after"]


def test_a_worker_can_be_started_again_in_the_moment_after_its_kill(engine):
    for lives in range(
        2, 7
    ):  # the kill is over in a millisecond or two: one try could come too late to see it
        assert engine.order("stop", worker="worker-1")["ok"]
        assert engine.order("start", worker="worker-1")["ok"]
        engine.wait("WorkerStarted", worker="worker-1", count=lives)


def test_a_reset_can_set_the_scene(engine):
    assert engine.order("reset", ack="auto", prefetch=5, workers=1)["ok"]
    engine.wait("WorkerRemoved", worker="worker-2")
    started = engine.wait("WorkerStarted", worker="worker-1", ack="auto")
    assert started["prefetch"] == 5
    assert engine.order("reset", ack="manual", prefetch=1)["ok"]  # and the next one is as ever
    engine.wait("WorkerStarted", worker="worker-2", ack="manual", count=2)


def test_a_reset_can_make_the_queue_anew_as_another_kind_with_tasks_in_it(engine):
    for worker in ("worker-1", "worker-2"):
        engine.order("stop", worker=worker)
    publish(engine.amqp_port, "a", "b")
    engine.wait("QueueCounted", queue="task_queue", ready=2)
    assert not engine.order("settings", durable=False, kind="classic")["ok"]
    assert engine.order("reset", durable=False, kind="classic")["ok"]
    deleted = engine.wait("QueueDeleted", queue="task_queue")
    declared = engine.wait("QueueDeclared", queue="task_queue", durable=False)
    assert deleted.get("count", 0) == 0 and deleted["seq"] < declared["seq"]
    assert engine.wait("RunReset")["seq"] > declared["seq"]
    assert engine.order("reset", durable=True, kind="quorum")["ok"]
    back = engine.wait("QueueDeleted", queue="task_queue", count=2)["seq"]
    assert any(e["type"] == "QueueDeclared" and e["seq"] > back and e["durable"] for e in engine.events)
    assert not engine.order("reset", durable=False, kind="quorum")["ok"]


def test_the_broker_is_asked_for_its_own_count(engine):
    for worker in ("worker-1", "worker-2"):
        engine.order("stop", worker=worker)
    port = engine.amqp_port
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port))
    channel = connection.channel()
    channel.queue_declare("task_queue", durable=True, arguments={"x-queue-type": "quorum"})
    publish(port, "a", "b", "c")
    engine.wait("QueueCounted", queue="task_queue", ready=3)
    channel.basic_publish("", "nowhere", b"x")
    engine.wait("QueueCounted", queue="nowhere", exists=False)
    connection.close()


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("garbage", 400),
        ("[]", 400),
        ('{"id": 9}', 400),
        ('{"id": 9, "do": "explode"}', 400),
        ('{"id": 9, "do": "stop"}', 400),
        ('{"id": 9, "do": "stop", "worker": 3}', 400),
        ('{"id": 9, "do": "stop", "worker": "worker-1", "more": 1}', 400),
        ('{"id": 9, "do": "settings", "prefetch": -1}', 400),
        ('{"id": 9, "do": "settings", "ack": "perhaps"}', 400),
        ('{"id": 9, "do": "stop", "worker": "nobody"}', 404),
        ('{"id": 9, "do": "thaw", "worker": "worker-1"}', 409),
        ('{"id": 9, "do": "start", "worker": "worker-1"}', 409),
        ('{"id": 9, "do": "cut", "conns": []}', 409),
        ("x" * 200_000, 400),
    ],
)
def test_a_bad_order_is_refused_in_words_and_the_engine_goes_on(bad_orders, line, status):
    count = len([event for event in bad_orders.events if event["type"] == "Reply"])
    bad_orders.say(line)
    reply = bad_orders.wait("Reply", count=count + 1)
    assert (reply["ok"], reply["status"]) == (False, status)
    assert reply["detail"]
    assert "Traceback" not in "".join(bad_orders.noise)


def test_however_many_wait_for_the_news_an_order_beside_them_is_obeyed(bad_orders):
    waiting = [{"id": 1000 + n, "do": "sync"} for n in range(256)]
    orders = [*waiting, {"id": 2000, "do": "freeze", "worker": "worker-1"}]
    bad_orders.say("\n".join(map(json.dumps, orders)))
    assert bad_orders.wait("Reply", id=2000)["ok"]
    replies = {event["id"]: event["ok"] for event in bad_orders.events if event["type"] == "Reply"}
    assert all(replies[each["id"]] for each in waiting)
    assert bad_orders.order("thaw", worker="worker-1")["ok"]


@pytest.fixture(scope="module")
def bad_orders(tmp_path_factory):
    with EngineProcess("--workers", "1", data=tmp_path_factory.mktemp("orders")) as engine:
        engine.wait("ConsumerStarted")
        yield engine


def test_a_client_that_sends_garbage_is_answered_by_the_broker_and_hurts_nobody(engine):
    with socket.create_connection(("127.0.0.1", engine.amqp_port), timeout=DEADLINE) as garbage:
        garbage.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert garbage.recv(100).startswith(b"AMQP")
    publish(engine.amqp_port, "after")
    engine.wait("Acked", task="task-after")


def test_what_it_says_is_the_vocabulary_numbered_without_a_gap(start):
    engine = start("--workers", "1")
    engine.wait("ConsumerStarted")
    publish(engine.amqp_port, "a")
    engine.wait("Acked")
    engine.close()
    events = [decode(json.dumps(event)) for event in engine.events if event["type"] != "Reply"]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert type(events[0]).__name__ == "RunStarted"
    assert [event.at for event in events] == sorted(event.at for event in events)


@pytest.mark.parametrize("end", ["stdin closes", "SIGKILL"])
def test_nothing_of_it_is_left_whatever_ends_it(start, kind, end):
    assert_nothing_is_left(start("--workers", "2", broker=kind), end)


@pytest.mark.parametrize("end", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_nothing_of_it_is_left_when_it_is_asked_to_go(start, end):
    assert_nothing_is_left(start("--workers", "2"), end)


def assert_nothing_is_left(engine, end):
    engine.wait("ConsumerStarted", count=2)
    engine.order("freeze", worker="worker-1")
    below = processes_under(engine.process.pid)
    assert len(below) >= 4, "two workers, the broker, the undertaker"
    if end == "stdin closes":
        assert engine.close() == 0
    else:
        engine.process.send_signal(signal.Signals[end])
        assert engine.ended() == (-9 if end == "SIGKILL" else 0)
    wait_until(lambda: not any(alive(pid) for pid in below))


def refused(*flags, data, broker="embedded"):
    """Starts an engine that must not start; its exit code, and its lines on standard error."""
    engine = EngineProcess(*flags, data=data, broker=broker)
    return engine.ended(), engine.noise


def test_a_broker_that_cannot_be_reached_is_one_line_and_exit_2(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        code, lines = refused(data=tmp_path, broker=f"amqp://guest:guest@127.0.0.1:{port}/")
    assert code == 2
    assert len(lines) == 1
    assert str(port) in lines[0]
    assert "guest:guest" not in lines[0]


@pytest.mark.parametrize("url", ["amqp://:5672", "http://localhost/", "amqp://localhost:seven/", "rabbit"])
def test_a_broker_url_that_is_none_is_one_line_and_exit_2(tmp_path, url):
    code, lines = refused(data=tmp_path, broker=url)
    assert (code, len(lines)) == (2, 1)


def test_a_wrong_password_is_one_line_and_exit_2(engine, tmp_path):
    code, lines = refused(data=tmp_path, broker=f"amqp://guest:wrong@127.0.0.1:{engine.amqp_port}/")
    assert (code, len(lines)) == (2, 1)
    assert "password" in lines[0]
    assert "wrong" not in lines[0]


def test_another_engine_can_stand_behind_this_one(engine, start):
    """An amqp:// broker, here the first engine's tap: everything works through both, and only the first may restart it."""
    first = engine
    for worker in ("worker-1", "worker-2"):
        first.order("stop", worker=worker)
    second = start("--workers", "1", broker=f"amqp://guest:guest@127.0.0.1:{first.amqp_port}/%2F")
    second.wait("ConsumerStarted")
    publish(second.amqp_port, "a")
    second.wait("Acked", task="task-a")
    first.wait("Acked", task="task-a")
    assert second.order("restart_broker")["status"] == 409


def test_a_broker_that_is_not_ours_is_missed_when_it_goes_and_found_when_it_is_back(start, tmp_path):
    port = free_port()
    theirs = start("--workers", "0", "--amqp-port", str(port))
    theirs.wait("BrokerStarted")
    with EngineProcess("--workers", "0", data=tmp_path, broker=f"amqp://127.0.0.1:{port}") as engine:
        engine.wait("BrokerStarted")
        theirs.close()
        assert engine.wait("BrokerStopped")["kind"] == "external"
        start("--workers", "0", "--amqp-port", str(port)).wait("BrokerStarted")
        engine.wait("BrokerStarted", count=2)


def last_words(change, *flags, data, **environ):
    """Runs an engine changed by some Python until it ends; its exit code, and its one line on standard error."""
    flags = ["engine", "--amqp-port", "0", "--data", str(data), *flags]
    program = f"import sys; {change}; sys.argv = {flags!r}; from webapp.engine.__main__ import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environ},
    ) as engine:
        (line,) = engine.stderr
        return engine.wait(DEADLINE), line


def test_a_missing_rabbitmq_server_is_one_line_and_exit_2(tmp_path):
    code, line = last_words(
        "from webapp.engine import brokers; brokers.DEBIAN_SERVER = '/nowhere'",
        "--broker",
        "rabbitmq",
        data=tmp_path,
        PATH="/nowhere",
    )
    assert code == 2
    assert "apt install rabbitmq-server" in line


NOWHERE = "from types import SimpleNamespace as Made; from webapp.engine import {0}; {0}.sys = Made(executable='/nowhere/python', version_info=sys.version_info)"
NO_THREAD = 'lambda *_, **__: (_ for _ in ()).throw(RuntimeError("can\'t start new thread"))'


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (NOWHERE.format("children"), "No process can be started: No such file or directory: install again"),
        (NOWHERE.format("supervisor"), "worker-1 could not be started: No such file or directory: install"),
        (f"import threading; threading._start_new_thread = {NO_THREAD}", "raise the limit (ulimit -u)"),
    ],
    ids=["no undertaker", "no worker", "no thread"],
)
def test_a_machine_that_starts_no_process_is_one_line_and_exit_2_and_nothing_is_left(tmp_path, change, says):
    code, line = last_words(change, data=tmp_path)
    assert code == 2
    assert line.startswith("unacked: ") and says in line
    for file in tmp_path.glob("*.lock"):
        with file.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # every child of its had it


def test_the_clock_of_a_run_that_goes_on_has_not_stood_still_meanwhile(tmp_path):
    before = time.monotonic()
    began = before - 100
    with EngineProcess("--workers", "0", "--resume", f"7@{began}", data=tmp_path) as engine:
        event = engine.wait("RunStarted")
        assert event["seq"] == 8
        assert before < began + event["at"] < time.monotonic()


@pytest.mark.parametrize("resume", ["7", "@", "-1@3", "7@nan", "7@-inf", "7@inf", "7@1e300"])
def test_a_run_that_cannot_have_been_is_not_gone_on_with(tmp_path, resume):
    code, lines = refused("--resume", resume, data=tmp_path)
    assert code == 2
    assert "moment of the monotonic clock" in "".join(lines)


def test_an_engine_that_cannot_go_on_says_so_and_ends(tmp_path):
    code, line = last_words(
        "from webapp.engine import census; census.Census.due = None", "--workers", "0", data=tmp_path
    )
    assert code == 1
    assert line.startswith("unacked: the engine failed: TypeError")


def test_the_undertaker_buries_only_what_is_still_on_its_list():
    assert bury(["+ 10\n", "+ 11\n", "- 10\n", "nonsense\n", "+ x\n", ""]) == {11}


def test_a_reset_while_the_first_workers_still_start_leaves_none_that_cannot_be_told_anything(start):
    engine = start("--workers", "3")
    engine.wait("BrokerStarted")
    assert engine.order("reset")["ok"]
    assert engine.order("settings", ack="auto")["ok"]
    for worker in ("worker-1", "worker-2", "worker-3"):
        engine.wait("WorkerStarted", worker=worker, ack="auto")


def test_an_engine_that_is_starting_says_so_and_its_first_workers_are_its_own(start, tmp_path):
    port = free_port()
    with (tmp_path / f"embedded-127.0.0.1-{port}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # somebody else lives in its folder still
        patient = "from webapp.engine import folder; folder.PATIENCE = 600"  # however long we take here
        engine = start("--workers", "2", "--amqp-port", str(port), change=patient)
        engine.wait("RunStarted")
        for order in ({"do": "add"}, {"do": "restart_broker"}, {"do": "settings", "kind": "classic"}):
            reply = engine.order(**order)
            assert (reply["status"], "is starting" in reply["detail"]) == (503, True)
    engine.wait("BrokerStarted")
    assert engine.order("stop", worker="worker-2")["ok"]
    assert engine.order("add")["result"] == {"name": "worker-3"}


def test_a_reset_waits_for_our_own_connection_to_a_broker_that_lives(engine, start):
    """RabbitMQ, say, throws out (541) whoever purges a quorum queue in the moment of its making."""
    outer = start("--queue", "of_the_outer", broker=f"amqp://guest:guest@127.0.0.1:{engine.amqp_port}")
    outer.wait("ConsumerStarted")
    monitor = engine.wait("ConnectionOpened", name="unacked monitor")
    assert engine.order("cut", conns=[monitor["conn"]])["ok"]
    assert outer.order("reset")["ok"]
    assert [event for event in outer.events if event["type"] == "BrokerStopped"] == []


def test_a_reset_does_not_wait_for_somebody_who_publishes_all_the_while(engine):
    over = threading.Event()

    def publish_on():
        connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", engine.amqp_port))
        channel = connection.channel()
        while not over.is_set():
            channel.basic_publish("", "task_queue", b"x")
            connection.sleep(0.01)
        connection.close()

    publisher = threading.Thread(target=publish_on)
    publisher.start()
    try:
        assert engine.order("reset")["ok"]
        engine.wait("Delivered")
    finally:
        over.set()
        publisher.join(DEADLINE)


def test_a_data_folder_that_cannot_be_is_one_line_and_exit_2(kind):
    with EngineProcess(data="/proc/nowhere", broker=kind) as engine:
        assert engine.ended() == 2
    assert "Traceback" not in "".join(engine.noise)
    assert "data folder" in "".join(engine.noise)
