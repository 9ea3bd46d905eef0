"""What a client may cost the embedded broker: bounded memory whatever it sends or leaves unread, and nobody beside it has to suffer."""

import contextlib
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pika
import pytest
from pika import spec
from pika.frame import Body, Header, Method

from tests.broker.client import Client, drain, wait_for
from tests.broker.raw import PROPERTIES, Raw
from webapp.broker.letters import death
from webapp.broker.login import allowed
from webapp.broker.queues import Message

MEMORY = 8  # MB of messages
SLACK = 12  # MB that the process may take beside them: buffers of sockets, what one read brings
DEADLINE = 30  # seconds


class Broker:
    """`python -m webapp.broker` with little memory. What it says on stderr is a failure."""

    def __init__(self, folder, host="127.0.0.1", memory=MEMORY):
        argv = [sys.executable, "-m", "webapp.broker", "--host", host, "--port", "0", "--data", str(folder)]
        argv += ["--memory", str(memory)]
        self._noise = (folder / "noise").open("w+")
        self._process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._noise, text=True
        )
        self.port = json.loads(self._process.stdout.readline())["port"]
        self._raws = []
        self.client = Client(self.port)

    def raw(self):
        self._raws.append(Raw(self.port))
        return self._raws[-1]

    def megabytes(self):
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def sockets(self):
        found = 0
        for link in Path(f"/proc/{self._process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                found += str(link.readlink()).startswith("socket:")
        return found

    def close(self):
        for raw in self._raws:
            raw.close()
        self.client.__exit__()
        self._process.stdin.close()
        code = self._process.wait(DEADLINE)
        self._process.stdout.close()
        with self._noise as noise:
            noise.seek(0)
            assert (code, noise.read()) == (0, "")


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path)
    yield broker
    broker.close()


# -- who may log in -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "address", "may"),
    [
        (b"\0guest\0guest", "127.0.0.1", True),
        (b"\0guest\0guest", "127.9.9.9", True),
        (b"\0guest\0guest", "::1", True),
        (b"\0guest\0guest", "::ffff:127.0.0.1", True),
        (b"me\0guest\0guest", "127.0.0.1", True),
        ("\0guest\0guest", "127.0.0.1", True),
        (b"\0guest\0guest", "192.0.2.2", False),
        (b"\0guest\0guest", "0.0.0.0", False),
        (b"\0guest\0guest", "2001:db8::1", False),
        (b"\0guest\0guest", "fe80::1%eth0", False),
        (b"\0guest\0guest", "::ffff:192.0.2.2", False),
        (b"\0guest\0wrong", "127.0.0.1", False),
        (b"\0guest\0", "127.0.0.1", False),
        (b"\0somebody\0guest", "127.0.0.1", False),
        (b"guest", "127.0.0.1", False),
        (b"", "127.0.0.1", False),
        (None, "127.0.0.1", False),
    ],
)
def test_guest_logs_in_with_its_password_from_this_machine_and_from_nowhere_else(response, address, may):
    assert allowed(response, address) is may


def own_address():
    """An address of this machine beside its loopback: where a packet would leave from. None goes out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out, contextlib.suppress(OSError):
        out.connect(("192.0.2.1", 9))
        return out.getsockname()[0]


def test_guest_is_refused_with_403_on_another_address_of_this_machine(tmp_path):
    """RabbitMQ 3.10 says the same words as for a wrong password, and the reason in its log only."""
    address = own_address()
    if address is None:
        pytest.skip("this machine has no address but its loopback")
    broker = Broker(tmp_path, host="0.0.0.0")
    for host, answer in (("127.0.0.1", spec.Connection.Tune), (address, spec.Connection.Close)):
        peer = Raw(broker.port, host)
        peer.greet()
        peer.log_in()
        method = peer.expect(answer)
        peer.close()
    assert (method.reply_code, method.reply_text) == (
        403,
        "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.",
    )
    broker.close()


# -- tables -------------------------------------------------------------------------------------------------------


def nested(depth, name=b"a"):
    """A table in a table in a table, its length in front."""
    table = b""
    for _ in range(depth):
        table = bytes((len(name),)) + name + b"F" + struct.pack(">I", len(table)) + table
    return struct.pack(">I", len(table)) + table


def frame(kind, channel, payload):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"


def test_a_login_with_tables_nested_without_end_is_refused(broker):
    peer = broker.raw()
    peer.greet()
    login = spec.Connection.StartOk.INDEX.to_bytes(4, "big") + nested(10_000)
    peer.bytes(frame(1, 0, login + b"\5PLAIN\0\0\0\x0c\0guest\0guest\5en_US"))
    assert peer.refused(spec.Connection.Close)[0] == 501


def test_headers_nested_without_end_go_through_as_they_are(broker):
    queue = broker.client.queue()
    peer = broker.raw()
    peer.open_channel()
    properties = (1 << 13).to_bytes(2, "big") + nested(10_000)
    peer.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
    peer.send(1, spec.Basic.Publish(routing_key=queue))
    peer.bytes(frame(2, 1, b"\0\x3c" + bytes(10) + properties))
    peer.expect(spec.Basic.Ack)
    peer.send(1, spec.Basic.Get(queue=queue))
    while properties + b"\xce" not in peer._buffer:
        peer._buffer += peer._socket.recv(65536)


@pytest.mark.parametrize(
    "deaths",
    [
        b"A" + nested(10_000),
        b"S\0\0\0\1x",
        b"T" + b"\x7f" + b"\xff" * 7,
        b"A\0\0\0\x10F\0\0\0\x0b\1ad\x7f\xe0" + bytes(6),
        b"A\0\0\0\x10F\0\0\0\x0b\1al" + b"\xff" * 8,
    ],
    ids=["endless", "no list", "a time that is none", "a number too large", "a number"],
)
def test_a_message_dies_whatever_deaths_a_client_has_made_up_for_it(deaths):
    assert dies(deaths)[0]["count"] == 1


def test_the_count_of_deaths_ends_where_a_table_does():
    last = 2**63 - 1
    before = b"\5queueS\0\0\0\1q\6reasonS\0\0\0\x08rejected\5countl" + last.to_bytes(8, "big")
    entry = b"F" + struct.pack(">I", len(before)) + before
    assert dies(b"A" + struct.pack(">I", len(entry)) + entry)[0]["count"] == last


def dies(deaths):
    """The deaths of a message with this x-death header that is now rejected in q."""
    table = b"\x07x-death" + deaths
    properties = (1 << 13).to_bytes(2, "big") + struct.pack(">I", len(table)) + table
    return death(Message("", "key", properties, b""), "q", "rejected", 1.0)[1]


def test_a_queue_that_is_deleted_is_forgotten_though_its_messages_had_years_to_live(broker):
    peer = broker.raw()
    peer.open_channel()
    arguments = {"x-message-ttl": 300_000_000_000, "x-expires": 300_000_000_000}

    def round_of(count):
        one = [
            Method(1, spec.Queue.Declare(queue="q", arguments=arguments)).marshal(),
            Method(1, spec.Basic.Publish(routing_key="q")).marshal(),
            Header(1, 0, pika.BasicProperties()).marshal(),
            Method(1, spec.Queue.Delete(queue="q")).marshal(),
        ]
        peer.bytes(b"".join(one) * count)
        for _ in range(count):
            peer.expect(spec.Queue.DeclareOk)
            peer.expect(spec.Queue.DeleteOk)

    round_of(1_000)
    before = broker.megabytes()
    round_of(4_000)
    assert broker.megabytes() - before < 4


# -- content that does not end ------------------------------------------------------------------------------------


def announce(peer, channels, size):
    """A body of that many bytes on so many channels, and nothing of it yet."""
    for number in range(1, channels + 1):
        peer.send(number, spec.Channel.Open(), spec.Basic.Publish(routing_key="nobody"))
        peer.bytes(Header(number, size, pika.BasicProperties()).marshal())
    for _ in range(channels):
        peer.expect(spec.Channel.OpenOk)


def test_bodies_that_are_announced_cost_nothing(broker):
    before = broker.megabytes()
    peer = broker.raw()
    peer.open()
    announce(peer, 2_000, 128 * 1024 * 1024)
    assert broker.megabytes() - before < SLACK


def test_bodies_that_do_not_end_are_not_read_beyond_the_bound_and_forgotten_with_their_client(broker):
    before = broker.megabytes()
    peer = broker.raw()
    peer.open(heartbeat=2)  # who waits for room and hangs up is found by it, as in RabbitMQ
    announce(peer, 2_000, 128 * 1024 * 1024)
    send_all_it_takes(broker, peer, [Body(number, bytes(100_000)).marshal() for number in range(1, 2_001)])
    assert broker.megabytes() - before < MEMORY + SLACK
    queue = broker.client.queue()  # who does not publish is served
    peer.close()
    broker.client.publish(queue, "there is room again")
    assert drain(broker.client.channel(), queue) == ["there is room again"]


@pytest.mark.parametrize("piece", [b"", b"x"])
def test_a_body_in_very_many_pieces_takes_no_more_than_one_in_one(broker, piece):
    before = broker.megabytes()
    peer = broker.raw()
    peer.open_channel()
    announce_one = Header(1, 1024 * 1024, pika.BasicProperties()).marshal()
    peer.send(1, spec.Basic.Publish(routing_key="nobody"))
    peer.bytes(announce_one + Body(1, piece).marshal() * 1_000_000)
    peer.call(2, spec.Channel.Open(), spec.Channel.OpenOk)
    assert broker.megabytes() - before < SLACK


def send_all_it_takes(broker, peer, frames):
    """Sends until the broker reads no more; whether all of it went out."""
    for each in frames:
        left = memoryview(each)
        while left:
            if not takes(broker, peer):
                return False
            left = left[peer._socket.send(left) :]
    return True


def takes(broker, peer):
    """Whether there is room for more: that there is none is said only of a broker that has answered others meanwhile."""
    for patience in (0.2, 0.2, 0.2):
        if select.select([], [peer._socket], [], patience)[1]:
            return True
        broker.client.queue()
    return bool(select.select([], [peer._socket], [], 0)[1])


# -- a queue that fills -------------------------------------------------------------------------------------------


def test_thousands_of_channels_take_little_and_go_with_their_connection(broker):
    """2,047 each on four connections, again and again: the memory of the first round serves the others."""

    def a_round():
        peers = [broker.raw() for _ in range(4)]
        for peer in peers:
            peer.open()
            for number in range(1, 2048):
                peer.call(number, spec.Channel.Open(), spec.Channel.OpenOk)
        most = broker.megabytes()
        for peer in peers:
            peer.close()
        return most

    before = broker.megabytes()
    first = a_round()
    assert first - before < 30
    assert a_round() - first < 10
    broker.client.publish(broker.client.queue(), "a healthy client beside it")


def test_while_memory_is_low_publishers_wait_and_consumers_make_room(broker):
    """As RabbitMQ's memory alarm does it: who publishes is told, and not read any more, until there is room."""
    queue = broker.client.queue()
    before = broker.megabytes()
    capabilities = PROPERTIES["capabilities"] | {"connection.blocked": True}
    peer = broker.raw()
    peer.open_channel(properties=PROPERTIES | {"capabilities": capabilities})
    body = b"x" * 10_000
    publish = Method(1, spec.Basic.Publish(routing_key=queue)).marshal()
    publish += Header(1, len(body), pika.BasicProperties()).marshal() + Body(1, body).marshal()
    assert not send_all_it_takes(broker, peer, [publish] * 10_000)
    assert peer.expect(spec.Connection.Blocked, 0).reason == "low on memory"
    assert broker.megabytes() - before < MEMORY + SLACK

    channel = broker.client.channel()
    got = []
    channel.basic_qos(prefetch_count=100)
    channel.basic_consume(
        queue, lambda channel, method, _, body: (got.append(body), channel.basic_ack(method.delivery_tag))
    )
    wait_for(lambda: len(got) > MEMORY * 1024 * 1024 // len(body) - 100, channel.connection)
    peer.expect(spec.Connection.Unblocked, 0)


@pytest.mark.long
def test_a_waiting_publisher_is_not_taken_for_a_silent_one(broker):
    queue = broker.client.queue()
    peer = broker.raw()
    peer.open_channel(heartbeat=2)
    body = b"x" * 100_000
    publish = Method(1, spec.Basic.Publish(routing_key=queue)).marshal()
    publish += Header(1, len(body), pika.BasicProperties()).marshal() + Body(1, body).marshal()
    assert not send_all_it_takes(broker, peer, [publish] * 1_000)
    for _ in range(6):  # of the broker's heartbeats, one a second: it has looked for ours more than twice
        assert peer.any_frame().frame_type == spec.FRAME_HEARTBEAT


# -- clients that do not read -------------------------------------------------------------------------------------


def test_a_consumer_that_never_reads_costs_what_its_socket_holds_and_nobody_else_waits(tmp_path):
    broker = Broker(tmp_path, memory=512)
    queue, other = broker.client.queue(), broker.client.queue()
    publisher = broker.raw()
    publisher.open_channel()
    body = b"x" * 1_000
    publish = Method(1, spec.Basic.Publish(routing_key=queue)).marshal()
    publish += Header(1, len(body), pika.BasicProperties()).marshal() + Body(1, body).marshal()
    for _ in range(100):
        publisher.bytes(publish * 1_000)
    wait_for(lambda: broker.client.ready(queue) == 100_000)
    before = broker.megabytes()
    for _ in range(5):
        deaf = broker.raw()
        deaf.open_channel()
        deaf.send(1, spec.Basic.Consume(queue=queue, no_ack=True))
    wait_for(lambda: broker.client.consumers(queue) == 5)
    assert 20_000 < broker.client.ready(queue) < 100_000
    assert broker.megabytes() - before < SLACK
    broker.client.publish(other, "served")
    assert drain(broker.client.channel(), other) == ["served"]
    broker.close()


def test_who_asks_without_end_and_reads_no_answer_is_not_read_either(broker):
    before = broker.megabytes()
    peer = broker.raw()
    peer.open_channel()
    body = b"x" * 10_000
    back = Method(1, spec.Basic.Publish(routing_key="nobody", mandatory=True)).marshal()
    back += Header(1, len(body), pika.BasicProperties()).marshal() + Body(1, body).marshal()
    assert not send_all_it_takes(broker, peer, [back] * 10_000)
    assert broker.megabytes() - before < SLACK
    for _ in range(1_000):  # and is, when it reads
        peer.expect(spec.Basic.Return)
        peer.content()


def test_a_client_that_says_goodbye_and_does_not_read_is_hung_up_on(broker):
    queue = broker.client.queue()
    broker.client.publish(queue, *["x" * 100_000] * 60)
    before = broker.sockets()
    peer = broker.raw()
    peer._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    peer.open_channel()
    peer.send(1, spec.Basic.Consume(queue=queue, no_ack=True))
    wait_for(lambda: broker.client.ready(queue) < 60)
    peer.send(0, spec.Connection.Close(200, "bye", 0, 0))
    deadline = time.monotonic() + DEADLINE
    while broker.sockets() > before:
        assert time.monotonic() < deadline, "its socket is still there"
        time.sleep(0.05)
