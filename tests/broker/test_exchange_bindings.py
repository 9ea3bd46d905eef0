"""Bindings from exchange to exchange."""

import pytest

from tests.broker.client import channel_closed, drain


@pytest.fixture
def chain(client):
    """Two exchanges, the first bound to the second, and a queue behind that: (source, destination, queue)."""
    source, destination, queue = client.exchange("topic"), client.exchange("topic"), client.queue()
    client.publisher.exchange_bind(destination, source, "a.*")
    client.publisher.queue_bind(queue, destination, "*.b")
    return source, destination, queue


def test_a_message_passes_through_a_bound_exchange_with_its_key(client, channel, chain):
    source, _, queue = chain
    for key in ("a.b", "a.c", "b.b"):
        client.publish(key, key, exchange=source)
    assert drain(channel, queue) == ["a.b"]


def test_a_delivery_names_the_exchange_of_the_publish(client, channel, chain):
    source, _, queue = chain
    client.publish("a.b", "1", exchange=source)
    assert channel.basic_get(queue)[0].exchange == source


def test_two_ways_to_a_queue_deliver_one_copy(client, channel, chain):
    source, _, queue = chain
    channel.queue_bind(queue, source, "#")
    client.publish("a.b", "1", exchange=source)
    assert drain(channel, queue) == ["1"]


def test_a_ring_of_exchanges_delivers_once(client, channel, chain):
    source, destination, queue = chain
    channel.exchange_bind(source, destination, "#")
    client.publish("a.b", "1", exchange=source)
    assert drain(channel, queue) == ["1"]


def test_an_unbound_exchange_gets_nothing_more(client, channel, chain):
    source, destination, queue = chain
    channel.exchange_unbind(destination, source, "a.*")
    client.publish("a.b", "1", exchange=source)
    assert drain(channel, queue) == []


def test_an_internal_exchange_is_reached_through_a_binding(client, channel):
    source, inner, queue = client.exchange("fanout"), client.exchange("fanout", internal=True), client.queue()
    channel.exchange_bind(inner, source)
    channel.queue_bind(queue, inner)
    client.publish("", "1", exchange=source)
    assert drain(channel, queue) == ["1"]


def test_a_deleted_destination_is_unbound(client, channel, chain):
    source, destination, queue = chain
    channel.exchange_delete(destination)
    client.publish("a.b", "1", exchange=source)
    assert drain(channel, queue) == []
    channel.exchange_delete(source, if_unused=True)


def test_an_auto_delete_source_goes_with_its_last_destination(client, channel):
    source, destination = client.exchange("fanout", auto_delete=True), client.exchange("fanout")
    channel.exchange_bind(destination, source)
    channel.exchange_delete(destination)
    with channel_closed(404, f"NOT_FOUND - no exchange '{source}' in vhost '/'"):
        channel.exchange_declare(source, passive=True)


def test_an_auto_delete_destination_stays_when_its_source_goes(client, channel):
    source, destination = client.exchange("fanout"), client.exchange("fanout", auto_delete=True)
    channel.exchange_bind(destination, source)
    channel.exchange_delete(source)
    channel.exchange_declare(destination, passive=True)


@pytest.mark.parametrize("missing", ["source", "destination"])
def test_binding_a_missing_exchange_is_refused_with_404(client, channel, missing):
    names = {"source": client.exchange(), "destination": client.exchange(), missing: "missing"}
    with channel_closed(404, "NOT_FOUND - no exchange 'missing' in vhost '/'"):
        channel.exchange_bind(**names)


@pytest.mark.parametrize("default", ["source", "destination"])
def test_the_default_exchange_cannot_be_bound(client, channel, default):
    names = {"source": client.exchange(), "destination": client.exchange(), default: ""}
    with channel_closed(403, "ACCESS_REFUSED - operation not permitted on the default exchange"):
        channel.exchange_bind(**names)


def test_unbinding_what_was_never_bound_is_no_error(client, channel):
    channel.exchange_unbind(client.exchange(), client.exchange())
