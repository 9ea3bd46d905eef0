"""Consumers: started, taking turns, cancelled, gone."""

import pytest
from pika import spec

from tests.broker.client import Inbox, channel_closed, connection_closed, settled, wait_for


def test_a_consumer_gets_what_is_there_and_what_comes(client, channel, queue):
    client.publish(queue, "before")
    inbox = Inbox(channel, queue)
    client.publish(queue, "after")
    assert inbox.wait(2) == [(1, False, "before"), (2, False, "after")]


def test_a_consumer_without_a_tag_gets_one_from_the_broker(raw, queue):
    peer = raw()
    peer.open_channel()
    first = peer.call(1, spec.Basic.Consume(queue=queue), spec.Basic.ConsumeOk).consumer_tag
    second = peer.call(1, spec.Basic.Consume(queue=queue), spec.Basic.ConsumeOk).consumer_tag
    assert first.startswith("amq.ctag-")
    assert first != second


def test_a_consumer_keeps_its_own_tag(client, channel, queue):
    inbox = Inbox(channel, queue, consumer_tag="mine")
    client.publish(queue, "1")
    inbox.wait(1)
    assert (inbox.tag, inbox.deliveries[0][0].consumer_tag) == ("mine", "mine")


def test_a_tag_used_twice_on_a_channel_closes_the_connection_with_530(raw, queue):
    peer = raw()
    peer.open_channel()
    consume = spec.Basic.Consume(queue=queue, consumer_tag="mine")
    peer.call(1, consume, spec.Basic.ConsumeOk)
    peer.send(1, consume)
    assert peer.refused(spec.Connection.Close) == (
        530,
        "NOT_ALLOWED - attempt to reuse consumer tag 'mine'",
        60,
        20,
    )


def test_a_tag_may_be_used_on_two_channels(client, queue):
    connection = client.connect()
    inboxes = [Inbox(connection.channel(), queue, consumer_tag="mine") for _ in range(2)]
    client.publish(queue, "1", "2")
    wait_for(lambda: [inbox.bodies for inbox in inboxes] == [["1"], ["2"]], connection)


def test_consuming_from_a_missing_queue_is_refused_with_404(channel):
    with channel_closed(404, "NOT_FOUND - no queue 'missing' in vhost '/'"):
        channel.basic_consume("missing", print)


def test_consumers_take_turns_in_the_order_they_came(client, queue):
    inboxes = [Inbox(client.channel(), queue) for _ in range(3)]
    client.publish(queue, *"abcdefg")
    connections = [inbox.channel.connection for inbox in inboxes]
    wait_for(
        lambda: [inbox.bodies for inbox in inboxes] == [["a", "d", "g"], ["b", "e"], ["c", "f"]], *connections
    )


def test_a_waiting_queue_goes_whole_to_its_first_consumer(client, channel, queue):
    client.publish(queue, *"abc")
    first = Inbox(channel, queue)
    second = Inbox(client.channel(), queue)
    assert [body for _, _, body in first.wait(3)] == ["a", "b", "c"]
    settled(second.channel)
    assert second.got == []


def test_delivery_tags_count_per_channel_over_all_its_consumers(client, channel):
    queues = [client.queue(), client.queue()]
    inboxes = [Inbox(channel, queue) for queue in queues]
    for body, queue in zip("abc", [*queues, queues[0]], strict=True):
        client.publish(queue, body)
    wait_for(lambda: sum(len(inbox.got) for inbox in inboxes) == 3, channel.connection)
    assert [inbox.got for inbox in inboxes] == [[(1, False, "a"), (3, False, "c")], [(2, False, "b")]]


def test_a_cancelled_consumer_gets_nothing_more(client, channel, queue):
    inbox = Inbox(channel, queue)
    channel.basic_cancel(inbox.tag)
    client.publish(queue, "1")
    settled(channel)
    assert (inbox.got, client.ready(queue), client.consumers(queue)) == ([], 1, 0)


def test_what_a_cancelled_consumer_holds_can_still_be_acknowledged(raw, client, queue):
    client.publish(queue, "1")
    peer = raw()
    peer.open_channel()
    tag = peer.call(1, spec.Basic.Consume(queue=queue), spec.Basic.ConsumeOk).consumer_tag
    peer.expect(spec.Basic.Deliver, 1)
    peer.content()
    assert peer.call(1, spec.Basic.Cancel(tag), spec.Basic.CancelOk).consumer_tag == tag
    assert client.ready(queue) == 0
    peer.send(1, spec.Basic.Ack(1))
    peer.call(1, spec.Channel.Close(200, "", 0, 0), spec.Channel.CloseOk)
    assert client.ready(queue) == 0


def test_cancelling_an_unknown_tag_is_answered(raw):
    peer = raw()
    peer.open_channel()
    assert peer.call(1, spec.Basic.Cancel("nobody"), spec.Basic.CancelOk).consumer_tag == "nobody"


def test_a_consumer_is_told_when_its_queue_is_deleted(raw, channel, queue):
    peer = raw()
    peer.open_channel()
    peer.call(1, spec.Basic.Consume(queue=queue, consumer_tag="mine"), spec.Basic.ConsumeOk)
    channel.queue_delete(queue)
    cancel = peer.expect(spec.Basic.Cancel, 1)
    assert (cancel.consumer_tag, cancel.nowait) == ("mine", True)


def test_a_client_that_does_not_know_cancel_notifications_gets_none(raw, channel, queue):
    peer = raw()
    peer.greet()
    peer.log_in(properties={})
    peer.expect(spec.Connection.Tune)
    peer.tune()
    peer.send(0, spec.Connection.Open("/"))
    peer.expect(spec.Connection.OpenOk)
    peer.call(1, spec.Channel.Open(), spec.Channel.OpenOk)
    peer.call(1, spec.Basic.Consume(queue=queue), spec.Basic.ConsumeOk)
    channel.queue_delete(queue)
    for _ in range(3):
        peer.call(1, spec.Basic.Qos(), spec.Basic.QosOk)


def test_an_exclusive_consumer_keeps_others_out(client, channel, queue):
    inbox = Inbox(channel, queue, exclusive=True)
    refusal = f"ACCESS_REFUSED - queue '{queue}' in vhost '/' in exclusive use"
    with channel_closed(403, refusal):
        Inbox(client.channel(), queue)
    channel.basic_cancel(inbox.tag)
    Inbox(client.channel(), queue)


def test_no_consumer_is_exclusive_beside_another(client, channel, queue):
    Inbox(client.channel(), queue)
    with channel_closed(403, f"ACCESS_REFUSED - queue '{queue}' in vhost '/' in exclusive use"):
        Inbox(channel, queue, exclusive=True)


def test_no_local_is_accepted_and_has_no_effect(raw, queue):
    peer = raw()
    peer.open_channel()
    peer.call(1, spec.Basic.Consume(queue=queue, no_local=True), spec.Basic.ConsumeOk)
    peer.publish(1, queue, b"own")
    peer.expect(spec.Basic.Deliver, 1)
    assert peer.content()[1] == b"own"


def test_consume_ok_comes_before_the_first_delivery(raw, client, queue):
    client.publish(queue, "1")
    peer = raw()
    peer.open_channel()
    peer.call(1, spec.Basic.Consume(queue=queue), spec.Basic.ConsumeOk)
    peer.expect(spec.Basic.Deliver, 1)
    assert peer.content()[1] == b"1"


def test_one_client_may_publish_and_consume_on_one_channel(channel, queue):
    inbox = Inbox(channel, queue, auto_ack=True)
    for body in (b"1", b"2"):
        channel.basic_publish("", queue, body)
    assert inbox.wait(2) == [(1, False, "1"), (2, False, "2")]


@pytest.mark.parametrize("call", ["consume", "get"])
def test_an_ack_mode_is_each_consumers_own(client, channel, queue, call):
    client.publish(queue, "1", "2")
    if call == "get":
        channel.basic_get(queue, auto_ack=True)
        channel.basic_get(queue)
    else:
        auto = Inbox(channel, queue, auto_ack=True)
        auto.wait(2)
        channel.basic_cancel(auto.tag)
        client.publish(queue, "2")
        Inbox(channel, queue).wait(1)
    channel.connection.close()
    wait_for(lambda: client.ready(queue) == 1)


@pytest.mark.parametrize("kind", ["embedded"], indirect=True)
def test_a_consumer_priority_is_not_implemented_in_the_embedded_broker(channel, queue):
    with connection_closed(540, "NOT_IMPLEMENTED - x-priority is not part of this broker"):
        Inbox(channel, queue, arguments={"x-priority": 5})


@pytest.mark.parametrize("kind", ["embedded"], indirect=True)
def test_direct_reply_to_is_not_implemented_in_the_embedded_broker(channel):
    with connection_closed(540, "NOT_IMPLEMENTED - direct reply-to is not part of this broker"):
        Inbox(channel, "amq.rabbitmq.reply-to", auto_ack=True)
