"""Frames to events: a conversation is scripted method by method, and what the observer says of it is compared."""

import itertools

import pika.frame
import pytest
from pika import BasicProperties, spec

from webapp import events as ev
from webapp.engine import channels, wire
from webapp.engine.observer import CLIENT, Observer


def start_ok(properties):
    return spec.Connection.StartOk(client_properties=properties, response="\0guest\0guest")


class Talk:
    """A scripted connection. `client(…)` and `broker(…)` send methods; what comes out is kept as bytes and events."""

    def __init__(self, chunk=None):
        ids = itertools.count(1)
        self.observer = Observer(7, "127.0.0.1:1234", lambda: f"id-{next(ids)}")
        self.splitters = {"client": wire.Splitter(), "broker": wire.Splitter()}
        self.events = []
        self.forwarded = {"client": b"", "broker": b""}
        self.sent = {"client": b"", "broker": b""}
        self.chunk = chunk

    def say(self, side, data):
        self.sent[side] += data
        step = self.chunk or len(data) or 1
        for at in range(0, len(data), step):
            for frame in self.splitters[side].feed(data[at : at + step]):
                self.forwarded[side] += self.observer.sees(side, frame)
                self.events += self.observer.drain()

    def client(self, *methods, channel=1):
        for method in methods:
            self.say("client", pika.frame.Method(channel, method).marshal())

    def broker(self, *methods, channel=1):
        for method in methods:
            self.say("broker", pika.frame.Method(channel, method).marshal())

    def content(self, side, method, body=b"m...", channel=1, pieces=1, **properties):
        data = pika.frame.Method(channel, method).marshal()
        data += pika.frame.Header(channel, len(body), BasicProperties(**properties)).marshal()
        size = max(1, -(-len(body) // pieces))
        for at in range(0, len(body), size):
            data += pika.frame.Body(channel, body[at : at + size]).marshal()
        self.say(side, data)

    def opened(self):
        self.client(
            start_ok({"connection_name": "worker-1", "product": "pika"}),
            spec.Connection.TuneOk(frame_max=131072, heartbeat=4),
            spec.Connection.Open(),
            channel=0,
        )
        self.broker(spec.Connection.OpenOk(), channel=0)
        self.client(spec.Channel.Open())
        self.broker(spec.Channel.OpenOk())
        return self

    def consuming(self, auto_ack=False, prefetch=1):
        self.client(spec.Basic.Qos(prefetch_count=prefetch))
        self.broker(spec.Basic.QosOk())
        self.client(spec.Basic.Consume(queue="q", no_ack=auto_ack))
        self.broker(spec.Basic.ConsumeOk(consumer_tag="c1"))
        return self

    def deliver(self, *tags, redelivered=False, **properties):
        for tag in tags:
            self.content(
                "broker",
                spec.Basic.Deliver("c1", tag, redelivered, "", "q"),
                **({"message_id": f"t{tag}"} | properties),
            )
        return self

    def told(self):
        """The events since the last call, without the handshake's."""
        events, self.events = self.events, []
        return events


@pytest.fixture(params=[None, 1], ids=["whole", "byte by byte"])
def talk(request):
    talk = Talk(request.param).opened()
    talk.told()
    return talk


def kinds(events):
    return [type(event).__name__ for event in events]


def test_a_connection_is_open_once_the_broker_says_so():
    talk = Talk()
    talk.client(start_ok({"connection_name": "me", "product": "p", "version": "1"}), channel=0)
    talk.client(spec.Connection.TuneOk(heartbeat=60), spec.Connection.Open(), channel=0)
    assert talk.told() == []
    talk.broker(spec.Connection.OpenOk(), channel=0)
    assert talk.told() == [
        ev.ConnectionOpened(conn=7, name="me", product="p 1", peer="127.0.0.1:1234", heartbeat=60)
    ]


def test_a_publish_is_told_when_its_last_byte_went_by(talk):
    talk.content(
        "client",
        spec.Basic.Publish(exchange="", routing_key="task_queue"),
        b"photo...",
        message_id="a",
        delivery_mode=2,
        pieces=3,
    )
    assert talk.told() == [
        ev.Published(
            conn=7,
            channel=1,
            task="a",
            queue="task_queue",
            exchange="",
            routing_key="task_queue",
            persistent=True,
            body="photo...",
            size=8,
        )
    ]
    assert talk.forwarded == talk.sent


def test_a_publish_without_a_message_id_is_given_one_and_nothing_else_changes(talk):
    talk.content(
        "client",
        spec.Basic.Publish(exchange="", routing_key="q"),
        b"x",
        content_type="text/plain",
        timestamp=3,
    )
    (event,) = talk.told()
    assert event.task == "id-1"
    frames = wire.Splitter().feed(talk.forwarded["client"])
    _, header = pika.frame.decode_frame(frames[-2].raw)
    assert header.properties == BasicProperties(content_type="text/plain", timestamp=3, message_id="id-1")


@pytest.mark.parametrize("pieces", [1, 7])
def test_the_dots_of_a_body_longer_than_its_preview_are_all_counted(talk, pieces):
    body = ("📷" + "m" * ev.PREVIEW + "." * 900).encode()
    publish = spec.Basic.Publish(exchange="", routing_key="q")
    talk.content("client", publish, body, message_id="long", pieces=pieces)
    talk.content("client", publish, b"m" * ev.PREVIEW + b".", message_id="by one", pieces=pieces)
    talk.content("client", publish, b"." * ev.PREVIEW, message_id="whole", pieces=pieces)
    long, by_one, whole = talk.told()
    assert (long.dots, long.body.count("."), long.size) == (900, 0, len(body))
    assert (by_one.dots, whole.dots) == (1, 0)  # what is here whole is counted here
    talk.consuming().told()
    talk.content(
        "broker",
        spec.Basic.Deliver(consumer_tag="c1", delivery_tag=1, exchange="", routing_key="q"),
        body,
        message_id="long",
        pieces=pieces,
    )
    (delivered,) = talk.told()
    assert delivered.dots == 900


def test_a_message_of_no_bytes_is_a_message(talk):
    talk.content("client", spec.Basic.Publish(exchange="", routing_key="q"), b"", message_id="empty")
    (event,) = talk.told()
    assert (event.task, event.size, event.body) == ("empty", 0, "")


def test_a_result_names_its_task(talk):
    talk.content(
        "client",
        spec.Basic.Publish(exchange="", routing_key="results"),
        b"done",
        correlation_id="t1",
        message_id="r1",
    )
    talk.content(
        "client",
        spec.Basic.Publish(exchange="logs", routing_key="results"),
        b"done",
        correlation_id="t1",
        message_id="r2",
    )
    assert [event.result_of for event in talk.told()] == ["t1", ""]


def test_a_confirm_with_multiple_confirms_each(talk):
    talk.client(spec.Confirm.Select())
    talk.broker(spec.Confirm.SelectOk())
    for name in "abc":
        talk.content("client", spec.Basic.Publish(exchange="", routing_key="q"), message_id=name)
    talk.told()
    talk.broker(spec.Basic.Ack(2, multiple=True))
    talk.broker(spec.Basic.Nack(3))
    assert [(event.task, event.ok) for event in talk.told()] == [("a", True), ("b", True), ("c", False)]


def test_a_consumer_is_told_with_the_name_and_prefetch_the_broker_granted(talk):
    talk.consuming(prefetch=5)
    assert talk.told() == [
        ev.ConsumerStarted(conn=7, channel=1, queue="q", consumer="c1", auto_ack=False, prefetch=5)
    ]


def test_a_consume_that_was_refused_did_not_happen(talk):
    talk.client(spec.Basic.Consume(queue="nowhere"))
    talk.broker(spec.Channel.Close(404, "NOT_FOUND - no queue 'nowhere'", 60, 20))
    assert kinds(talk.told()) == ["ChannelClosed"]


def test_deliveries_are_joined_to_their_acks_by_tag(talk):
    talk.consuming().told()
    talk.deliver(1, 2, 3)
    talk.client(spec.Basic.Ack(2))
    delivered = talk.told()
    assert kinds(delivered) == ["Delivered"] * 3 + ["Acked"]
    assert (delivered[0].queue, delivered[0].consumer, delivered[0].task) == ("q", "c1", "t1")
    assert delivered[-1] == ev.Acked(conn=7, channel=1, tag=2, task="t2")


@pytest.mark.parametrize(
    ("tag", "expected"), [(2, ["t1", "t2"]), (0, ["t1", "t2", "t3"]), (9, ["t1", "t2", "t3"])]
)
def test_an_ack_with_multiple_is_one_event_a_delivery(talk, tag, expected):
    talk.consuming().deliver(1, 2, 3).told()
    talk.client(spec.Basic.Ack(tag, multiple=True))
    assert [event.task for event in talk.told()] == expected


def test_an_ack_of_an_unknown_tag_or_a_second_ack_says_nothing(talk):
    talk.consuming().deliver(1).told()
    talk.client(spec.Basic.Ack(1), spec.Basic.Ack(1), spec.Basic.Ack(5))
    assert len(talk.told()) == 1


def test_nack_and_reject_say_whether_the_message_returns(talk):
    talk.consuming().deliver(1, 2, 3, 4).told()
    talk.client(spec.Basic.Nack(2, multiple=True, requeue=True), spec.Basic.Reject(3, requeue=False))
    assert [(type(e).__name__, e.task, e.requeue) for e in talk.told()] == [
        ("Nacked", "t1", True),
        ("Nacked", "t2", True),
        ("Rejected", "t3", False),
    ]
    talk.client(spec.Basic.Recover(requeue=True))
    talk.broker(spec.Basic.RecoverOk())
    assert [(e.task, e.requeue) for e in talk.told()] == [("t4", True)]


def test_under_auto_ack_a_delivery_is_not_waiting_for_an_ack(talk):
    talk.consuming(auto_ack=True).deliver(1).told()
    talk.client(spec.Basic.Ack(1))
    assert talk.told() == []


def test_basic_get_is_a_delivery_without_a_consumer(talk):
    talk.client(spec.Basic.Get(queue="q", no_ack=False), spec.Basic.Get(queue="q", no_ack=True))
    talk.broker(spec.Basic.GetEmpty())
    talk.content("broker", spec.Basic.GetOk(4, True, "", "q", 0), message_id="g")
    (event,) = talk.told()
    assert (event.queue, event.consumer, event.auto_ack, event.tag, event.redelivered) == (
        "q",
        "",
        True,
        4,
        True,
    )


def test_an_empty_queue_name_means_the_last_one_declared(talk):
    talk.client(spec.Queue.Declare(queue=""))
    talk.broker(spec.Queue.DeclareOk("amq.gen-1", 0, 0))
    talk.client(spec.Queue.Bind(queue="", exchange="logs", routing_key="k"), spec.Basic.Consume(queue=""))
    talk.broker(spec.Queue.BindOk(), spec.Basic.ConsumeOk("c1"))
    declared, bound, consumer = talk.told()
    assert (declared.queue, bound.queue, consumer.queue) == ("amq.gen-1",) * 3


def test_what_a_declare_says_of_a_queue(talk):
    talk.client(spec.Queue.Declare(queue="t", durable=True, arguments={"x-queue-type": "quorum"}))
    talk.client(spec.Queue.Declare(queue="t", passive=True))
    talk.broker(spec.Queue.DeclareOk("t", 4, 2), spec.Queue.DeclareOk("t", 4, 2))
    active, passive = talk.told()
    assert (active.durable, active.kind, active.ready, active.consumers) == (True, "quorum", 4, 2)
    assert (passive.durable, passive.kind) == (None, None)


def test_nowait_needs_no_answer(talk):
    talk.client(spec.Basic.Consume(queue="q", consumer_tag="mine", nowait=True))
    talk.client(spec.Basic.Cancel(consumer_tag="mine", nowait=True))
    assert kinds(talk.told()) == ["ConsumerStarted", "ConsumerCancelled"]


def test_purge_delete_unbind_and_exchange_declare_are_told_once_granted(talk):
    talk.client(
        spec.Queue.Purge(queue="q"),
        spec.Queue.Unbind(queue="q", exchange="logs", routing_key="k"),
        spec.Queue.Delete(queue="q"),
        spec.Exchange.Declare(exchange="logs", type="fanout"),
    )
    assert talk.told() == []
    talk.broker(
        spec.Queue.PurgeOk(3), spec.Queue.UnbindOk(), spec.Queue.DeleteOk(0), spec.Exchange.DeclareOk()
    )
    purged, unbound, deleted, declared = talk.told()
    assert (purged.count, unbound.exchange, deleted.queue, declared.kind) == (3, "logs", "q", "fanout")


@pytest.mark.parametrize("by", ["client", "broker"])
def test_a_channel_closes_once_and_forgets_what_it_held(talk, by):
    talk.consuming().deliver(1).told()
    close = spec.Channel.Close(406, "PRECONDITION_FAILED", 60, 80)
    if by == "client":
        talk.client(close)
        assert talk.told() == []
        talk.broker(spec.Channel.CloseOk())
    else:
        talk.broker(close)
        talk.client(spec.Channel.CloseOk())
    (event,) = talk.told()
    assert (event.by, event.code) == (by, 406)
    talk.client(spec.Basic.Ack(1))
    assert talk.told() == []


@pytest.mark.parametrize("by", ["client", "broker"])
def test_a_connection_that_said_goodbye_is_over_once(talk, by):
    close = spec.Connection.Close(320, "CONNECTION_FORCED", 0, 0)
    if by == "client":
        talk.client(close, channel=0)
        talk.broker(spec.Connection.CloseOk(), channel=0)
    else:
        talk.broker(close, channel=0)
        talk.client(spec.Connection.CloseOk(), channel=0)
    talk.observer.ended("network")
    talk.events += talk.observer.drain()
    assert talk.told() == [ev.ConnectionClosed(conn=7, by=by, code=320, text="CONNECTION_FORCED")]


def test_a_connection_that_broke_off_is_over_by_the_network(talk):
    talk.observer.ended("network", "reset")
    talk.observer.ended("broker")
    assert talk.observer.drain() == [ev.ConnectionClosed(conn=7, by="network", text="reset")]


def test_a_connection_that_never_opened_ends_without_a_word():
    talk = Talk()
    talk.observer.ended("network")
    assert talk.observer.drain() == []


def test_a_returned_message_says_why(talk):
    talk.content("broker", spec.Basic.Return(312, "NO_ROUTE", "", "nowhere"), message_id="a")
    assert talk.told() == [ev.Returned(conn=7, channel=1, task="a", code=312, text="NO_ROUTE")]


def test_a_delivery_that_nobody_named_gets_a_name_of_its_own(talk):
    talk.consuming().told()
    talk.content("broker", spec.Basic.Deliver("c1", 3, False, "", "q"))
    talk.client(spec.Basic.Ack(3))
    assert [event.task for event in talk.told()] == ["untracked-7-1-3"] * 2


@pytest.mark.parametrize("number", CLIENT)
def test_a_method_cut_short_passes_untouched_and_unseen(talk, number):
    raw = b"\x01\x00\x01\x00\x00\x00\x05" + number.to_bytes(4, "big") + b"\xff" + b"\xce"
    before = talk.forwarded["client"]
    talk.say("client", raw)
    assert talk.forwarded["client"] == before + raw
    talk.say("client", b"\x08\x00\x00\x00\x00\x00\x00\xce")


def test_names_a_client_gives_itself_are_one_line_of_bounded_length():
    talk = Talk()
    talk.client(start_ok({"connection_name": "a\nb" + "x" * 999, "product": 5}), channel=0)
    talk.broker(spec.Connection.OpenOk(), channel=0)
    (event,) = talk.told()
    assert event.name.startswith("a b")
    assert len(event.name) == 200
    assert event.product == ""


def test_frames_that_follow_the_brokers_channel_close_are_not_taken_for_real():
    talk = Talk().opened()
    talk.client(spec.Confirm.Select())
    talk.broker(spec.Channel.Close(404, "NOT_FOUND", 60, 40))
    talk.events.clear()
    talk.content("client", spec.Basic.Publish(routing_key="hello"), b"discarded")
    talk.client(spec.Confirm.Select())
    assert talk.events == []
    talk.client(spec.Channel.CloseOk(), spec.Channel.Open(), spec.Confirm.Select())
    talk.content("client", spec.Basic.Publish(routing_key="hello"), b"real", message_id="real")
    talk.broker(spec.Basic.Ack(1))
    assert [(type(event), event.task) for event in talk.events] == [
        (ev.Published, "real"),
        (ev.Confirmed, "real"),
    ]


def test_recover_async_gives_back_without_an_answer():
    talk = Talk().opened().consuming().deliver(1, 2)
    talk.events.clear()
    talk.client(spec.Basic.RecoverAsync(requeue=True))
    assert [(type(event), event.tag, event.requeue) for event in talk.events] == [
        (ev.Nacked, 1, True),
        (ev.Nacked, 2, True),
    ]


def test_names_that_are_no_utf8_become_text():
    talk = Talk().opened()
    frame = (
        pika.frame.Method(1, spec.Basic.Publish(routing_key="ab"))
        .marshal()
        .replace(b"\x02ab", b"\x02\xff\xfe")
    )
    talk.say("client", frame + pika.frame.Header(1, 0, BasicProperties(message_id="t")).marshal())
    assert talk.events[-1].queue == "\\xff\\xfe"


def test_a_table_nested_beyond_all_measure_is_handed_on_and_hurts_nobody():
    table = b""
    for _ in range(3000):
        table = b"\x01aF" + len(table).to_bytes(4, "big") + table
    payload = (
        spec.Queue.Declare.INDEX.to_bytes(4, "big") + b"\0\0\x01q\0" + len(table).to_bytes(4, "big") + table
    )
    talk = Talk().opened()
    talk.say("client", b"\x01\0\x01" + len(payload).to_bytes(4, "big") + payload + b"\xce")
    assert talk.forwarded["client"] == talk.sent["client"]
    talk.consuming()


def test_a_time_that_the_platform_does_not_know_passes_unseen():
    talk = Talk()
    table = b"\1aT\x7f" + b"\xff" * 7
    method = spec.Queue.Declare.INDEX.to_bytes(4, "big") + b"\0\0\1q\0\0\0\0\x0b" + table
    talk.say("client", b"\1\0\1" + len(method).to_bytes(4, "big") + method + b"\xce")
    assert talk.forwarded == talk.sent
    assert talk.events == []


def consumers(talk):
    return list(talk.observer._channels[1].consumers)


@pytest.mark.parametrize("by", ["client", "broker"])
def test_a_consumer_is_forgotten_once_nothing_to_it_can_be_under_way(by):
    talk = Talk().opened().consuming()
    if by == "client":
        talk.client(spec.Basic.Cancel(consumer_tag="c1"))
        talk.deliver(1)
        assert talk.told()[-1].queue == "q"
        talk.broker(spec.Basic.CancelOk(consumer_tag="c1"))
    else:
        talk.broker(spec.Basic.Cancel(consumer_tag="c1"))
    assert talk.told()[-1] == ev.ConsumerCancelled(conn=7, channel=1, consumer="c1", by=by)
    assert consumers(talk) == []


def test_of_consumers_that_leave_without_an_answer_the_last_ones_are_remembered(monkeypatch):
    monkeypatch.setattr(channels, "LEAVING_MAX", 2)
    talk = Talk().opened()
    for tag, leaves in (("a", True), ("b", True), ("a", False), ("c", True), ("d", True)):
        talk.client(spec.Basic.Consume(queue="q", consumer_tag=tag))
        talk.broker(spec.Basic.ConsumeOk(consumer_tag=tag))
        if leaves:
            talk.client(spec.Basic.Cancel(consumer_tag=tag, nowait=True))
    assert consumers(talk) == ["a", "c", "d"]
    talk.content("broker", spec.Basic.Deliver("c", 1, False, "", "q"), message_id="t1")
    assert talk.told()[-1].queue == "q"
