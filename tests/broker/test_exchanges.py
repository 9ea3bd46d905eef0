"""Exchanges and bindings: where a message goes, and what is refused."""

import pytest

from tests.broker.client import Inbox, channel_closed, connection_closed, drain, settled


@pytest.fixture
def bound(client):
    """`bound(exchange, key, …)`: a new queue, bound with these keys."""

    def bound(exchange, *keys):
        queue = client.queue()
        for key in keys:
            client.publisher.queue_bind(queue, exchange, key)
        return queue

    return bound


def test_the_default_exchange_routes_to_the_queue_of_that_name(client, channel, queue):
    client.publish(queue, "here")
    method, _, body = channel.basic_get(queue)
    assert (method.exchange, method.routing_key, body) == ("", queue, b"here")


def test_a_direct_exchange_routes_by_equal_keys(client, channel, bound):
    exchange = client.exchange("direct")
    red, both = bound(exchange, "red"), bound(exchange, "red", "blue")
    client.publish("red", "1", exchange=exchange)
    client.publish("blue", "2", exchange=exchange)
    client.publish("green", "3", exchange=exchange)
    assert (drain(channel, red), drain(channel, both)) == (["1"], ["1", "2"])


def test_a_fanout_exchange_routes_to_every_queue_once(client, channel, bound):
    exchange = client.exchange("fanout")
    first, second = bound(exchange, "a", "b"), bound(exchange, "")
    client.publish("whatever", "1", exchange=exchange)
    assert (drain(channel, first), drain(channel, second)) == (["1"], ["1"])


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        ("a.*.c", ["a.b.c", "a..c"], ["a.c", "a.b.b.c", "a.b.c.d"]),
        ("a.#", ["a", "a.b", "a.b.c"], ["", "b.a", "ab"]),
        ("#", ["", "a", "a.b.c"], []),
        ("#.b.#", ["b", "a.b", "b.c", "a.a.b.c.c"], ["a", "a.c"]),
        ("*", ["a"], ["", "a.b"]),
        ("#.*", ["a", "a.b"], [""]),
        ("a.b", ["a.b"], ["a", "a.b.c", "A.B"]),
    ],
)
def test_a_topic_exchange_routes_by_pattern(client, channel, bound, pattern, hits, misses):
    exchange = client.exchange("topic")
    queue = bound(exchange, pattern)
    for key in [*hits, *misses]:
        client.publish(key, key, exchange=exchange)
    assert drain(channel, queue) == hits


def test_several_matching_bindings_deliver_one_copy(client, channel, bound):
    exchange = client.exchange("topic")
    queue = bound(exchange, "a.#", "#", "a.b")
    client.publish("a.b", "1", exchange=exchange)
    assert drain(channel, queue) == ["1"]


@pytest.mark.parametrize(
    ("name", "type_"),
    [("amq.direct", "direct"), ("amq.fanout", "fanout"), ("amq.topic", "topic")],
)
def test_the_predeclared_exchanges_are_there_and_durable(channel, name, type_):
    channel.exchange_declare(name, type_, durable=True)
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, name, "one.key")
    channel.basic_publish(name, "one.key", b"1")
    settled(channel)
    assert drain(channel, queue) == ["1"]


def test_a_predeclared_exchange_declared_differently_is_refused_with_406(channel):
    with channel_closed(
        406,
        "PRECONDITION_FAILED - inequivalent arg 'durable' for exchange 'amq.direct' in vhost '/': "
        "received 'false' but current is 'true'",
    ):
        channel.exchange_declare("amq.direct", "direct")


def test_a_name_that_begins_with_amq_is_refused_with_403(channel):
    with channel_closed(403, "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'"):
        channel.exchange_declare("amq.mine", "direct")


def test_the_default_exchange_cannot_be_declared(channel):
    with channel_closed(403, "ACCESS_REFUSED - operation not permitted on the default exchange"):
        channel.exchange_declare("", "direct", durable=True)


def test_the_default_exchange_cannot_be_deleted(channel):
    with channel_closed(403, "ACCESS_REFUSED - operation not permitted on the default exchange"):
        channel.exchange_delete("")


def test_a_predeclared_exchange_cannot_be_deleted(channel):
    with channel_closed(
        403, "ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '/' not allowed"
    ):
        channel.exchange_delete("amq.direct")


@pytest.mark.parametrize("call", ["queue_bind", "queue_unbind"])
def test_no_queue_is_bound_to_the_default_exchange_by_hand(channel, queue, call):
    with channel_closed(403, "ACCESS_REFUSED - operation not permitted on the default exchange"):
        getattr(channel, call)(queue, "", "key")


@pytest.mark.parametrize(("type_", "wrong"), [("nonsense", "unknown"), ("", "invalid")])
def test_an_unknown_type_closes_the_connection_with_503(client, channel, type_, wrong):
    with connection_closed(503, f"COMMAND_INVALID - {wrong} exchange type '{type_}'"):
        channel.exchange_declare(client.name(), type_)


@pytest.mark.parametrize(
    ("option", "got", "current"),
    [
        ("exchange_type", "fanout", "direct"),
        ("durable", True, False),
        ("auto_delete", True, False),
        ("internal", True, False),
    ],
)
def test_another_property_than_before_is_refused_with_406(client, channel, option, got, current):
    exchange = client.exchange("direct")
    word = "type" if option == "exchange_type" else option
    with channel_closed(
        406,
        f"PRECONDITION_FAILED - inequivalent arg '{word}' for exchange '{exchange}' in vhost '/': "
        f"received '{str(got).lower()}' but current is '{str(current).lower()}'",
    ):
        channel.exchange_declare(exchange, **{"exchange_type": "direct", option: got})


def test_the_same_declare_twice_is_fine(client, channel):
    exchange = client.exchange("topic", durable=True)
    channel.exchange_declare(exchange, "topic", durable=True)


def test_a_passive_declare_looks_at_the_name_only(client, channel):
    exchange = client.exchange("topic", durable=True)
    channel.exchange_declare(exchange, "direct", passive=True)


def test_a_passive_declare_of_a_missing_exchange_is_refused_with_404(channel):
    with channel_closed(404, "NOT_FOUND - no exchange 'missing' in vhost '/'"):
        channel.exchange_declare("missing", passive=True)


def test_binding_to_a_missing_exchange_is_refused_with_404(channel, queue):
    with channel_closed(404, "NOT_FOUND - no exchange 'missing' in vhost '/'"):
        channel.queue_bind(queue, "missing", "key")


def test_binding_a_missing_queue_is_refused_with_404(channel):
    with channel_closed(404, "NOT_FOUND - no queue 'missing' in vhost '/'"):
        channel.queue_bind("missing", "amq.direct", "key")


def test_binding_twice_is_one_binding(client, channel, bound):
    exchange = client.exchange("direct")
    queue = bound(exchange, "key", "key")
    channel.queue_unbind(queue, exchange, "key")
    client.publish("key", "1", exchange=exchange)
    assert drain(channel, queue) == []


def test_an_unbound_queue_gets_nothing_more(client, channel, bound):
    exchange = client.exchange("direct")
    queue = bound(exchange, "one", "two")
    channel.queue_unbind(queue, exchange, "one")
    client.publish("one", "1", exchange=exchange)
    client.publish("two", "2", exchange=exchange)
    assert drain(channel, queue) == ["2"]


def test_unbinding_what_was_never_bound_is_no_error(client, channel, queue):
    channel.queue_unbind(queue, client.exchange(), "key")


def test_unbinding_from_a_missing_exchange_is_no_error(channel, queue):
    channel.queue_unbind(queue, "missing", "key")


def test_a_deleted_exchange_is_gone_with_its_bindings(client, channel, bound):
    exchange = client.exchange("direct")
    queue = bound(exchange, "key")
    channel.exchange_delete(exchange)
    channel.exchange_declare(exchange, "direct")
    client.publish("key", "1", exchange=exchange)
    assert drain(channel, queue) == []


def test_deleting_a_missing_exchange_is_no_error(channel):
    channel.exchange_delete("missing")


def test_delete_if_unused_is_refused_while_there_is_a_binding(client, channel, bound):
    exchange = client.exchange("direct")
    queue = bound(exchange, "key")
    with channel_closed(406, f"PRECONDITION_FAILED - exchange '{exchange}' in vhost '/' in use"):
        client.channel().exchange_delete(exchange, if_unused=True)
    channel.queue_delete(queue)
    channel.exchange_delete(exchange, if_unused=True)


@pytest.mark.parametrize("way", ["unbind", "delete the queue"])
def test_an_auto_delete_exchange_goes_with_its_last_binding(client, channel, bound, way):
    exchange = client.exchange("direct", auto_delete=True)
    queue = bound(exchange, "key")
    if way == "unbind":
        channel.queue_unbind(queue, exchange, "key")
    else:
        channel.queue_delete(queue)
    with channel_closed(404, f"NOT_FOUND - no exchange '{exchange}' in vhost '/'"):
        channel.exchange_declare(exchange, passive=True)


def test_an_auto_delete_exchange_that_was_never_bound_stays(client, channel):
    exchange = client.exchange("direct", auto_delete=True)
    channel.exchange_declare(exchange, passive=True)


def test_nobody_publishes_to_an_internal_exchange(client, channel):
    exchange = client.exchange("fanout", internal=True)
    with channel_closed(
        403, f"ACCESS_REFUSED - cannot publish to internal exchange '{exchange}' in vhost '/'"
    ):
        channel.basic_publish(exchange, "", b"")
        channel.basic_qos()


def test_a_deleted_queue_is_routed_to_no_more(client, channel, bound):
    exchange = client.exchange("fanout")
    gone, stays = bound(exchange, ""), bound(exchange, "")
    channel.queue_delete(gone)
    client.publish("", "1", exchange=exchange)
    assert drain(channel, stays) == ["1"]
    assert channel.queue_declare(gone).method.message_count == 0


def test_a_consumer_sees_exchange_and_key_of_the_publish(client, channel, bound):
    exchange = client.exchange("topic")
    inbox = Inbox(channel, bound(exchange, "#"))
    client.publish("some.key", "1", exchange=exchange)
    inbox.wait(1)
    method = inbox.deliveries[0][0]
    assert (method.exchange, method.routing_key, method.consumer_tag) == (exchange, "some.key", inbox.tag)


@pytest.mark.parametrize("kind", ["embedded"], indirect=True)
def test_a_headers_exchange_is_not_implemented_in_the_embedded_broker(client, channel):
    with connection_closed(540, "NOT_IMPLEMENTED - headers exchanges are not part of this broker"):
        channel.exchange_declare(client.name(), "headers")


@pytest.mark.parametrize("kind", ["embedded"], indirect=True)
def test_an_alternate_exchange_is_not_implemented_in_the_embedded_broker(client, channel):
    with connection_closed(540, "NOT_IMPLEMENTED - alternate-exchange is not part of this broker"):
        channel.exchange_declare(client.name(), arguments={"alternate-exchange": "amq.fanout"})
