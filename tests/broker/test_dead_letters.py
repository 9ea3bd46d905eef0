"""Dead letters: what is rejected, expired or given back too often goes to another exchange, and says why."""

import datetime

import pytest

from tests.broker.client import Inbox, channel_closed, drain, settled, wait_for


@pytest.fixture
def grave(client):
    """A queue for the dead, reached through the default exchange."""
    return client.queue()


@pytest.fixture
def work(client, grave):
    """`work(…)`: a queue whose dead go to `grave`; more are arguments of the declare."""

    def work(**arguments):
        arguments = {key.replace("_", "-"): value for key, value in arguments.items()}
        letters = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": grave}
        return client.queue({**letters, **arguments}, durable=True)

    return work


def take(client, queue):
    """The one message of this queue, once it is there: (method, properties, body)."""
    wait_for(lambda: client.ready(queue) == 1)
    return client.channel().basic_get(queue, auto_ack=True)


def deaths(properties):
    """The x-death header without its times, which have to be those of now."""
    now = datetime.datetime.now(datetime.UTC)
    found = []
    for death in properties.headers["x-death"]:
        death = dict(death)
        assert abs((now - death.pop("time")).total_seconds()) < 30
        found.append(death)
    return found


@pytest.mark.parametrize("kind_", ["classic", "quorum"])
@pytest.mark.parametrize("way", ["reject", "nack"])
def test_a_rejected_message_goes_to_the_dead_letter_exchange_and_says_why(
    client, channel, work, grave, way, kind_
):
    queue = work(x_queue_type=kind_)
    client.publish(queue, "a", message_id="1", headers={"mine": 1})
    wait_for(lambda: channel.basic_get(queue)[0])
    getattr(channel, f"basic_{way}")(1, requeue=False)
    method, properties, body = take(client, grave)
    assert (method.exchange, method.routing_key, method.redelivered, body) == ("", grave, False, b"a")
    assert (properties.message_id, properties.headers["mine"]) == ("1", 1)
    assert deaths(properties) == [
        {"count": 1, "reason": "rejected", "queue": queue, "exchange": "", "routing-keys": [queue]}
    ]
    assert {key: value for key, value in properties.headers.items() if key.startswith("x-first")} == {
        "x-first-death-reason": "rejected",
        "x-first-death-queue": queue,
        "x-first-death-exchange": "",
    }


@pytest.mark.parametrize("kind_", ["classic", "quorum"])
def test_an_expired_message_goes_to_the_dead_letter_exchange_and_says_why(client, work, grave, kind_):
    queue = work(x_queue_type=kind_, x_message_ttl=100)
    client.publish(queue, "a")
    _, properties, body = take(client, grave)
    assert body == b"a"
    assert deaths(properties) == [
        {"count": 1, "reason": "expired", "queue": queue, "exchange": "", "routing-keys": [queue]}
    ]


def test_a_messages_own_expiration_is_moved_into_the_header(client, work, grave):
    queue = work()
    client.publish(queue, "a", expiration="50")
    _, properties, _ = take(client, grave)
    assert properties.expiration is None
    assert deaths(properties)[0]["original-expiration"] == "50"


def test_a_rejected_messages_expiration_is_moved_too(client, channel, work, grave):
    queue = work()
    client.publish(queue, "a", expiration="60000")
    channel.basic_get(queue)
    channel.basic_reject(1, requeue=False)
    _, properties, _ = take(client, grave)
    assert (properties.expiration, deaths(properties)[0]["original-expiration"]) == (None, "60000")


def test_a_message_that_expires_at_once_goes_too(client, work, grave):
    queue = work(x_message_ttl=0)
    client.publish(queue, "a")
    assert take(client, grave)[2] == b"a"


def test_messages_die_in_their_order(client, work, grave):
    queue = work(x_message_ttl=50)
    client.publish(queue, *"abcde")
    wait_for(lambda: client.ready(grave) == 5)
    assert drain(client.channel(), grave) == [*"abcde"]


def test_a_nack_with_multiple_sends_them_in_their_order(client, channel, work, grave):
    queue = work()
    client.publish(queue, *"abc")
    inbox = Inbox(channel, queue)
    inbox.wait(3)
    channel.basic_nack(3, multiple=True, requeue=False)
    wait_for(lambda: client.ready(grave) == 3)
    assert drain(client.channel(), grave) == [*"abc"]


def test_without_a_routing_key_the_messages_own_is_kept(client, channel):
    exchange, grave = client.exchange("direct"), client.queue()
    queue = client.queue({"x-dead-letter-exchange": exchange})
    channel.queue_bind(grave, exchange, queue)
    client.publish(queue, "a")
    channel.basic_get(queue)
    channel.basic_reject(1, requeue=False)
    method, properties, _ = take(client, grave)
    assert (method.exchange, method.routing_key) == (exchange, queue)
    assert deaths(properties)[0]["routing-keys"] == [queue]


def test_the_header_names_the_exchange_the_message_was_published_to(client, channel, work, grave):
    queue = work()
    channel.queue_bind(queue, "amq.direct", "a.key")
    client.publish("a.key", "a", exchange="amq.direct")
    channel.basic_get(queue)
    channel.basic_reject(1, requeue=False)
    _, properties, _ = take(client, grave)
    assert deaths(properties)[0]["exchange"] == "amq.direct"
    assert deaths(properties)[0]["routing-keys"] == ["a.key"]
    assert properties.headers["x-first-death-exchange"] == "amq.direct"


def test_a_missing_dead_letter_exchange_drops_the_message(client, channel):
    queue = client.queue({"x-dead-letter-exchange": "missing"})
    client.publish(queue, "a")
    channel.basic_get(queue)
    channel.basic_reject(1, requeue=False)
    settled(channel)
    assert channel.is_open
    assert client.ready(queue) == 0


def test_a_requeue_is_no_death(client, channel, work, grave):
    queue = work()
    client.publish(queue, "a")
    channel.basic_get(queue)
    channel.basic_reject(1, requeue=True)
    settled(channel)
    assert (client.ready(queue), client.ready(grave)) == (1, 0)


def test_purge_and_delete_are_no_deaths(client, channel, work, grave):
    queue = work()
    client.publish(queue, "a")
    channel.queue_purge(queue)
    client.publish(queue, "b")
    channel.queue_delete(queue)
    assert client.ready(grave) == 0


def test_a_second_death_of_the_same_kind_counts_up(client, channel, work, grave):
    queue = work()
    client.publish(queue, "a")
    for count in (1, 2, 3):
        wait_for(lambda: channel.basic_get(queue, auto_ack=False)[0])
        channel.basic_reject(2 * count - 1, requeue=False)
        wait_for(lambda: client.ready(grave) == 1)
        method, properties, body = channel.basic_get(grave)
        assert [death["count"] for death in deaths(properties)] == [count]
        client.publish(queue, body.decode(), headers=properties.headers)
        channel.basic_ack(method.delivery_tag)


def test_deaths_of_different_kinds_stand_newest_first(client, channel, grave):
    second = client.queue(
        {"x-message-ttl": 50, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": grave}
    )
    first = client.queue({"x-dead-letter-exchange": "", "x-dead-letter-routing-key": second})
    client.publish(first, "a")
    channel.basic_get(first)
    channel.basic_reject(1, requeue=False)
    _, properties, _ = take(client, grave)
    assert deaths(properties) == [
        {"count": 1, "reason": "expired", "queue": second, "exchange": "", "routing-keys": [second]},
        {"count": 1, "reason": "rejected", "queue": first, "exchange": "", "routing-keys": [first]},
    ]
    assert properties.headers["x-first-death-reason"] == "rejected"
    assert properties.headers["x-first-death-queue"] == first


def test_a_retry_loop_with_a_reject_in_it_goes_round(client, channel):
    work, wait = client.name(), client.name()
    channel.queue_declare(work, arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": wait})
    channel.queue_declare(
        wait,
        arguments={"x-message-ttl": 30, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": work},
    )
    inbox = Inbox(channel, work)
    client.publish(work, "a")
    for tag in (1, 2, 3):
        inbox.wait(tag)
        channel.basic_reject(tag, requeue=False)
    inbox.wait(4)
    counts = {(death["queue"], death["reason"]): death["count"] for death in deaths(inbox.deliveries[3][1])}
    assert counts == {(work, "rejected"): 3, (wait, "expired"): 3}


def test_a_loop_of_expiries_alone_is_cut(client):
    queue = client.name()
    client.queue()
    client.publisher.queue_declare(
        queue,
        arguments={"x-message-ttl": 30, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue},
    )
    client.publish(queue, "a")
    wait_for(lambda: client.ready(queue) == 0)
    assert drain(client.channel(), queue) == []


def test_what_a_dead_consumer_held_is_no_death(client, channel, work, grave):
    queue = work()
    client.publish(queue, "a")
    Inbox(channel, queue).wait(1)
    channel.connection.close()
    wait_for(lambda: client.ready(queue) == 1)
    assert client.ready(grave) == 0


def test_a_dead_letter_goes_to_every_queue_of_its_exchange(client, channel):
    exchange, graves = client.exchange("fanout"), [client.queue(), client.queue()]
    for grave in graves:
        channel.queue_bind(grave, exchange)
    queue = client.queue({"x-message-ttl": 0, "x-dead-letter-exchange": exchange})
    client.publish(queue, "a")
    assert [take(client, grave)[2] for grave in graves] == [b"a", b"a"]


def test_a_routing_key_without_an_exchange_is_refused_with_406(client, channel):
    name = client.name()
    with channel_closed(
        406,
        f"PRECONDITION_FAILED - invalid arg 'x-dead-letter-routing-key' for queue '{name}' in vhost '/': "
        "routing_key_but_no_dlx_defined",
    ):
        channel.queue_declare(name, arguments={"x-dead-letter-routing-key": "key"})


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("exchange", "invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue '{}' in vhost '/'"),
        (
            "routing-key",
            "invalid arg 'x-dead-letter-routing-key' for queue '{}' in vhost '/': {{unacceptable_type,signedint}}",
        ),
    ],
)
def test_a_name_that_is_no_text_is_refused_with_406(client, channel, key, words):
    name = client.name()
    with channel_closed(406, "PRECONDITION_FAILED - " + words.format(name)):
        channel.queue_declare(name, arguments={"x-dead-letter-exchange": "", f"x-dead-letter-{key}": 1})


@pytest.mark.parametrize("way", ["nack", "cut"])
def test_a_message_given_back_more_often_than_the_delivery_limit_dies(client, work, grave, way):
    queue = work(x_queue_type="quorum", x_delivery_limit=2)
    client.publish(queue, "a")
    counts = []
    for _ in range(3):
        channel = client.channel()
        inbox = Inbox(channel, queue)
        inbox.wait(1)
        counts.append((inbox.deliveries[0][1].headers or {}).get("x-delivery-count"))
        if way == "nack":
            channel.basic_cancel(inbox.tag)
            channel.basic_nack(1)
        channel.connection.close()
    assert counts == [None, 1, 2]
    _, properties, body = take(client, grave)
    assert body == b"a"
    assert deaths(properties) == [
        {"count": 1, "reason": "delivery_limit", "queue": queue, "exchange": "", "routing-keys": [queue]}
    ]


def test_over_the_delivery_limit_without_a_dead_letter_exchange_a_message_is_dropped(client, channel):
    queue = client.queue({"x-queue-type": "quorum", "x-delivery-limit": 1}, durable=True)
    client.publish(queue, "a", "b")
    inbox = Inbox(channel, queue)
    inbox.wait(2)
    channel.basic_nack(1)
    inbox.wait(3)
    channel.basic_nack(3)
    channel.basic_nack(2)
    assert inbox.wait(4)[3] == (4, True, "b")
