"""Heartbeats, both ways. A test waits for several seconds here: the clients' connections are opened together, and each looked at in turn."""

import time

import pytest
from pika import spec
from pika.frame import Heartbeat

from tests.broker.client import DEADLINE, Client, wait_for
from tests.broker.raw import Raw

HEARTBEAT = 2  # seconds: longer than we may be kept from saying something


@pytest.fixture(scope="module")
def peers(broker):
    """Connections with a heartbeat of two seconds, quiet since the fixture's end; and one without."""
    names = ("quiet", "beating", "talking", "off")
    with Client(broker.port) as client:
        queue = client.queue()
        client.publish(queue, "held")
        peers = {name: Raw(broker.port) for name in names}
        for name, peer in peers.items():
            peer.open_channel(heartbeat=0 if name == "off" else HEARTBEAT)
            peer.queue = queue
        peers["quiet"].call(1, spec.Basic.Get(queue=queue), spec.Basic.GetOk)
        peers["quiet"].content()
        yield peers
    for peer in peers.values():
        peer.close()


def test_the_broker_sends_heartbeats_at_half_the_interval(peers):
    assert isinstance(peers["quiet"].any_frame(), Heartbeat)
    before, now = float("-inf"), time.monotonic()
    while now - before > HEARTBEAT * 0.75:  # where we, or it, were kept from it, the next one comes in time
        peers["beating"].bytes(Heartbeat().marshal())
        peers["talking"].call(1, spec.Basic.Qos(), spec.Basic.QosOk)
        assert isinstance(peers["quiet"].any_frame(), Heartbeat)
        before, now = now, time.monotonic()


def test_a_silent_client_is_disconnected_without_a_word_one_that_beats_or_talks_is_not(peers):
    """Both at once, for the wait's sake: after two to three intervals of silence the broker hangs up."""
    began = time.monotonic()
    over = False
    while not over:
        assert time.monotonic() - began < DEADLINE
        peers["beating"].bytes(Heartbeat().marshal())
        peers["talking"].call(1, spec.Basic.Qos(), spec.Basic.QosOk)
        try:
            assert isinstance(peers["quiet"].any_frame(), Heartbeat)
        except EOFError:
            over = True
    for name in ("beating", "talking"):
        peers[name].call(1, spec.Basic.Qos(), spec.Basic.QosOk)


def test_without_a_heartbeat_nobody_beats_and_nobody_is_disconnected(peers):
    peers["off"].send(1, spec.Basic.Qos())
    assert peers["off"].any_frame().method.NAME == "Basic.QosOk"


def test_what_the_silent_client_held_is_ready_again(peers, client, channel):
    with pytest.raises(EOFError):
        while True:
            peers["quiet"].any_frame()
    wait_for(lambda: client.ready(peers["quiet"].queue) == 1)
    method, _, body = channel.basic_get(peers["quiet"].queue)
    assert (method.redelivered, body) == (True, b"held")


def test_the_client_decides_on_the_heartbeat(client):
    connection = client.connect(heartbeat=600)
    assert connection._impl.params.heartbeat == 600
    assert connection.is_open
