"""How a connection begins: greeting, login, tuning, virtual host."""

import pytest
from pika import spec
from pika.exceptions import ProbableAuthenticationError

from tests.broker.raw import Raw


def test_the_broker_offers_version_0_9_and_its_capabilities(raw):
    start = raw().greet()
    assert (start.version_major, start.version_minor) == (0, 9)
    assert b"PLAIN" in start.mechanisms.split()
    assert start.locales == b"en_US"
    capabilities = start.server_properties["capabilities"]
    for name in (
        "publisher_confirms",
        "basic.nack",
        "consumer_cancel_notify",
        "authentication_failure_close",
    ):
        assert capabilities[name] is True


def test_the_broker_proposes_its_limits_and_heartbeat(raw):
    tune = raw().open()
    assert (tune.channel_max, tune.frame_max, tune.heartbeat) == (2047, 131072, 60)


def test_another_protocol_version_is_answered_with_the_right_one_and_the_end(raw):
    peer = raw()
    peer.bytes(b"AMQP\x00\x00\x08\x00")
    frame = peer.frame()
    assert (frame.major, frame.minor, frame.revision) == (0, 9, 1)
    assert peer.ended()


def test_no_amqp_at_all_is_answered_with_the_protocol_header_and_the_end(raw):
    peer = raw()
    peer.bytes(b"GET / HTTP/1.1\r\n\r\n")
    frame = peer.frame()
    assert (frame.major, frame.minor, frame.revision) == (0, 9, 1)
    assert peer.ended()


def test_a_wrong_password_is_refused_with_403(raw):
    peer = raw()
    peer.greet()
    peer.log_in(response="\0guest\0wrong")
    assert peer.refused(spec.Connection.Close) == (
        403,
        "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. "
        "For details see the broker logfile.",
        0,
        0,
    )


def test_an_unknown_user_is_refused_with_403(client):
    with pytest.raises(ProbableAuthenticationError) as caught:
        client.connect(user="nobody")
    assert "(403) 'ACCESS_REFUSED - Login was refused" in str(caught.value)


def test_an_unknown_virtual_host_is_refused_with_530(raw):
    peer = raw()
    peer.greet()
    peer.log_in()
    peer.expect(spec.Connection.Tune)
    peer.tune()
    peer.send(0, spec.Connection.Open("nowhere"))
    assert peer.refused(spec.Connection.Close) == (530, "NOT_ALLOWED - vhost nowhere not found", 10, 40)


@pytest.fixture(scope="module")
def misfits(broker):
    """Clients that break the handshake, each in its way, all at once: the broker takes its time to hang up."""
    peers = {name: Raw(broker.port) for name in MISFITS}
    for name, peer in peers.items():
        peer.greet()
        MISFITS[name](peer)
    yield peers
    for peer in peers.values():
        peer.close()


def tuned(**tuning):
    def misfit(peer):
        peer.log_in()
        peer.expect(spec.Connection.Tune)
        peer.tune(**tuning)

    return misfit


MISFITS = {
    "unknown mechanism": lambda peer: peer.log_in(mechanism="NONSENSE"),
    "wrong password, and no ear for a refusal": lambda peer: peer.log_in(
        response="\0guest\0wrong", properties={}
    ),
    "frame-max above the offer": tuned(frame_max=131073),
    "frame-max below 4096": tuned(frame_max=4095),
    "no frame-max": tuned(frame_max=0),
    "channel-max above the offer": tuned(channel_max=2048),
    "no channel-max": tuned(channel_max=0),
    "method before the login": lambda peer: peer.send(1, spec.Channel.Open()),
    "open before tune-ok": lambda peer: (
        peer.log_in(),
        peer.expect(spec.Connection.Tune),
        peer.send(0, spec.Connection.Open("/")),
    ),
    "garbage": lambda peer: peer.bytes(b"\1\0\0\0\0\0\1xy"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_who_breaks_the_handshake_is_disconnected_without_a_word(misfits, name):
    assert misfits[name].ended()


def test_pika_agrees_on_what_the_broker_offers(client):
    connection = client.connect(heartbeat=None)
    assert connection.is_open
    assert connection.channel().channel_number == 1


def test_connection_close_is_answered(raw):
    peer = raw()
    peer.open()
    peer.call(0, spec.Connection.Close(200, "bye", 0, 0), spec.Connection.CloseOk)
