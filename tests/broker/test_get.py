"""basic.get: one message at a time."""

from pika import spec

from tests.broker.client import Inbox, channel_closed, drain, settled, wait_for


def test_an_empty_queue_is_said_to_be_empty(channel, queue):
    assert channel.basic_get(queue) == (None, None, None)


def test_the_answer_counts_what_is_left(client, channel, queue):
    client.publish(queue, "1", "2", "3")
    assert [channel.basic_get(queue)[0].message_count for _ in range(3)] == [2, 1, 0]


def test_what_was_got_is_held_until_its_ack(client, channel, queue):
    client.publish(queue, "1")
    method, _, body = channel.basic_get(queue)
    assert (method.delivery_tag, method.redelivered, body) == (1, False, b"1")
    assert client.channel().basic_get(queue) == (None, None, None)
    channel.connection.close()
    wait_for(lambda: client.ready(queue) == 1)
    assert client.channel().basic_get(queue)[0].redelivered is True


def test_an_acknowledged_one_is_gone(client, channel, queue):
    client.publish(queue, "1")
    channel.basic_get(queue)
    channel.basic_ack(1)
    channel.connection.close()
    assert client.ready(queue) == 0


def test_under_auto_ack_it_is_gone_at_once(client, channel, queue):
    client.publish(queue, "1")
    assert drain(channel, queue) == ["1"]
    channel.connection.close()
    assert client.ready(queue) == 0


def test_delivery_tags_count_on_under_auto_ack(client, channel, queue):
    client.publish(queue, "1", "2", "3")
    tags = [channel.basic_get(queue, auto_ack=auto)[0].delivery_tag for auto in (True, False, True)]
    assert tags == [1, 2, 3]
    channel.basic_ack(2)
    settled(channel)
    assert channel.is_open


def test_a_missing_queue_is_refused_with_404(channel):
    with channel_closed(404, "NOT_FOUND - no queue 'missing' in vhost '/'"):
        channel.basic_get("missing")


def test_an_exclusive_consumer_at_its_limit_does_not_keep_others_out(client, channel, queue):
    holder = client.channel()
    holder.basic_qos(prefetch_count=1)
    Inbox(holder, queue, exclusive=True)
    client.publish(queue, "1", "2")
    assert drain(channel, queue) == ["2"]


def test_an_empty_answer_carries_no_content(raw, queue):
    peer = raw()
    peer.open_channel()
    assert peer.call(1, spec.Basic.Get(queue=queue), spec.Basic.GetEmpty).cluster_id == ""
    peer.call(1, spec.Basic.Qos(), spec.Basic.QosOk)
