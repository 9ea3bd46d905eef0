"""The contract of the embedded broker: every test here runs on it and on RabbitMQ 3.10, through plain pika. Where they differ, RabbitMQ is right."""

import pytest

from tests import needs
from tests.broker.client import Client
from tests.broker.nodes import BROKERS, Guard
from tests.broker.raw import Raw


@pytest.fixture(scope="session")
def guard():
    guard = Guard()
    yield guard
    guard.close()


@pytest.fixture(scope="session", params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)])
def kind(request):
    if request.param == "rabbitmq":
        needs.rabbitmq()
    return request.param


@pytest.fixture(scope="session")
def brokers(guard, tmp_path_factory):
    """`brokers(kind)`: the broker of that kind, one for all tests: they keep apart by the names they use."""
    running = {}

    def find(kind):
        if kind not in running:
            running[kind] = BROKERS[kind](guard, tmp_path_factory.mktemp(kind))
            running[kind].start()
        return running[kind]

    yield find
    for broker in running.values():
        broker.close()


@pytest.fixture(scope="session")
def broker(kind, brokers):
    return brokers(kind)


@pytest.fixture
def client(broker):
    """Connections to the broker and names that nobody else uses."""
    with Client(broker.port) as client:
        yield client


@pytest.fixture
def channel(client):
    """A channel on a connection of its own."""
    return client.channel()


@pytest.fixture
def queue(client):
    """A queue, empty, that goes with its connection's end but can be used from every connection."""
    return client.queue()


@pytest.fixture
def raw(broker):
    """`raw()` is a connection that shows every frame, its handshake not yet begun."""
    opened = []

    def connect():
        opened.append(Raw(broker.port))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()
