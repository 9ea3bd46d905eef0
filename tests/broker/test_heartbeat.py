"""Heartbeats, both ways. A test waits for several seconds here: the clients' connections are opened together, and each looked at in turn."""

import time

import pytest
from pika import spec
from pika.frame import Heartbeat

from tests.broker.client import Client
from tests.broker.raw import Raw


@pytest.fixture(scope="module")
def peers(broker):
    """Connections with a heartbeat of one second, quiet since the fixture's end; and one without."""
    names = ("quiet", "beating", "talking", "off")
    with Client(broker.port) as client:
        queue = client.queue()
        client.publish(queue, "held")
        peers = {name: Raw(broker.port) for name in names}
        for name, peer in peers.items():
            peer.open_channel(heartbeat=0 if name == "off" else 1)
            peer.queue = queue
        peers["quiet"].call(1, spec.Basic.Get(queue=queue), spec.Basic.GetOk)
        peers["quiet"].content()
        yield peers
    for peer in peers.values():
        peer.close()


def test_the_broker_sends_heartbeats_at_half_the_interval(peers):
    began = time.monotonic()
    for _ in range(2):
        assert isinstance(peers["quiet"].any_frame(), Heartbeat)
    assert time.monotonic() - began < 1.5


def test_a_silent_client_is_disconnected_without_a_word_one_that_beats_or_talks_is_not(peers):
    """Both at once, for the wait's sake: after two to three intervals of silence the broker hangs up."""
    began = time.monotonic()
    over = False
    while not over:
        assert time.monotonic() - began < 8
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


def test_what_the_silent_client_held_is_ready_again(peers, channel):
    with pytest.raises(EOFError):
        while True:
            peers["quiet"].any_frame()
    method, _, body = channel.basic_get(peers["quiet"].queue)
    assert (method.redelivered, body) == (True, b"held")


def test_the_client_decides_on_the_heartbeat(client):
    connection = client.connect(heartbeat=600)
    assert connection._impl.params.heartbeat == 600
    assert connection.is_open
