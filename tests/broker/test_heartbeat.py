"""Heartbeats, both ways. A test waits for several seconds here: the clients' connections are opened together, and each looked at in turn."""

import itertools
import time

import pytest
from pika import spec
from pika.frame import Heartbeat

from tests.broker.client import DEADLINE, Client, wait_for
from tests.broker.raw import Raw

INTERVAL = 2  # seconds; who beats may be up to four late


@pytest.fixture(scope="module")
def peers(broker):
    """Connections with a heartbeat, quiet since the fixture's end; and one without."""
    names = {"quiet": INTERVAL, "holding": 1, "beating": INTERVAL, "talking": INTERVAL, "off": 0}
    with Client(broker.port) as client:
        queue = client.queue()
        client.publish(queue, "held")
        peers = {name: Raw(broker.port) for name in names}
        for name, peer in peers.items():
            peer.open_channel(heartbeat=names[name])
            peer.queue = queue
        peers["holding"].call(1, spec.Basic.Get(queue=queue), spec.Basic.GetOk)
        peers["holding"].content()
        yield peers
    for peer in peers.values():
        peer.close()


def test_the_broker_beats_at_half_the_interval_and_leaves_a_silent_client_without_a_word_but_none_that_beats_or_talks(
    peers,
):
    """All at once, for the wait's sake: after two to three intervals of silence the broker hangs up."""
    beats = [time.monotonic()]
    over = False
    while not over:
        assert beats[-1] - beats[0] < DEADLINE
        peers["beating"].bytes(Heartbeat().marshal())
        peers["talking"].call(1, spec.Basic.Qos(), spec.Basic.QosOk)
        try:
            assert isinstance(peers["quiet"].any_frame(), Heartbeat)
            beats.append(time.monotonic())
        except EOFError:
            over = True
    # whatever stood still meanwhile made one of the times between two beats longer, not all of them
    assert min(after - before for before, after in itertools.pairwise(beats[1:])) < 0.75 * INTERVAL
    for name in ("beating", "talking"):
        peers[name].call(1, spec.Basic.Qos(), spec.Basic.QosOk)


def test_without_a_heartbeat_nobody_beats_and_nobody_is_disconnected(peers):
    peers["off"].send(1, spec.Basic.Qos())
    assert peers["off"].any_frame().method.NAME == "Basic.QosOk"


def test_what_the_silent_client_held_is_ready_again(peers, channel):
    with pytest.raises(EOFError):
        while True:
            peers["holding"].any_frame()
    queue = peers["holding"].queue
    wait_for(lambda: channel.queue_declare(queue, passive=True).method.message_count == 1)
    method, _, body = channel.basic_get(queue)
    assert (method.redelivered, body) == (True, b"held")


def test_the_client_decides_on_the_heartbeat(client):
    connection = client.connect(heartbeat=600)
    assert connection._impl.params.heartbeat == 600
    assert connection.is_open
