"""Publisher confirms: what the broker says it has."""

import pytest
from pika import spec

from tests.broker.client import drain, wait_for


@pytest.fixture
def peer(raw):
    """A raw connection with channel 1 in confirm mode."""
    peer = raw()
    peer.open_channel()
    peer.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
    return peer


def confirmed(peer, count):
    """The publishes that have been confirmed when that many have: their numbers, in the order they were confirmed."""
    numbers = []
    while len(numbers) < count:
        ack = peer.expect(spec.Basic.Ack, 1)
        if ack.multiple:
            numbers += [n for n in range(1, ack.delivery_tag + 1) if n not in numbers]
        else:
            numbers.append(ack.delivery_tag)
    return numbers


def test_publishes_are_counted_from_1(peer, queue):
    for number in (1, 2, 3):
        peer.publish(1, queue, b"x")
        ack = peer.expect(spec.Basic.Ack, 1)
        assert (ack.delivery_tag, ack.multiple) == (number, False)


@pytest.mark.parametrize("delivery_mode", [1, 2])
def test_a_storm_of_publishes_is_confirmed_each_once(client, peer, delivery_mode):
    queue = client.queue(durable=True)
    for _ in range(200):
        peer.publish(1, queue, b"x", delivery_mode=delivery_mode)
    assert sorted(confirmed(peer, 200)) == list(range(1, 201))
    assert client.ready(queue) == 200


def test_a_confirm_with_multiple_speaks_of_all_before_it(client, peer):
    queue = client.queue(durable=True)
    frames = []
    peer.bytes, send = frames.append, peer.bytes
    for _ in range(500):
        peer.publish(1, queue, b"x", delivery_mode=2)
    peer.bytes = send
    peer.bytes(b"".join(frames))
    last, count = 0, 0
    while last < 500:
        ack = peer.expect(spec.Basic.Ack, 1)
        assert ack.delivery_tag > last
        last, count = ack.delivery_tag, count + 1
    assert count < 500


def test_a_message_nobody_is_bound_for_is_confirmed(peer):
    peer.publish(1, "nobody", b"x", exchange="amq.direct")
    assert peer.expect(spec.Basic.Ack, 1).delivery_tag == 1


def test_a_confirmed_message_is_in_its_queue(channel, peer, queue):
    peer.publish(1, queue, b"x")
    peer.expect(spec.Basic.Ack, 1)
    assert drain(channel, queue) == ["x"]


def test_a_message_to_several_queues_is_confirmed_once(client, peer):
    exchange, queues = client.exchange("fanout"), [client.queue(durable=True), client.queue()]
    for queue in queues:
        client.publisher.queue_bind(queue, exchange)
    for _ in range(2):
        peer.publish(1, "", b"x", exchange=exchange, delivery_mode=2)
    assert confirmed(peer, 2) == [1, 2]
    assert [client.ready(queue) for queue in queues] == [2, 2]


def test_selecting_twice_counts_on(peer, queue):
    peer.publish(1, queue)
    assert peer.expect(spec.Basic.Ack, 1).delivery_tag == 1
    peer.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
    peer.publish(1, queue)
    assert peer.expect(spec.Basic.Ack, 1).delivery_tag == 2


def test_publishes_before_the_select_do_not_count(raw, queue):
    peer = raw()
    peer.open_channel()
    peer.publish(1, queue)
    peer.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
    peer.publish(1, queue)
    assert peer.expect(spec.Basic.Ack, 1).delivery_tag == 1


def test_without_select_nothing_is_confirmed(raw, client, queue):
    peer = raw()
    peer.open_channel()
    peer.publish(1, queue)
    wait_for(lambda: client.ready(queue) == 1)
    peer.call(1, spec.Basic.Qos(), spec.Basic.QosOk)


def test_a_select_without_wait_is_not_answered(raw, queue):
    peer = raw()
    peer.open_channel()
    peer.send(1, spec.Confirm.Select(nowait=True))
    peer.publish(1, queue)
    assert peer.expect(spec.Basic.Ack, 1).delivery_tag == 1


def test_each_channel_counts_for_itself(peer, queue):
    peer.call(2, spec.Channel.Open(), spec.Channel.OpenOk)
    peer.call(2, spec.Confirm.Select(), spec.Confirm.SelectOk)
    for number in (1, 2):
        peer.publish(number, queue)
        assert peer.expect(spec.Basic.Ack, number).delivery_tag == 1


def test_a_clients_ack_of_a_confirm_number_is_an_unknown_delivery(peer, queue):
    peer.publish(1, queue)
    peer.expect(spec.Basic.Ack, 1)
    peer.send(1, spec.Basic.Ack(1))
    assert peer.refused(spec.Channel.Close)[:2] == (406, "PRECONDITION_FAILED - unknown delivery tag 1")
