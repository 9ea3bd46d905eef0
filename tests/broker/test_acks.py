"""Acknowledgements: ack, nack, reject, recover, and the wrong ones."""

import pytest
from pika import spec

from tests.broker.client import Inbox, channel_closed, drain, settled, wait_for


@pytest.fixture
def holder(client, channel, queue):
    """A consumer that holds 1, 2 and 3 unacknowledged."""
    client.publish(queue, "1", "2", "3")
    inbox = Inbox(channel, queue)
    inbox.wait(3)
    channel.basic_cancel(inbox.tag)
    return inbox


def back(client, channel, queue):
    """What is in the queue again once the channel's connection is closed: (redelivered, body) of each."""
    settled(channel)
    channel.connection.close()
    reader = client.channel()
    got = []
    while (answer := reader.basic_get(queue, auto_ack=True))[0]:
        got.append((answer[0].redelivered, answer[2].decode()))
    return got


@pytest.mark.usefixtures("holder")
def test_an_acknowledged_message_never_comes_back(client, channel, queue):
    channel.basic_ack(2)
    assert back(client, channel, queue) == [(True, "1"), (True, "3")]


@pytest.mark.usefixtures("holder")
def test_an_ack_with_multiple_settles_all_up_to_it(client, channel, queue):
    channel.basic_ack(2, multiple=True)
    assert back(client, channel, queue) == [(True, "3")]


@pytest.mark.usefixtures("holder")
def test_an_ack_of_tag_0_with_multiple_settles_everything(client, channel, queue):
    channel.basic_ack(0, multiple=True)
    assert back(client, channel, queue) == []


def test_an_ack_of_tag_0_with_multiple_and_nothing_held_is_no_error(channel):
    channel.basic_ack(0, multiple=True)
    channel.basic_qos()


@pytest.mark.usefixtures("holder")
def test_a_reject_without_requeue_throws_the_message_away(client, channel, queue):
    channel.basic_reject(2, requeue=False)
    assert back(client, channel, queue) == [(True, "1"), (True, "3")]


@pytest.mark.usefixtures("holder")
def test_a_reject_with_requeue_makes_the_message_ready_again(client, channel, queue):
    channel.basic_reject(2, requeue=True)
    settled(channel)
    assert client.ready(queue) == 1
    method, _, body = client.channel().basic_get(queue)
    assert (method.redelivered, body) == (True, b"2")


@pytest.mark.usefixtures("holder")
def test_a_nack_without_requeue_throws_the_message_away(client, channel, queue):
    channel.basic_nack(2, requeue=False)
    assert back(client, channel, queue) == [(True, "1"), (True, "3")]


@pytest.mark.usefixtures("holder")
def test_a_nack_with_multiple_and_without_requeue_throws_all_up_to_it_away(client, channel, queue):
    channel.basic_nack(2, multiple=True, requeue=False)
    assert back(client, channel, queue) == [(True, "3")]


@pytest.mark.usefixtures("holder")
def test_a_nack_with_requeue_and_multiple_makes_all_up_to_it_ready_in_order(client, channel, queue):
    channel.basic_nack(2, multiple=True)
    settled(channel)
    assert drain(client.channel(), queue) == ["1", "2"]


@pytest.mark.usefixtures("holder")
def test_a_nack_of_tag_0_with_multiple_gives_everything_back_in_order(client, channel, queue):
    channel.basic_nack(0, multiple=True)
    settled(channel)
    assert drain(client.channel(), queue) == ["1", "2", "3"]


def test_a_rejected_message_goes_back_to_the_consumer_that_rejected_it(client, channel, queue):
    inbox = Inbox(channel, queue)
    client.publish(queue, "1")
    inbox.wait(1)
    channel.basic_reject(1, requeue=True)
    assert inbox.wait(2) == [(1, False, "1"), (2, True, "1")]


def test_a_message_may_go_back_and_forth(client, channel, queue):
    client.publish(queue, "1")
    for tag in range(1, 6):
        method, _, body = channel.basic_get(queue)
        assert (method.delivery_tag, method.redelivered, body) == (tag, tag > 1, b"1")
        channel.basic_nack(tag)


def test_recover_gives_back_everything_the_channel_holds(raw, client, queue):
    client.publish(queue, "1", "2")
    peer = raw()
    peer.open_channel()
    for tag in (1, 2):
        assert peer.call(1, spec.Basic.Get(queue=queue), spec.Basic.GetOk).delivery_tag == tag
        peer.content()
    peer.call(1, spec.Basic.Recover(requeue=True), spec.Basic.RecoverOk)
    wait_for(lambda: client.ready(queue) == 2)
    for tag, body in ((3, b"1"), (4, b"2")):
        answer = peer.call(1, spec.Basic.Get(queue=queue), spec.Basic.GetOk)
        assert (answer.delivery_tag, answer.redelivered, peer.content()[1]) == (tag, True, body)


def test_recover_async_is_not_answered(raw, client, queue):
    client.publish(queue, "1")
    peer = raw()
    peer.open_channel()
    peer.call(1, spec.Basic.Get(queue=queue), spec.Basic.GetOk)
    peer.content()
    peer.send(1, spec.Basic.RecoverAsync(requeue=True))
    peer.call(1, spec.Basic.Qos(), spec.Basic.QosOk)
    wait_for(lambda: client.ready(queue) == 1)


def test_recover_without_requeue_is_not_implemented(raw):
    peer = raw()
    peer.open_channel()
    peer.send(1, spec.Basic.Recover(requeue=False))
    assert peer.refused(spec.Connection.Close) == (540, "NOT_IMPLEMENTED - requeue=false", 60, 110)


@pytest.mark.parametrize("call", ["ack", "nack", "reject"])
def test_an_unknown_tag_closes_the_channel_with_406(channel, call):
    with channel_closed(406, "PRECONDITION_FAILED - unknown delivery tag 7"):
        getattr(channel, f"basic_{call}")(7)
        channel.basic_qos()


@pytest.mark.usefixtures("holder")
@pytest.mark.parametrize("call", ["ack", "nack", "reject"])
def test_tag_0_without_multiple_closes_the_channel_with_406(channel, call):
    with channel_closed(406, "PRECONDITION_FAILED - unknown delivery tag 0"):
        getattr(channel, f"basic_{call}")(0)
        channel.basic_qos()


@pytest.mark.usefixtures("holder")
@pytest.mark.parametrize("second", ["ack", "nack", "reject"])
def test_answering_a_delivery_twice_closes_the_channel_with_406(channel, second):
    channel.basic_ack(1)
    with channel_closed(406, "PRECONDITION_FAILED - unknown delivery tag 1"):
        getattr(channel, f"basic_{second}")(1)
        channel.basic_qos()


@pytest.mark.usefixtures("holder")
def test_an_ack_with_multiple_of_an_unknown_tag_closes_the_channel_with_406(channel):
    with channel_closed(406, "PRECONDITION_FAILED - unknown delivery tag 4"):
        channel.basic_ack(4, multiple=True)
        channel.basic_qos()


@pytest.mark.usefixtures("holder")
def test_an_ack_with_multiple_of_a_settled_tag_closes_the_channel_with_406(channel):
    channel.basic_ack(2)
    with channel_closed(406, "PRECONDITION_FAILED - unknown delivery tag 2"):
        channel.basic_ack(2, multiple=True)
        channel.basic_qos()


@pytest.mark.usefixtures("holder")
def test_an_ack_on_another_channel_closes_that_channel_with_406(client, channel, queue):
    other = channel.connection.channel()
    with channel_closed(406, "PRECONDITION_FAILED - unknown delivery tag 1"):
        other.basic_ack(1)
        other.basic_qos()
    assert back(client, channel, queue) == [(True, "1"), (True, "2"), (True, "3")]


def test_an_ack_under_auto_ack_closes_the_channel_with_406(client, channel, queue):
    client.publish(queue, "1")
    inbox = Inbox(channel, queue, auto_ack=True)
    inbox.wait(1)
    with channel_closed(406, "PRECONDITION_FAILED - unknown delivery tag 1"):
        channel.basic_ack(1)
        channel.basic_qos()


@pytest.mark.usefixtures("holder")
def test_what_a_channel_held_is_ready_again_when_an_error_closes_it(client, channel, queue):
    with channel_closed(406, "PRECONDITION_FAILED - unknown delivery tag 9"):
        channel.basic_ack(9)
        channel.basic_qos()
    wait_for(lambda: client.ready(queue) == 3)


@pytest.mark.usefixtures("holder")
def test_acks_before_a_channels_close_count(client, channel, queue):
    channel.basic_ack(2)
    channel.close()
    wait_for(lambda: client.ready(queue) == 2)
    assert drain(client.channel(), queue) == ["1", "3"]
