"""What the facts mean: histories in; tasks, their attempts, queues and the ledger out."""

import pickle

import pytest

from tests.history import NAMES, Wire, audit, ends, names, play, read, ready, some, states
from webapp import events as ev
from webapp import projection
from webapp.projection import apply
from webapp.state import State

# -- every history ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_ledger_adds_up_after_every_event(name: str) -> None:
    state = State()
    for event in read(name):
        apply(state, event)
        audit(state)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_events_make_the_same_state(name: str) -> None:
    assert pickle.dumps(play(name)) == pickle.dumps(play(name))


def test_every_event_has_a_projector() -> None:
    assert set(projection.PROJECTORS) == set(ev.AnyEvent.__args__)


# -- dispatch and acks --------------------------------------------------------------------------------------------


def test_two_workers_share_six_tasks_three_each_whatever_their_length() -> None:
    state = play("two_workers_share_six_tasks", "Delivered", 6)
    assert names(state.workers["worker-1"].holding()) == ["m1", "m3", "m5"]
    assert names(state.workers["worker-2"].holding()) == ["m2", "m4", "m6"]
    assert some(state.ledger, published=6, unacked=6)

    state = play("two_workers_share_six_tasks")
    assert [lane.done for lane in state.workers.values()] == [3, 3]
    assert some(state.ledger, published=6, done=6)
    assert [task.n for task in state.tasks.values()] == [1, 2, 3, 4, 5, 6]
    assert {task.results for task in state.tasks.values()} == {1}


def test_an_ack_with_multiple_settles_each_of_its_deliveries() -> None:
    state = play("ack_multiple")
    assert states(state) == {"t1": "done", "t2": "done", "t3": "done", "t4": "unacked"}
    assert state.workers["bulk"].done == 3


def test_a_publish_is_ready_at_once_and_confirmed_later() -> None:
    wire = Wire(guests=("sender",))
    wire.published("t1", conn=1, body="photo...")
    task = wire.state.tasks["t1"]
    assert (task.state, task.queue, task.body, task.confirmed_at) == ("ready", "task_queue", "photo...", None)
    wire.say(ev.Confirmed, conn=1, channel=1, task="t1")
    assert task.confirmed_at == wire.state.at


def test_a_publish_the_broker_refused_is_dead() -> None:
    wire = Wire()
    wire.published("t1")
    wire.say(ev.Confirmed, conn=9, channel=1, task="t1", ok=False)
    assert states(wire.state) == {"t1": "dead"}


def test_a_delivery_makes_a_task_that_was_published_before_us() -> None:
    wire = Wire(guests=("laptop",))
    wire.delivered("old", 1, body="m..", persistent=True)
    task = wire.state.tasks["old"]
    assert (task.state, task.published_at, task.body) == ("unacked", None, "m..")
    assert some(wire.state.ledger, published=1, unacked=1)


def test_a_task_published_before_us_goes_back_to_the_head_of_the_queue() -> None:
    wire = Wire(guests=("laptop",))
    wire.published("new")
    for old in ("old-1", "old-2"):
        wire.delivered(old, 1)
    wire.closed(1)
    assert ready(wire.state) == ["old-1", "old-2", "new"]


# -- a worker dies ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["", "_seen_swapped"])
def test_the_task_of_a_killed_worker_comes_back(order: str) -> None:
    name = f"worker_killed_task_comes_back{order}"
    # When its connection has closed and the broker has delivered again, in whatever order these were seen
    state = play(name, "WorkerExited")
    task = state.tasks["t2"]
    # Then the attempt ended by the close, and the next one is another lane's
    assert ends(task) == [("worker-2", "connection_closed"), ("worker-3", None)]
    assert (task.state, task.lane, task.redelivered) == ("unacked", state.workers["worker-3"], True)
    assert some(state.ledger, published=4, done=2, unacked=2, redelivered=1)
    # And the dead lane still shows what it had in hand
    dead = state.workers["worker-2"]
    assert (dead.state, dead.why, dead.held, dead.dropped) == ("stopped", "kill -9", 0, ["t2"])

    state = play(name)
    assert some(state.ledger, published=4, done=4, redelivered=1)
    again = state.workers["worker-2"]
    assert (again.state, again.why, again.dropped) == ("idle", "", [])


def test_between_the_close_and_the_redelivery_the_task_is_ready() -> None:
    state = play("worker_killed_task_comes_back", "ConnectionClosed")
    task = state.tasks["t2"]
    assert (task.state, task.lane, ready(state)) == ("ready", None, ["t2"])
    assert state.workers["worker-2"].state == "stopped"  # its process is not seen to have ended yet


def test_a_redelivery_seen_before_the_close_ends_the_attempt_provisionally() -> None:
    state = play("worker_killed_task_comes_back_seen_swapped", "Delivered", 5)
    task = state.tasks["t2"]
    assert ends(task) == [("worker-2", "requeued"), ("worker-3", None)]
    assert task.attempts[0].ended_at == task.attempts[1].delivered_at
    assert state.workers["worker-2"].dropped == ["t2"]


def test_a_nack_seen_after_the_redelivery_fills_in_the_cause_too() -> None:
    """basic.recover: its answer and the redelivery travel on different sockets."""
    wire = Wire(guests=("one", "two"))
    wire.published("t1")
    tag = wire.delivered("t1", 1)
    wire.delivered("t1", 2, again=True)
    wire.say(ev.Nacked, conn=1, channel=1, tag=tag, task="t1", requeue=True)
    assert ends(wire.state.tasks["t1"]) == [("one", "nacked"), ("two", None)]
    assert wire.state.workers["one"].dropped == []


def test_an_ack_of_a_delivery_that_went_elsewhere_changes_nothing() -> None:
    wire = Wire(guests=("one", "two"))
    wire.published("t1")
    tag = wire.delivered("t1", 1)
    wire.delivered("t1", 2, again=True)
    wire.acked("t1", 1, tag)
    assert states(wire.state) == {"t1": "unacked"}
    wire.closed(1)
    assert ends(wire.state.tasks["t1"]) == [("one", "connection_closed"), ("two", None)]


def test_what_a_worker_had_in_hand_is_dropped_whole_in_whatever_order_it_is_seen() -> None:
    wire = Wire(guests=("one", "two"))
    for task in ("t1", "t2", "t3"):
        wire.published(task)
        wire.delivered(task, 1)
    wire.delivered("t1", 2, again=True)
    wire.closed(1)
    assert wire.state.workers["one"].dropped == ["t1", "t2", "t3"]
    assert ready(wire.state) == ["t2", "t3"]


def test_redelivered_marks_also_what_the_dead_worker_had_never_started() -> None:
    wire = Wire(guests=("one", "two"))
    for task in ("t1", "t2"):
        wire.published(task)
        wire.delivered(task, 1)
    wire.closed(1)
    for task in ("t1", "t2"):
        wire.delivered(task, 2, again=True)
    assert wire.state.ledger["redelivered"] == 2
    assert all(task.redelivered for task in wire.state.tasks.values())


def test_under_auto_ack_what_a_killed_worker_held_is_lost_task_by_task() -> None:
    state = play("auto_ack_worker_killed_three_lost", "ConnectionClosed")
    assert [key for key, task in state.tasks.items() if task.state == "lost"] == ["t3", "t5", "t7"]
    assert list(state.settled["lost"]) == ["t3", "t5", "t7"]
    assert state.workers["worker-1"].dropped == ["t3", "t5", "t7"]
    assert ends(state.tasks["t3"]) == [("worker-1", "connection_closed")]

    state = play("auto_ack_worker_killed_three_lost")
    assert some(state.ledger, published=7, done=4, lost=3)
    assert ends(state.tasks["t1"]) == [("worker-1", "result")]
    assert [lane.done for lane in state.workers.values()] == [1, 3]


def test_a_frozen_worker_stays_frozen_when_its_connection_is_closed() -> None:
    state = play("frozen_worker_heartbeat", "ConnectionClosed")
    lane = state.workers["worker-1"]
    assert (lane.state, lane.why, lane.dropped, lane.conns) == ("frozen", "SIGSTOP", ["t1"], {})

    state = play("frozen_worker_heartbeat", "WorkerExited")
    lane = state.workers["worker-1"]
    assert (lane.state, lane.restart_at) == ("starting", state.at + 0.5)

    state = play("frozen_worker_heartbeat")
    assert (state.workers["worker-1"].state, state.workers["worker-1"].dropped) == ("idle", [])
    assert some(state.ledger, published=1, done=1, redelivered=1)


def test_a_cut_worker_is_cut_until_it_exits() -> None:
    state = play("cut_worker_starts_again", "ConnectionClosed")
    lane = state.workers["worker-1"]
    assert (lane.state, lane.why, lane.dropped) == ("cut", "connection cut", ["t1"])
    state = play("cut_worker_starts_again", "WorkerExited")
    assert state.workers["worker-1"].state == "starting"
    state = play("cut_worker_starts_again")
    assert ends(state.tasks["t1"]) == [("worker-1", "connection_closed"), ("worker-1", "acked")]


def test_work_done_twice_is_counted_once() -> None:
    state = play("done_twice")
    task = state.tasks["t1"]
    assert (task.state, task.results) == ("done", 2)
    assert [attempt.result_at is not None for attempt in task.attempts] == [True, True]
    assert some(state.ledger, published=1, done=1, redelivered=1, done_twice=1)


def test_the_ack_timeout_closes_the_channel_and_the_late_ack_is_nothing() -> None:
    state = play("ack_timeout_channel_closed", "ChannelClosed")
    assert ends(state.tasks["t1"]) == [("laptop", "channel_closed")]
    assert (state.workers["laptop"].state, state.workers["laptop"].dropped) == ("idle", ["t1"])
    assert state.consumers()["task_queue"] == 1

    state = play("ack_timeout_channel_closed")
    assert ends(state.tasks["t1"]) == [("laptop", "channel_closed"), ("worker-1", "acked")]
    assert some(state.ledger, published=1, done=1, redelivered=1)
    assert state.workers["laptop"].dropped == []


# -- nack, reject, return, purge ----------------------------------------------------------------------------------


def test_what_is_given_back_stands_where_it_stood() -> None:
    state = play("nack_requeue_keeps_place")
    assert ready(state) == ["t1", "t2", "t4", "t5"]
    assert states(state)["t3"] == "dead"
    assert [ends(state.tasks[key])[0][1] for key in ("t1", "t2", "t3")] == ["rejected", "nacked", "rejected"]


def test_a_cancelled_consumer_keeps_what_it_has() -> None:
    state = play("nack_requeue_keeps_place", "ConsumerCancelled")
    assert state.workers["picky"].held == 3
    assert state.consumers()["task_queue"] == 0


def test_what_is_published_to_no_queue_is_dead() -> None:
    state = play("published_to_a_queue_that_is_not_there", "Returned")
    assert states(state) == {"t1": "ready", "t2": "dead"}
    state = play("published_to_a_queue_that_is_not_there")
    assert some(state.ledger, published=2, dead=2)
    assert list(state.queues) == ["task_queue"]


def test_a_purge_takes_the_ready_ones_and_a_delete_all() -> None:
    state = play("queue_purged_and_deleted", "QueuePurged")
    assert states(state) == {"t1": "unacked", "t2": "dead", "t3": "dead"}
    state = play("queue_purged_and_deleted")
    assert some(state.ledger, published=4, dead=4)
    assert ends(state.tasks["t1"]) == [("laptop", "cancelled")]
    assert state.workers["laptop"].state == "idle"


def test_an_exclusive_queue_goes_with_its_connection() -> None:
    wire = Wire(guests=("owner",))
    wire.say(ev.QueueDeclared, conn=1, queue="mine", durable=False, kind="classic", exclusive=True)
    for task in ("t1", "t2"):
        wire.published(task, queue="mine")
    wire.delivered("t1", 1, queue="mine")
    wire.closed(1)
    assert states(wire.state) == {"t1": "dead", "t2": "dead"}
    assert "mine" not in wire.state.queues


def test_an_exclusive_queue_goes_with_its_connection_though_it_is_empty() -> None:
    wire = Wire(guests=("owner",))
    wire.say(ev.QueueDeclared, conn=1, queue="mine", durable=False, kind="classic", exclusive=True)
    wire.closed(1)
    assert "mine" not in wire.state.queues


@pytest.mark.parametrize("way", ["cancel", "channel"])
def test_an_exclusive_auto_delete_queue_goes_with_its_last_consumer(way: str) -> None:
    wire = Wire(guests=("owner",))
    mine = {"queue": "mine", "durable": False, "kind": "classic", "exclusive": True, "auto_delete": True}
    wire.say(ev.QueueDeclared, conn=1, **mine)
    for consumer in ("one", "other"):
        where = {"conn": 1, "channel": 1, "consumer": consumer}
        wire.say(ev.ConsumerStarted, queue="mine", auto_ack=True, **where)
    wire.published("t1", queue="mine")
    wire.say(ev.ConsumerCancelled, conn=1, channel=1, consumer="one", by="client")
    assert "mine" in wire.state.queues
    if way == "cancel":
        wire.say(ev.ConsumerCancelled, conn=1, channel=1, consumer="other", by="client")
    else:
        wire.say(ev.ChannelClosed, conn=1, channel=1, by="client")
    assert "mine" not in wire.state.queues
    assert states(wire.state) == {"t1": "dead"}


def test_a_queue_that_went_does_not_come_back_for_what_was_at_risk_of_it() -> None:
    wire = Wire(guests=("owner",))
    mine = {"queue": "mine", "durable": False, "kind": "classic", "exclusive": True, "auto_delete": True}
    wire.say(ev.QueueDeclared, conn=1, **mine)
    wire.consumes(1, queue="mine", auto=True)
    wire.delivered("t1", 1, auto=True, queue="mine")
    wire.say(ev.ConsumerCancelled, conn=1, channel=1, consumer="ctag.1.mine", by="client")
    wire.closed(1)
    assert states(wire.state) == {"t1": "lost"}
    assert "mine" not in wire.state.queues


def test_an_auto_delete_queue_of_everybodys_may_have_consumers_we_do_not_see() -> None:
    wire = Wire(guests=("one",))
    wire.say(ev.QueueDeclared, conn=1, queue="news", durable=False, kind="classic", auto_delete=True)
    wire.consumes(1, queue="news")
    wire.say(ev.ConsumerCancelled, conn=1, channel=1, consumer="ctag.1.news", by="client")
    assert "news" in wire.state.queues
    wire.say(ev.QueueCounted, queue="news", exists=False)
    assert "news" not in wire.state.queues


# -- the broker's restart -----------------------------------------------------------------------------------------


def test_durable_queue_and_persistent_message_both_or_nothing() -> None:
    state = play("broker_restart_durable_and_transient", "BrokerStopped")
    assert not state.broker.up
    assert {key for key, task in state.tasks.items() if task.state == "lost"} == {
        "kept-transient",
        "kept-waiting-transient",
        "memory-persistent",
        "memory-transient",
    }
    assert ends(state.tasks["kept-transient"]) == [("worker-1", "broker_gone")]
    assert "memory" not in state.queues and "quorum" in state.queues
    assert states(state)["kept-persistent"] == "unacked"  # until its connection is seen to close

    state = play("broker_restart_durable_and_transient")
    assert state.broker.up
    assert some(state.ledger, published=8, done=2, ready=2, lost=4, redelivered=1)
    assert ready(state, "quorum") == ["quorum-persistent", "quorum-transient"]


def test_a_dead_broker_takes_the_tasks_out_of_the_lanes_hands() -> None:
    state = play("broker_restart_durable_and_transient", "WorkerExited")
    assert sorted(state.workers["worker-1"].dropped) == ["kept-persistent", "kept-transient"]
    assert state.workers["worker-1"].state == "starting"


def test_what_was_taken_for_lost_and_is_delivered_after_all_lives() -> None:
    wire = Wire(guests=("laptop",))
    wire.published("t1", persistent=False)
    wire.say(ev.BrokerStopped, kind="external")
    assert states(wire.state) == {"t1": "lost"}
    wire.delivered("t1", 1)
    assert states(wire.state) == {"t1": "unacked"}
    assert wire.state.settled["lost"] == {} and wire.state.tasks["t1"].settled_at is None


class Outage(Wire):
    """A guest publishes t1 to t4, and has t1 confirmed; the broker dies under it, and is back."""

    def __init__(self) -> None:
        super().__init__(guests=("app",))
        for task in ("t1", "t2", "t3"):
            self.published(task, conn=1)
        self.say(ev.Confirmed, conn=1, channel=1, task="t1")
        self.say(ev.BrokerStopped, kind="embedded", asked=True)
        self.published("t4", conn=1)  # its socket is there for a moment yet
        self.closed(1, by="broker")
        self.opened(2, "app")
        self.say(ev.BrokerStarted, kind="embedded", product="p", version="1", url="amqp://", amqp_port=1)

    def counted(self, ready: int, times: int) -> dict[str, str]:
        for _ in range(times):
            self.say(ev.QueueCounted, queue="task_queue", ready=ready)
        return states(self.state)

    @property
    def difference(self) -> int:
        return self.state.queues["task_queue"].difference


def test_what_a_dying_broker_never_confirmed_and_does_not_count_afterwards_is_lost() -> None:
    wire = Outage()
    wire.published("t5", conn=2)
    assert set(wire.counted(3, times=2).values()) == {"ready"}
    assert wire.difference == -2
    assert wire.counted(3, times=1) == {
        "t1": "ready",
        "t2": "ready",
        "t3": "lost",
        "t4": "lost",
        "t5": "ready",
    }
    assert (wire.difference, list(wire.state.settled["lost"])) == (0, ["t3", "t4"])


def test_what_was_delivered_or_confirmed_is_not_lost_however_few_the_broker_counts() -> None:
    wire = Outage()
    wire.published("t5", conn=2)
    wire.delivered("t2", 2)
    wire.say(ev.Nacked, conn=2, channel=1, tag=1, task="t2", requeue=True)
    assert wire.counted(0, times=3) == {
        "t1": "ready",
        "t2": "ready",
        "t3": "lost",
        "t4": "lost",
        "t5": "ready",
    }
    assert wire.difference == -3


def test_one_that_was_not_lost_after_all_lives_and_another_is_missing() -> None:
    wire = Outage()
    assert wire.counted(3, times=3)["t4"] == "lost"
    wire.delivered("t4", 2)
    assert wire.counted(2, times=3) == {"t1": "ready", "t2": "ready", "t3": "lost", "t4": "unacked"}


@pytest.mark.parametrize("how", ["agreed", "engine", "down"])
def test_a_count_that_is_lower_for_another_reason_is_a_difference_and_no_more(how: str) -> None:
    wire = Outage()
    if how == "agreed":
        wire.counted(
            4, times=3
        )  # the books agreed after the restart: whatever is missing later went elsewhere
    elif how == "engine":
        wire.say(ev.RunStarted, started="", resumed=True)
        wire.say(ev.BrokerStarted, kind="embedded", product="p", version="1", url="amqp://", amqp_port=1)
    else:
        wire.say(ev.BrokerStopped, kind="embedded")
    assert set(wire.counted(1, times=3).values()) == {"ready"}
    assert wire.difference == -3


# -- several copies -----------------------------------------------------------------------------------------------


def test_a_fanout_makes_one_task_a_queue() -> None:
    state = play("fanout_two_queues", "Confirmed")
    assert states(state) == {"t1": "ready", "t1@screen": "ready"}
    assert [task.queue for task in state.tasks.values()] == ["disk", "screen"]
    assert all(task.confirmed_at == state.at for task in state.tasks.values())

    state = play("fanout_two_queues")
    assert states(state) == {"t1": "done", "t1@screen": "lost", "t2": "ready"}
    assert some(state.ledger, published=3, done=1, lost=1, ready=1)


@pytest.mark.parametrize(
    ("kind", "bound", "key", "reached"),
    [
        ("direct", "red", "red", True),
        ("direct", "red", "blue", False),
        ("topic", "*.error", "disk.error", True),
        ("topic", "*.error", "a.disk.error", False),
        ("topic", "disk.#", "disk", True),
        ("topic", "disk.#", "disk.a.b", True),
        ("topic", "#.error.#", "a.b.error", True),
        ("topic", "#", "", True),
        ("topic", "", "", True),
        ("topic", "", "a", False),
        ("topic", "a.#.b", "a.b", True),
        ("topic", "a.#.b", "a.x", False),
        ("headers", "", "", False),
    ],
)
def test_an_exchange_routes_by_its_type(kind: str, bound: str, key: str, reached: bool) -> None:
    wire = Wire(guests=("app",))
    wire.say(ev.ExchangeDeclared, conn=1, exchange="x", kind=kind)
    wire.say(ev.QueueBound, conn=1, queue="q", exchange="x", routing_key=bound)
    wire.say(ev.QueueBound, conn=1, queue="q", exchange="x", routing_key=bound)
    wire.published("t1", exchange="x", routing_key=key)
    assert [task.queue for task in wire.state.tasks.values()] == ["q"] * reached


def test_a_publish_to_an_unknown_exchange_is_a_task_once_it_is_delivered() -> None:
    wire = Wire(guests=("app",))
    wire.published("t1", exchange="somewhere", routing_key="k")
    assert wire.state.tasks == {}
    wire.delivered("t1", 1, exchange="somewhere", queue="q")
    assert states(wire.state) == {"t1": "unacked"}


def test_the_same_message_id_published_again_is_another_task() -> None:
    wire = Wire(guests=("app", "other"))
    for _ in range(3):
        wire.published("t1")
        wire.say(ev.Confirmed, conn=9, channel=1, task="t1")
    assert list(wire.state.tasks) == ["t1", "t1@task_queue", "t1~3"]
    assert all(task.confirmed_at for task in wire.state.tasks.values())
    first, second = wire.delivered("t1", 1), wire.delivered("t1", 1)
    assert list(states(wire.state).values()) == ["unacked", "unacked", "ready"]
    wire.acked("t1", 1, second)
    wire.acked("t1", 1, first)
    assert list(states(wire.state).values()) == ["done", "done", "ready"]


def test_without_the_flag_a_delivery_is_not_of_a_task_that_somebody_holds() -> None:
    """The same message_id, published a second time where we could not see: the first is not taken away."""
    wire = Wire(guests=("one", "two"))
    wire.published("t1")
    tag = wire.delivered("t1", 1)
    wire.delivered("t1", 2)
    wire.acked("t1", 1, tag)
    assert states(wire.state) == {"t1": "done", "t1@task_queue": "unacked"}
    wire.delivered("t1", 1, queue="elsewhere")
    assert len(wire.state.tasks) == 3


def test_an_ack_that_the_broker_never_got_brings_the_task_back() -> None:
    wire = Wire(guests=("one", "two"))
    wire.published("t1")
    wire.acked("t1", 1, wire.delivered("t1", 1))
    wire.closed(1)
    wire.delivered("t1", 2, again=True)
    assert states(wire.state) == {"t1": "unacked"}


def test_a_message_id_that_looks_like_a_key_of_ours_is_its_own_task() -> None:
    wire = Wire(guests=("one",))
    for message_id in ("a", "a", "a@task_queue", "a~4", "a"):
        wire.published(message_id)
    assert len(wire.state.tasks) == 5
    wire.delivered("a@task_queue", 1)
    held = next(iter(wire.state.conns[1].unacked.values()))[0]
    assert held.message_id == "a@task_queue"


# -- results ------------------------------------------------------------------------------------------------------


def test_results_are_no_tasks_nor_is_who_reads_them_a_lane() -> None:
    wire = Wire(guests=("worker", "reader"))
    wire.published("t1")
    wire.delivered("t1", 1)
    wire.result("t1", 1)
    wire.say(ev.QueueDeclared, conn=2, queue="results", durable=False, kind="classic")
    wire.consumes(2, "results")
    wire.acked("a result", 2, wire.delivered("a result", 2, queue="results"))
    assert list(wire.state.tasks) == ["t1"]
    assert list(wire.state.workers) == ["worker"]
    assert wire.state.producers == {}
    assert "results" not in wire.state.queues


def test_a_result_belongs_to_the_attempt_on_its_connection() -> None:
    wire = Wire(guests=("one", "two"))
    wire.published("t1")
    wire.delivered("t1", 1)
    wire.delivered("t1", 2, again=True)  # one lives on, and finishes late
    wire.result("t1", 1)
    assert [attempt.result_at is None for attempt in wire.state.tasks["t1"].attempts] == [False, True]
    assert states(wire.state) == {"t1": "unacked"}
    wire.result("t1", 2)
    assert wire.state.ledger["done_twice"] == 1


def test_a_result_settles_only_what_was_auto_acked() -> None:
    wire = Wire(guests=("manual", "auto"))
    for task in ("t1", "t2"):
        wire.published(task)
    wire.delivered("t1", 1)
    wire.delivered("t2", 2, auto=True)
    for conn, task in ((1, "t1"), (2, "t2")):
        wire.result(task, conn)
    assert states(wire.state) == {"t1": "unacked", "t2": "done"}


def test_a_late_result_does_not_settle_what_has_its_tag_now() -> None:
    """A channel that is opened again counts its tags from 1."""
    wire = Wire(guests=("auto",))
    for task in ("t1", "t2"):
        wire.published(task)
    wire.delivered("t1", 1, auto=True)
    wire.say(ev.ChannelClosed, conn=1, channel=1, by="client")
    wire.tags.clear()
    wire.delivered("t2", 1, auto=True)
    wire.result("t1", 1)
    assert states(wire.state) == {"t1": "lost", "t2": "at_risk"}
    wire.result("t2", 1)
    assert states(wire.state) == {"t1": "lost", "t2": "done"}


def test_a_result_of_a_lost_task_does_not_bring_it_back() -> None:
    wire = Wire(guests=("auto", "other"))
    wire.published("t1")
    wire.delivered("t1", 1, auto=True)
    wire.closed(1)
    wire.result("t1", 2)
    assert (states(wire.state), wire.state.tasks["t1"].results) == ({"t1": "lost"}, 1)


# -- reset and restart --------------------------------------------------------------------------------------------


def test_a_reset_forgets_the_tasks_and_keeps_who_is_there() -> None:
    state = play("reset", "RunReset")
    assert state.run == 2
    assert not any(state.ledger.values()) and not state.tasks
    assert not state.log
    assert list(state.workers) == ["worker-1", "laptop"]  # the second worker was removed
    laptop = state.workers["laptop"]
    assert (laptop.state, laptop.held, state.consumers()["task_queue"]) == ("idle", 0, 1)
    assert state.queues["task_queue"].kind == "quorum"
    assert state.broker.up

    state = play("reset")
    # The ack of what it held before the reset is nothing; what it had not acked comes back as an old task
    assert states(state) == {"t9": "unacked", "t6": "unacked"}
    assert state.tasks["t6"].published_at is None


def test_another_engine_begins_afresh() -> None:
    state = play("two_workers_share_six_tasks")
    apply(state, ev.RunStarted(started="2026-11-24T11:00:00+00:00", seq=1, at=0.0, queue="other"))
    assert (state.run, state.seq, state.at) == (2, 1, 0.0)
    assert not state.conns and not state.workers and not state.producers
    assert list(state.queues) == ["other"]


# -- the broker's own count ---------------------------------------------------------------------------------------


def test_a_difference_counts_once_the_broker_says_it_twice_with_nothing_between() -> None:
    wire = Wire(guests=("app",))
    queue = wire.state.queue_named("task_queue")

    def counted(ready: int) -> int:
        wire.say(ev.QueueCounted, queue="task_queue", ready=ready)
        return queue.difference

    wire.published("t1")
    assert [counted(3), counted(3)] == [0, 2]
    assert counted(1) == 2  # moving: believed when it comes again
    assert counted(1) == 0
    assert counted(5) == 0
    wire.published("t2")
    assert counted(5) == 0
    assert counted(5) == 3
    tag = wire.delivered("t1", 1)
    assert queue.difference == 0
    assert [counted(4), wire.acked("t1", 1, tag), counted(4)] == [0, None, 3]  # an ack makes nothing ready


# -- nonsense -----------------------------------------------------------------------------------------------------


def test_events_that_make_no_sense_change_nothing() -> None:
    wire = Wire()
    before = wire.state.ledger
    wire.acked("t1", 1, 1)
    wire.say(ev.Nacked, conn=1, channel=1, tag=1, task="t1", requeue=True)
    wire.delivered("t1", 1)
    wire.closed(1)
    wire.say(ev.ChannelClosed, conn=1, channel=1, by="client")
    wire.say(ev.ConsumerCancelled, conn=1, channel=1, consumer="c", by="client")
    wire.consumes(1)
    for event in (ev.WorkerThawed, ev.WorkerFrozen, ev.WorkerRemoved):
        wire.say(event, worker="nobody")
    wire.say(ev.WorkerExited, worker="nobody", pid=1)
    wire.say(ev.QueueDeleted, conn=1, queue="nowhere", count=3)
    wire.say(ev.QueueUnbound, conn=1, queue="nowhere", exchange="x", routing_key="")
    assert wire.state.ledger == before
    assert not wire.state.workers and not wire.state.conns and list(wire.state.queues) == ["task_queue"]


def test_an_attempt_is_found_by_connection_channel_and_tag() -> None:
    wire = Wire(guests=("app",))
    for n, channel in enumerate((1, 2)):
        wire.published(f"t{n}")
        wire.delivered(f"t{n}", 1, channel=channel)
    wire.acked("t1", 1, 1, channel=2)
    assert states(wire.state) == {"t0": "unacked", "t1": "done"}
    wire.say(ev.ChannelClosed, conn=1, channel=2, by="client")
    assert states(wire.state) == {"t0": "unacked", "t1": "done"}
    attempt = wire.state.tasks["t0"].attempts[0]
    assert (attempt.conn, attempt.spot) == (1, (1, 1))
