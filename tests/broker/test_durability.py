"""What a kill -9 of the broker leaves. And an orderly stop. One broker goes through both; each test looks at a part of what it was given."""

import pytest

from tests.broker.client import Client, channel_closed, drain, settled, wait_for
from tests.broker.nodes import BROKERS


@pytest.fixture(scope="module")
def after(kind, guard, tmp_path_factory):
    """A client of a broker that was given something and stopped, then given the rest and killed."""
    broker = BROKERS[kind](guard, tmp_path_factory.mktemp(f"{kind}-restarted"))
    broker.start()
    with Client(broker.port) as client:
        before_the_stop(client)
        broker.stop()
    broker.start()
    with Client(broker.port) as client:
        stopped = before_the_kill(client)
        broker.kill()
    broker.start()
    with Client(broker.port) as client:
        client.stopped = stopped
        yield client
    broker.close()


def before_the_stop(client):
    channel = client.channel()
    for name in ("stopped", "acked", "got", "purged"):
        channel.queue_declare(name, durable=True)
        client.publish(name, "a", "b", "c", delivery_mode=2)
        client.publish(name, "transient", delivery_mode=1)
    for name in ("stopped", "acked"):
        channel.basic_get(name)
        channel.basic_get(name)
    channel.basic_ack(3)
    channel.basic_nack(4, requeue=False)
    channel.basic_get("got", auto_ack=True)
    channel.queue_purge("purged")
    channel.queue_declare("quorum", durable=True, arguments={"x-queue-type": "quorum"})
    client.publish("quorum", *"abcd")
    channel.queue_declare("returned", durable=True, arguments={"x-queue-type": "quorum"})
    channel.queue_declare("limited", durable=True, arguments=LIMITED)
    channel.queue_declare("limited-grave", durable=True)
    client.publish("returned", *"abcd")
    client.publish("limited", *"ab", delivery_mode=2)
    settled(channel)


def before_the_kill(client):
    channel = client.channel()
    got = [channel.basic_get("stopped") for _ in range(4)]
    for name, arguments in QUEUES.items():
        channel.queue_declare(name, durable=True, auto_delete=name == "auto", arguments=arguments)
    client.channel().basic_get("quorum")
    for _ in range(2):
        channel.basic_get("quorum")
    channel.basic_ack(len(got) + 1)
    for queue, ready in (("returned", 4), ("limited", 2)):
        holder = client.channel()
        for _ in range(ready // 2):
            holder.basic_get(queue)
        holder.close()
        wait_for(lambda queue=queue, ready=ready: client.ready(queue) == ready)
        assert client.channel().basic_get(queue)[2] == b"a"
    owner = client.channel()
    owner.queue_declare("mine", durable=True, exclusive=True)
    owner.queue_bind("mine", "amq.direct", "mine")
    channel.queue_declare("passing", durable=False)
    channel.queue_declare("deleted", durable=True)
    channel.queue_delete("deleted")
    channel.exchange_declare("lasting-exchange", "topic", durable=True)
    channel.exchange_declare("passing-exchange", "topic")
    for exchange in ("lasting-exchange", "passing-exchange", "amq.direct"):
        channel.queue_bind("bound", exchange, "a.key")
    channel.queue_bind("bound", "amq.direct", "unbound")
    channel.queue_unbind("bound", "amq.direct", "unbound")
    channel.exchange_declare("second-exchange", "fanout", durable=True)
    channel.exchange_bind("second-exchange", "lasting-exchange", "through")
    channel.queue_bind("bound", "second-exchange")
    for number in range(20):
        properties = {"message_id": str(number), "headers": {"n": number}, "content_type": "text/plain"}
        client.publish("lasting", str(number), delivery_mode=2, **properties)
        client.publish("lasting", "transient", delivery_mode=1)
    client.publish("passing", "a", delivery_mode=2)
    client.publish("lasting", b"x" * 300_000, delivery_mode=2)
    channel.basic_get("lasting")
    client.publish("args", "short", expiration="3000", delivery_mode=2)  # outlives the kill
    client.publish("args", "long", expiration="500000", delivery_mode=2)
    return [(method.redelivered, body) for method, _, body in got if method]


LIMITED = {
    "x-queue-type": "quorum",
    "x-delivery-limit": 1,
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": "limited-grave",
}
ARGUMENTS = {
    "x-message-ttl": 600000,
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": "grave",
    "note": "kept",
}
QUEUES = {"lasting": {}, "bound": {}, "auto": {}, "args": ARGUMENTS, "grave": {}}


def test_persistent_messages_in_a_durable_queue_survive_in_order_and_whole_and_count_as_redelivered(after):
    channel = after.channel()
    for number in range(20):
        method, properties, body = channel.basic_get("lasting")
        assert (method.routing_key, body, properties.message_id) == (
            "lasting",
            str(number).encode(),
            str(number),
        )
        assert (properties.headers, properties.content_type) == ({"n": number}, "text/plain")
        assert (properties.delivery_mode, method.redelivered) == (2, True)
    assert channel.basic_get("lasting")[2] == b"x" * 300_000
    assert channel.basic_get("lasting")[0] is None


def test_a_transient_queue_is_gone(after):
    with channel_closed(404, "NOT_FOUND - no queue 'passing' in vhost '/'"):
        after.channel().queue_declare("passing", passive=True)


def test_a_deleted_queue_stays_deleted(after):
    with channel_closed(404, "NOT_FOUND - no queue 'deleted' in vhost '/'"):
        after.channel().queue_declare("deleted", passive=True)


def test_durable_exchanges_survive(after):
    after.channel().exchange_declare("lasting-exchange", "topic", durable=True)


def test_a_transient_exchange_is_gone(after):
    with channel_closed(404, "NOT_FOUND - no exchange 'passing-exchange' in vhost '/'"):
        after.channel().exchange_declare("passing-exchange", passive=True)


@pytest.mark.parametrize("exchange", ["lasting-exchange", "amq.direct"])
def test_bindings_of_durable_queues_to_durable_exchanges_survive(after, exchange):
    after.publish("a.key", exchange, exchange=exchange)
    after.publish("unbound", "nothing", exchange=exchange)
    assert drain(after.channel(), "bound") == [exchange]


def test_after_an_orderly_stop_only_what_had_been_delivered_counts_as_redelivered(after):
    assert after.stopped == [(True, b"a"), (True, b"b"), (False, b"c")]


@pytest.mark.parametrize(("queue", "bodies"), [("acked", ["c"]), ("got", ["b", "c"]), ("purged", [])])
def test_acknowledged_rejected_and_purged_messages_do_not_come_back_after_an_orderly_stop(
    after, queue, bodies
):
    assert drain(after.channel(), queue) == bodies


def test_a_durable_queue_that_would_go_with_its_last_consumer_is_still_there(after):
    assert after.channel().queue_declare("auto", durable=True, auto_delete=True).method.queue == "auto"


def test_a_queue_keeps_its_arguments(after):
    after.channel().queue_declare("args", durable=True, arguments=ARGUMENTS)
    with channel_closed(
        406,
        "PRECONDITION_FAILED - inequivalent arg 'x-expires' for queue 'args' in vhost '/': "
        "received the value '1' of type 'signedint' but current is none",
    ):
        after.channel().queue_declare("args", durable=True, arguments={**ARGUMENTS, "x-expires": 1})


def test_messages_keep_their_time_to_live_and_die_of_it_afterwards(after):
    wait_for(lambda: after.ready("grave") == 1)
    _, properties, body = after.channel().basic_get("grave", auto_ack=True)
    assert (body, properties.headers["x-first-death-reason"]) == (b"short", "expired")
    assert drain(after.channel(), "args") == ["long"]


def test_a_binding_between_durable_exchanges_survives(after):
    after.publish("through", "1", exchange="lasting-exchange")
    assert drain(after.channel(), "bound") == ["1"]


def test_a_quorum_queue_keeps_what_was_ready_or_held_and_not_what_was_acknowledged(after):
    wait_for(lambda: after.ready("quorum") == 3)
    assert sorted(drain(after.channel(), "quorum")) == ["a", "b", "d"]


def test_in_a_quorum_queue_what_was_held_stands_behind_what_had_returned(after):
    wait_for(lambda: after.ready("returned") == 4)
    assert drain(after.channel(), "returned") == ["b", "a", "c", "d"]


def test_a_restart_counts_towards_the_delivery_limit(after):
    wait_for(lambda: after.ready("limited-grave") == 1)
    _, properties, body = after.channel().basic_get("limited-grave")
    assert (body, properties.headers["x-first-death-reason"]) == (b"a", "delivery_limit")
    assert drain(after.channel(), "limited") == ["b"]


def test_a_binding_of_an_exclusive_queue_is_gone_with_it(after):
    after.channel().queue_declare("mine", durable=True)
    after.publish("mine", "a", exchange="amq.direct")
    assert after.ready("mine") == 0
