"""Prefetch: how many unacknowledged messages a consumer, or a channel, may have."""

import pytest
from pika import spec

from tests.broker.client import Inbox, connection_closed, settled, wait_for


def test_without_prefetch_everything_goes_out_at_once(client, channel, queue):
    client.publish(queue, *map(str, range(50)))
    assert len(Inbox(channel, queue).wait(50)) == 50


def test_no_more_than_the_prefetch_count_is_out(client, channel, queue):
    client.publish(queue, *"abcde")
    channel.basic_qos(prefetch_count=2)
    inbox = Inbox(channel, queue)
    settled(channel)
    assert inbox.bodies == ["a", "b"]
    assert client.ready(queue) == 3


def test_each_ack_lets_one_more_out(client, channel, queue):
    client.publish(queue, *"abcde")
    channel.basic_qos(prefetch_count=2)
    inbox = Inbox(channel, queue)
    inbox.wait(2)
    channel.basic_ack(1)
    inbox.wait(3)
    settled(channel)
    assert inbox.got == [(1, False, "a"), (2, False, "b"), (3, False, "c")]
    channel.basic_ack(3, multiple=True)
    inbox.wait(5)


def test_a_reject_frees_its_place_too(client, channel, queue):
    client.publish(queue, *"abc")
    channel.basic_qos(prefetch_count=1)
    inbox = Inbox(channel, queue)
    inbox.wait(1)
    channel.basic_reject(1, requeue=False)
    assert inbox.wait(2)[1] == (2, False, "b")


def test_a_requeue_at_prefetch_1_brings_the_same_message_again(client, channel, queue):
    client.publish(queue, *"ab")
    channel.basic_qos(prefetch_count=1)
    inbox = Inbox(channel, queue)
    inbox.wait(1)
    channel.basic_nack(1)
    assert inbox.wait(2)[1] == (2, True, "a")


def test_prefetch_counts_for_each_consumer_by_itself(client, channel):
    queues = [client.queue(), client.queue()]
    for queue in queues:
        client.publish(queue, *"abc")
    channel.basic_qos(prefetch_count=2)
    inboxes = [Inbox(channel, queue) for queue in queues]
    settled(channel)
    assert [inbox.bodies for inbox in inboxes] == [["a", "b"], ["a", "b"]]


def test_prefetch_counts_for_consumers_that_come_after_it(client, channel, queue):
    client.publish(queue, *"abc")
    first = Inbox(channel, queue)
    first.wait(3)
    channel.basic_qos(prefetch_count=1)
    client.publish(queue, *"de")
    first.wait(5)
    other = client.queue()
    client.publish(other, *"fg")
    second = Inbox(channel, other)
    settled(channel)
    assert second.bodies == ["f"]


def test_prefetch_0_is_no_limit(client, channel, queue):
    client.publish(queue, *"abc")
    channel.basic_qos(prefetch_count=1)
    channel.basic_qos(prefetch_count=0)
    Inbox(channel, queue).wait(3)


def test_a_global_prefetch_is_shared_by_the_channels_consumers(client, channel):
    queues = [client.queue(), client.queue()]
    for queue in queues:
        client.publish(queue, *"abc")
    channel.basic_qos(prefetch_count=4, global_qos=True)
    inboxes = [Inbox(channel, queues[0])]
    inboxes[0].wait(3)  # has had its share when the other comes
    inboxes.append(Inbox(channel, queues[1]))
    settled(channel)
    assert [inbox.bodies for inbox in inboxes] == [["a", "b", "c"], ["a"]]
    channel.basic_ack(1)
    wait_for(lambda: inboxes[1].bodies == ["a", "b"], channel.connection)


def test_under_a_global_prefetch_no_queue_waits_until_another_is_empty(client, channel):
    queues = [client.queue(), client.queue()]
    for queue in queues:
        client.publish(queue, *(queue for _ in range(20)))
    channel.basic_qos(prefetch_count=1, global_qos=True)
    came = []

    def take(channel, method, _properties, body):
        came.append(body.decode())
        channel.basic_ack(method.delivery_tag)

    for queue in queues:
        channel.basic_consume(queue, take)
    wait_for(lambda: len(came) == 40, channel.connection)
    assert set(came[:20]) == set(queues)


def test_a_global_prefetch_holds_beside_each_consumers_own(client, channel, queue):
    client.publish(queue, *"abcdef")
    channel.basic_qos(prefetch_count=2)
    channel.basic_qos(prefetch_count=3, global_qos=True)
    inboxes = [Inbox(channel, queue)]
    inboxes[0].wait(2)
    inboxes.append(Inbox(channel, queue))
    settled(channel)
    assert [inbox.bodies for inbox in inboxes] == [["a", "b"], ["c"]]


def test_a_global_prefetch_raised_lets_more_out(client, channel, queue):
    client.publish(queue, *"abcd")
    channel.basic_qos(prefetch_count=1, global_qos=True)
    inbox = Inbox(channel, queue)
    inbox.wait(1)
    channel.basic_qos(prefetch_count=3, global_qos=True)
    inbox.wait(3)
    channel.basic_qos(prefetch_count=0, global_qos=True)
    inbox.wait(4)


def test_auto_ack_knows_no_prefetch(client, channel, queue):
    client.publish(queue, *"abcde")
    channel.basic_qos(prefetch_count=1)
    assert [body for _, _, body in Inbox(channel, queue, auto_ack=True).wait(5)] == [*"abcde"]


def test_basic_get_knows_no_prefetch(client, channel, queue):
    client.publish(queue, *"abc")
    channel.basic_qos(prefetch_count=1)
    assert [channel.basic_get(queue)[2] for _ in range(3)] == [b"a", b"b", b"c"]


def test_a_consumer_at_its_limit_is_passed_over(client, channel, queue):
    channel.basic_qos(prefetch_count=1)
    slow, fast = Inbox(channel, queue), Inbox(client.channel(), queue, auto_ack=True)
    client.publish(queue, *"abcd")
    wait_for(
        lambda: (slow.bodies, fast.bodies) == (["a"], ["b", "c", "d"]),
        channel.connection,
        fast.channel.connection,
    )


def test_turns_are_taken_among_those_who_have_room(client, queue):
    inboxes = []
    for _ in range(2):
        channel = client.channel()
        channel.basic_qos(prefetch_count=1)
        inboxes.append(Inbox(channel, queue))
    client.publish(queue, *"abcd")
    first, second = inboxes
    connections = [first.channel.connection, second.channel.connection]
    wait_for(lambda: (first.bodies, second.bodies) == (["a"], ["b"]), *connections)
    second.channel.basic_ack(1)
    wait_for(lambda: second.bodies == ["b", "c"], *connections)
    first.channel.basic_ack(1)
    wait_for(lambda: first.bodies == ["a", "d"], *connections)


@pytest.mark.parametrize("arguments", [{}, {"x-queue-type": "quorum"}], ids=["classic", "quorum"])
def test_who_was_passed_over_joins_the_line_at_its_end(client, arguments):
    queue = client.queue(arguments, durable=True)
    limited, *others = inboxes = line(client, queue, 1, 0, 0)
    publish_one_by_one(client, queue, inboxes, "abcd")
    limited.channel.basic_ack(1)
    settled(limited.channel)
    wait_for(lambda: client.ready(queue) == 0)
    publish_one_by_one(client, queue, inboxes, "efgh")
    assert [inbox.bodies for inbox in (limited, *others)] == [["a", "g"], ["b", "d", "f"], ["c", "e", "h"]]


@pytest.mark.parametrize(
    ("arguments", "bodies"),
    [({}, [["a", "c"], ["b", "d"]]), ({"x-queue-type": "quorum"}, [["a", "d"], ["b", "c"]])],
    ids=["classic", "quorum"],
)
def test_a_quorum_queue_does_not_wait_for_the_turn_of_who_is_full(client, arguments, bodies):
    queue = client.queue(arguments, durable=True)
    inboxes = line(client, queue, 1, 0)
    publish_one_by_one(client, queue, inboxes, "ab")
    inboxes[0].channel.basic_ack(1)
    settled(inboxes[0].channel)
    publish_one_by_one(client, queue, inboxes, "cd")
    assert [inbox.bodies for inbox in inboxes] == bodies


def line(client, queue, *prefetches):
    """A consumer of the queue for each prefetch, on a channel of its own."""
    inboxes = []
    for prefetch in prefetches:
        channel = client.channel()
        channel.basic_qos(prefetch_count=prefetch)
        inboxes.append(Inbox(channel, queue))
    return inboxes


def publish_one_by_one(client, queue, inboxes, bodies):
    """Each only when the one before it has been delivered."""
    for body in bodies:
        client.publish(queue, body)
        wait_for(
            lambda body=body: any(body in inbox.bodies for inbox in inboxes),
            *[inbox.channel.connection for inbox in inboxes],
        )


def test_an_idle_newcomer_gets_nothing_beside_a_consumer_that_holds_it_all(client, channel, queue):
    client.publish(queue, *"abcde")
    Inbox(channel, queue).wait(5)
    newcomer = Inbox(client.channel(), queue)
    settled(newcomer.channel)
    assert newcomer.got == []


def test_a_prefetch_size_is_not_implemented(channel):
    with connection_closed(540, "NOT_IMPLEMENTED - prefetch_size!=0 (100)"):
        channel.basic_qos(prefetch_size=100)


def test_what_basic_get_holds_does_not_count_towards_a_global_prefetch(raw, client, queue):
    client.publish(queue, *"abc")
    peer = raw()
    peer.open_channel()
    peer.call(1, spec.Basic.Qos(prefetch_count=2, global_qos=True), spec.Basic.QosOk)
    peer.call(1, spec.Basic.Get(queue=queue), spec.Basic.GetOk)
    peer.content()
    peer.call(1, spec.Basic.Consume(queue=queue), spec.Basic.ConsumeOk)
    for body in (b"b", b"c"):
        peer.expect(spec.Basic.Deliver)
        assert peer.content()[1] == body
