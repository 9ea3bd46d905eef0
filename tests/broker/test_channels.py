"""Channels: opened, closed, kept apart, and what a wrong one costs."""

import pytest
from pika import spec
from pika.frame import Body, Header, Method

from tests.broker.client import channel_closed, connection_closed, wait_for


def test_a_connection_carries_several_channels(client):
    connection = client.connect()
    channels = [connection.channel() for _ in range(3)]
    assert [channel.channel_number for channel in channels] == [1, 2, 3]
    assert all(channel.is_open for channel in channels)


def test_a_closed_channel_leaves_the_others_open(client):
    connection = client.connect()
    first, second = connection.channel(), connection.channel()
    with channel_closed(404, "NOT_FOUND - no queue 'missing' in vhost '/'"):
        first.queue_declare("missing", passive=True)
    assert second.queue_declare("", exclusive=True).method.message_count == 0


def test_a_channel_number_can_be_used_again_after_its_close(raw):
    peer = raw()
    peer.open_channel()
    peer.call(1, spec.Channel.Close(200, "", 0, 0), spec.Channel.CloseOk)
    peer.call(1, spec.Channel.Open(), spec.Channel.OpenOk)


def test_a_channel_number_can_be_used_again_after_an_error(raw):
    peer = raw()
    peer.open_channel()
    peer.send(1, spec.Queue.Purge(queue="missing"))
    assert peer.refused(spec.Channel.Close) == (404, "NOT_FOUND - no queue 'missing' in vhost '/'", 50, 30)
    peer.send(1, spec.Channel.CloseOk())
    peer.call(1, spec.Channel.Open(), spec.Channel.OpenOk)


def test_methods_on_a_channel_that_the_broker_is_closing_are_ignored(raw):
    peer = raw()
    peer.open_channel()
    peer.send(1, spec.Queue.Purge(queue="missing"), spec.Queue.Purge(queue="missing too"), spec.Basic.Qos())
    assert peer.refused(spec.Channel.Close)[0] == 404
    peer.send(1, spec.Channel.CloseOk())
    peer.call(1, spec.Channel.Open(), spec.Channel.OpenOk)


def test_two_closes_that_cross_are_both_answered(raw):
    peer = raw()
    peer.open_channel()
    peer.send(1, spec.Queue.Purge(queue="missing"), spec.Channel.Close(200, "", 0, 0))
    assert peer.refused(spec.Channel.Close)[0] == 404
    peer.expect(spec.Channel.CloseOk, 1)
    peer.send(1, spec.Channel.CloseOk())
    peer.call(1, spec.Channel.Open(), spec.Channel.OpenOk)


def test_opening_a_channel_twice_closes_the_connection_with_504(raw):
    peer = raw()
    peer.open_channel()
    peer.send(1, spec.Channel.Open())
    assert peer.refused(spec.Connection.Close) == (
        504,
        "CHANNEL_ERROR - second 'channel.open' seen",
        20,
        10,
    )


def test_opening_a_channel_that_the_broker_is_closing_closes_the_connection_with_504(raw):
    peer = raw()
    peer.open_channel()
    peer.send(1, spec.Basic.Ack(99))
    assert peer.refused(spec.Channel.Close)[0] == 406
    peer.send(1, spec.Channel.Open())
    assert peer.refused(spec.Connection.Close)[0::2] == (504, 20)


def test_a_method_on_a_channel_that_is_not_open_closes_the_connection_with_504(raw):
    peer = raw()
    peer.open()
    peer.send(7, spec.Basic.Qos())
    assert peer.refused(spec.Connection.Close) == (504, "CHANNEL_ERROR - expected 'channel.open'", 60, 10)


def test_content_on_a_channel_that_is_not_open_closes_the_connection_with_504(raw):
    peer = raw()
    peer.open()
    peer.publish(7, "nowhere")
    assert peer.refused(spec.Connection.Close) == (504, "CHANNEL_ERROR - expected 'channel.open'", 60, 40)


def test_close_ok_on_a_channel_that_is_not_open_closes_the_connection_with_504(raw):
    peer = raw()
    peer.open_channel()
    peer.send(7, spec.Channel.CloseOk())
    assert peer.refused(spec.Connection.Close) == (504, "CHANNEL_ERROR - expected 'channel.open'", 20, 41)


def test_one_channel_more_than_agreed_closes_the_connection_with_530(raw):
    peer = raw()
    peer.open(channel_max=2)
    for number in (1, 2):
        peer.call(number, spec.Channel.Open(), spec.Channel.OpenOk)
    peer.send(3, spec.Channel.Open())
    assert peer.refused(spec.Connection.Close) == (
        530,
        "NOT_ALLOWED - number of channels opened (2) has reached the negotiated channel_max (2)",
        0,
        0,
    )


def test_as_many_channels_as_agreed_work_side_by_side_and_not_one_more(raw):
    peer = raw()
    most = peer.open().channel_max
    assert most == 2047
    for number in range(1, most + 1):
        peer.call(number, spec.Channel.Open(), spec.Channel.OpenOk)
    for number in (1, most):
        peer.call(number, spec.Basic.Qos(prefetch_count=1), spec.Basic.QosOk)
    peer.call(most, spec.Channel.Close(200, "", 0, 0), spec.Channel.CloseOk)
    peer.call(most, spec.Channel.Open(), spec.Channel.OpenOk)
    peer.send(most + 1, spec.Channel.Open())
    code, text, *_ = peer.refused(spec.Connection.Close)
    assert (code, str(most) in text) == (530, True)


def test_any_channel_number_may_be_used_up_to_the_number_of_channels_agreed(raw):
    peer = raw()
    peer.open(channel_max=2)
    peer.call(1000, spec.Channel.Open(), spec.Channel.OpenOk)


def test_channel_flow_on_is_agreed_to(raw):
    peer = raw()
    peer.open_channel()
    assert peer.call(1, spec.Channel.Flow(active=True), spec.Channel.FlowOk).active is True


def test_channel_flow_off_is_not_implemented(client):
    channel = client.channel()
    with connection_closed(540, "NOT_IMPLEMENTED - active=false"):
        channel.flow(False)


def test_a_channels_method_on_channel_zero_closes_the_connection(raw):
    peer = raw()
    peer.open()
    peer.send(0, spec.Basic.Qos())
    assert peer.refused(spec.Connection.Close) == (
        504,
        "CHANNEL_ERROR - unexpected method in connection state running",
        60,
        10,
    )


def test_a_method_of_the_brokers_side_closes_the_connection_with_503(raw):
    peer = raw()
    peer.open_channel()
    peer.send(1, spec.Basic.GetEmpty())
    assert peer.refused(spec.Connection.Close) == (503, "COMMAND_INVALID - unimplemented method", 60, 72)


def test_access_request_of_older_clients_is_answered(raw):
    peer = raw()
    peer.open_channel()
    assert peer.call(1, spec.Access.Request(), spec.Access.RequestOk).ticket == 1


def test_a_second_handshake_closes_the_connection(raw):
    peer = raw()
    peer.open()
    peer.send(0, spec.Connection.TuneOk(2047, 131072, 0))
    assert peer.refused(spec.Connection.Close) == (
        504,
        "CHANNEL_ERROR - unexpected method in connection state running",
        10,
        31,
    )


def test_a_connection_error_gives_back_what_its_channels_held(client, queue):
    connection = client.connect()
    client.publish(queue, "kept")
    assert connection.channel().basic_get(queue)[2] == b"kept"
    with connection_closed(540, "NOT_IMPLEMENTED - active=false"):
        connection.channel().flow(False)
    wait_for(lambda: client.ready(queue) == 1)


@pytest.mark.parametrize("frame", ["header", "body"])
def test_content_where_a_method_has_to_come_closes_the_connection_with_505(raw, frame):
    peer = raw()
    peer.open_channel()
    peer.bytes(FRAMES[frame].marshal())
    assert peer.refused(spec.Connection.Close) == (
        505,
        "UNEXPECTED_FRAME - expected method frame, got non method frame instead",
        0,
        0,
    )


@pytest.mark.parametrize("frame", ["method", "close", "body"])
def test_another_frame_where_a_header_has_to_come_closes_the_connection_with_505(raw, frame):
    peer = raw()
    peer.open_channel()
    peer.send(1, spec.Basic.Publish(routing_key="nowhere"))
    peer.bytes(FRAMES[frame].marshal())
    assert peer.refused(spec.Connection.Close) == (
        505,
        "UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead",
        60,
        40,
    )


@pytest.mark.parametrize("frame", ["method", "header"])
def test_another_frame_where_a_body_has_to_come_closes_the_connection_with_505(raw, frame):
    peer = raw()
    peer.open_channel()
    peer.send(1, spec.Basic.Publish(routing_key="nowhere"))
    peer.bytes(FRAMES["header"].marshal() + FRAMES[frame].marshal())
    assert peer.refused(spec.Connection.Close) == (
        505,
        "UNEXPECTED_FRAME - expected content body, got non content body frame instead",
        60,
        40,
    )


FRAMES = {
    "close": Method(1, spec.Channel.Close(200, "", 0, 0)),
    "method": Method(1, spec.Basic.Qos()),
    "header": Header(1, 5, spec.BasicProperties()),
    "body": Body(1, b"hello"),
}


@pytest.mark.parametrize(
    "answer", [spec.Channel.FlowOk(True), spec.Channel.CloseOk(), spec.Basic.CancelOk("a")]
)
def test_an_answer_to_what_was_never_asked_closes_the_connection_with_503(raw, answer):
    peer = raw()
    peer.open_channel()
    peer.send(1, answer)
    number = (answer.INDEX >> 16, answer.INDEX & 0xFFFF)
    assert peer.refused(spec.Connection.Close) == (503, "COMMAND_INVALID - unimplemented method", *number)


def test_as_many_channels_as_agreed_open_and_close_again_and_again(raw):
    peer = raw()
    peer.open()
    for _ in range(2):
        numbers = range(1, 2048)
        for number in numbers:
            peer.send(number, spec.Channel.Open())
        assert {peer.frame().channel_number for _ in numbers} == set(numbers)
        for number in numbers:
            peer.send(number, spec.Channel.Close(200, "", 0, 0))
        assert {peer.frame().channel_number for _ in numbers} == set(numbers)
