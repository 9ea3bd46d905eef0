"""Methods that ask for no answer get none, and do what they say all the same."""

import pytest
from pika import spec

from tests.broker.client import drain, wait_for


@pytest.fixture
def peer(raw):
    peer = raw()
    peer.open_channel()
    return peer


def quiet(peer, *methods):
    """Sends these, and has the next answer be that of another method."""
    peer.send(1, *methods)
    peer.call(1, spec.Basic.Qos(), spec.Basic.QosOk)


def test_queue_declare_and_bind(client, channel, peer):
    name, exchange = client.name(), client.exchange("fanout")
    quiet(
        peer,
        spec.Queue.Declare(queue=name, nowait=True),
        spec.Queue.Bind(queue=name, exchange=exchange, nowait=True),
    )
    client.publish("", "1", exchange=exchange)
    assert drain(channel, name) == ["1"]


def test_queue_purge_and_delete(client, peer):
    purged, deleted = client.queue(), client.queue()
    client.publish(purged, "1")
    quiet(peer, spec.Queue.Purge(queue=purged, nowait=True), spec.Queue.Delete(queue=deleted, nowait=True))
    assert client.ready(purged) == 0
    peer.send(1, spec.Queue.Declare(queue=deleted, passive=True))
    assert peer.refused(spec.Channel.Close)[0] == 404


def test_exchange_declare_bind_unbind_and_delete(client, channel, peer, queue):
    first, second = client.name(), client.name()
    quiet(
        peer,
        spec.Exchange.Declare(exchange=first, type="fanout", nowait=True),
        spec.Exchange.Declare(exchange=second, type="fanout", nowait=True),
        spec.Exchange.Bind(source=first, destination=second, nowait=True),
        spec.Queue.Bind(queue=queue, exchange=second, nowait=True),
    )
    client.publish("", "1", exchange=first)
    assert drain(channel, queue) == ["1"]
    quiet(peer, spec.Exchange.Unbind(source=first, destination=second, nowait=True))
    client.publish("", "2", exchange=first)
    assert drain(channel, queue) == []
    quiet(peer, spec.Exchange.Delete(exchange=second, nowait=True))
    peer.send(1, spec.Exchange.Declare(exchange=second, passive=True))
    assert peer.refused(spec.Channel.Close)[0] == 404


def test_basic_consume_and_cancel(client, peer, queue):
    client.publish(queue, "1")
    peer.send(1, spec.Basic.Consume(queue=queue, consumer_tag="mine", nowait=True))
    assert peer.expect(spec.Basic.Deliver, 1).consumer_tag == "mine"
    assert peer.content()[1] == b"1"
    quiet(peer, spec.Basic.Cancel("mine", nowait=True))
    wait_for(lambda: client.consumers(queue) == 0)


def test_an_error_closes_the_channel_all_the_same(peer):
    peer.send(1, spec.Queue.Bind(queue="missing", exchange="amq.direct", nowait=True))
    assert peer.refused(spec.Channel.Close) == (404, "NOT_FOUND - no queue 'missing' in vhost '/'", 50, 20)
