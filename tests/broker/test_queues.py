"""Queues: declared, found, deleted; what is refused, and in which words."""

import pytest

from tests.broker.client import Inbox, channel_closed, connection_closed, drain, settled

LOCKED = (
    "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{}' in vhost '/'. It could be originally "
    "declared on another connection or the exclusive property value does not match that of the original declaration."
)


def test_a_declare_answers_with_name_and_counts(client, channel):
    name = client.name()
    answer = channel.queue_declare(name).method
    assert (answer.queue, answer.message_count, answer.consumer_count) == (name, 0, 0)
    client.publish(name, "1", "2")
    Inbox(client.channel(), client.queue())
    answer = channel.queue_declare(name).method
    assert (answer.message_count, answer.consumer_count) == (2, 0)


def test_a_passive_declare_counts_ready_messages_and_consumers_only(client, channel, queue):
    client.publish(queue, "1", "2", "3")
    channel.basic_qos(prefetch_count=1)
    Inbox(channel, queue).wait(1)
    answer = channel.queue_declare(queue, passive=True).method
    assert (answer.message_count, answer.consumer_count) == (2, 1)


def test_a_passive_declare_looks_at_the_name_only(client, channel):
    queue = client.queue(durable=True)
    assert channel.queue_declare(queue, passive=True, durable=False, auto_delete=True).method.queue == queue


def test_a_passive_declare_of_a_missing_queue_is_refused_with_404(channel):
    with channel_closed(404, "NOT_FOUND - no queue 'missing' in vhost '/'"):
        channel.queue_declare("missing", passive=True)


def test_a_queue_without_a_name_gets_one_from_the_broker(channel):
    first = channel.queue_declare("", exclusive=True).method.queue
    second = channel.queue_declare("", exclusive=True).method.queue
    assert first.startswith("amq.gen-")
    assert first != second


def test_an_empty_name_means_the_last_queue_declared_on_the_channel(client, channel):
    channel.queue_declare(client.queue())
    last = channel.queue_declare("", exclusive=True).method.queue
    client.publish(last, "here")
    assert drain(channel, "") == ["here"]
    channel.queue_bind("", "amq.fanout")


def test_an_empty_name_with_no_queue_declared_is_refused_with_404(channel):
    with channel_closed(404, "NOT_FOUND - no previously declared queue"):
        channel.basic_get("")


def test_a_passive_declare_needs_a_name(channel):
    channel.queue_declare("", exclusive=True)
    with channel_closed(404, "NOT_FOUND - no queue '' in vhost '/'"):
        channel.queue_declare("", passive=True)


def test_a_name_that_begins_with_amq_is_refused_with_403(channel):
    with channel_closed(403, "ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'"):
        channel.queue_declare("amq.mine")


@pytest.mark.parametrize(
    ("option", "before"),
    [("durable", False), ("durable", True), ("auto_delete", False), ("auto_delete", True)],
)
def test_another_property_than_before_is_refused_with_406(client, channel, option, before):
    queue = client.queue(**{option: before})
    words = f"received '{str(not before).lower()}' but current is '{str(before).lower()}'"
    with channel_closed(
        406, f"PRECONDITION_FAILED - inequivalent arg '{option}' for queue '{queue}' in vhost '/': {words}"
    ):
        channel.queue_declare(queue, **{option: not before})


@pytest.mark.parametrize(
    ("before", "after", "key", "words"),
    [
        (
            {"x-message-ttl": 1000},
            {"x-message-ttl": 2000},
            "x-message-ttl",
            "received '2000' but current is '1000'",
        ),
        (
            {"x-message-ttl": 1000},
            {},
            "x-message-ttl",
            "received none but current is the value '1000' of type 'signedint'",
        ),
        (
            {},
            {"x-expires": 60000},
            "x-expires",
            "received the value '60000' of type 'signedint' but current is none",
        ),
        (
            {"x-dead-letter-exchange": "one"},
            {"x-dead-letter-exchange": "two"},
            "x-dead-letter-exchange",
            "received 'two' but current is 'one'",
        ),
        (
            {"x-dead-letter-exchange": "one"},
            {},
            "x-dead-letter-exchange",
            "received none but current is the value 'one' of type 'longstr'",
        ),
    ],
)
def test_another_argument_than_before_is_refused_with_406(client, channel, before, after, key, words):
    queue = client.queue(before)
    with channel_closed(
        406, f"PRECONDITION_FAILED - inequivalent arg '{key}' for queue '{queue}' in vhost '/': {words}"
    ):
        channel.queue_declare(queue, arguments=after)


def test_a_classic_queue_declared_as_quorum_is_refused_with_406(client, channel):
    queue = client.queue(durable=True)
    with channel_closed(
        406,
        f"PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue '{queue}' in vhost '/': "
        "received the value 'quorum' of type 'longstr' but current is none",
    ):
        channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})


def test_a_quorum_queue_declared_as_classic_is_refused_with_406(client, channel):
    queue = client.queue({"x-queue-type": "quorum"}, durable=True)
    with channel_closed(
        406,
        f"PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue '{queue}' in vhost '/': "
        "received none but current is the value 'quorum' of type 'longstr'",
    ):
        channel.queue_declare(queue, durable=True)


def test_a_queue_without_a_type_is_a_classic_one(client, channel):
    queue = client.queue(durable=True)
    assert (
        channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "classic"}).method.queue
        == queue
    )


def test_an_argument_without_meaning_is_accepted_and_not_compared(client, channel):
    queue = client.queue({"x-mine": 1, "note": "hello"})
    assert channel.queue_declare(queue, arguments={"note": "other"}).method.queue == queue


def test_a_consumer_timeout_is_accepted_as_an_argument_of_newer_brokers(client, channel):
    queue = client.queue({"x-consumer-timeout": 60000})
    again = {"x-consumer-timeout": 90000}
    assert channel.queue_declare(queue, arguments=again).method.queue == queue


def test_a_lazy_queue_is_a_queue(client, channel):
    queue = client.queue({"x-queue-mode": "lazy"}, durable=True)
    client.publish(queue, "a")
    assert drain(channel, queue) == ["a"]


@pytest.mark.parametrize("kind", ["embedded"], indirect=True)
@pytest.mark.parametrize(
    "argument", ["x-max-length", "x-max-priority", "x-single-active-consumer", "x-overflow"]
)
def test_an_argument_that_would_change_deliveries_is_not_implemented_in_the_embedded_broker(
    client, channel, argument
):
    with connection_closed(540, f"NOT_IMPLEMENTED - {argument} is not part of this broker"):
        channel.queue_declare(client.name(), arguments={argument: 1})


def test_an_unknown_queue_type_is_refused(client, channel):
    name = client.name()
    with channel_closed(
        406,
        f"PRECONDITION_FAILED - invalid arg 'x-queue-type' for queue '{name}' in vhost '/': \"unsupported queue type 'nonsense'\"",
    ):
        channel.queue_declare(name, durable=True, arguments={"x-queue-type": "nonsense"})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"durable": False}, "invalid property 'non-durable' for queue '{}' in vhost '/'"),
        (
            {"durable": True, "exclusive": True},
            "invalid property 'exclusive-owner' for queue '{}' in vhost '/'",
        ),
        (
            {"durable": True, "auto_delete": True},
            "invalid property 'auto-delete' for queue '{}' in vhost '/'",
        ),
    ],
)
def test_a_quorum_queue_has_to_be_durable_shared_and_lasting(client, channel, options, words):
    name = client.name()
    with channel_closed(406, "PRECONDITION_FAILED - " + words.format(name)):
        channel.queue_declare(name, arguments={"x-queue-type": "quorum"}, **options)


def test_an_exclusive_queue_is_locked_for_other_connections(client, channel):
    name = client.name()
    channel.queue_declare(name, exclusive=True)
    for refused in (
        lambda other: other.queue_declare(name, passive=True),
        lambda other: other.queue_declare(name, exclusive=True),
        lambda other: other.basic_get(name),
        lambda other: other.basic_consume(name, print),
        lambda other: other.queue_purge(name),
        lambda other: other.queue_delete(name),
        lambda other: other.queue_bind(name, "amq.direct", "key"),
    ):
        with channel_closed(405, LOCKED.format(name)):
            refused(client.channel())
    channel.queue_delete(name)


def test_an_exclusive_queue_is_open_to_every_channel_of_its_connection(client):
    connection = client.connect()
    name = client.name()
    connection.channel().queue_declare(name, exclusive=True)
    assert connection.channel().queue_declare(name, exclusive=True).method.queue == name
    connection.close()


def test_anybody_may_publish_to_an_exclusive_queue(client, channel):
    name = channel.queue_declare("", exclusive=True).method.queue
    client.publish(name, "from outside")
    assert drain(channel, name) == ["from outside"]


def test_an_exclusive_queue_goes_with_its_connection(client, channel):
    other = client.channel()
    name = other.queue_declare("", exclusive=True).method.queue
    other.connection.close()
    with channel_closed(404, f"NOT_FOUND - no queue '{name}' in vhost '/'"):
        channel.queue_declare(name, passive=True)


def test_a_queue_declared_exclusive_after_it_was_not_is_refused_with_405(channel, queue):
    with channel_closed(405, LOCKED.format(queue)):
        channel.queue_declare(queue, exclusive=True)


def test_an_auto_delete_queue_goes_with_its_last_consumer(client, channel):
    queue = client.queue(auto_delete=True)
    first, second = Inbox(channel, queue), Inbox(channel, queue)
    channel.basic_cancel(first.tag)
    assert client.consumers(queue) == 1
    channel.basic_cancel(second.tag)
    with channel_closed(404, f"NOT_FOUND - no queue '{queue}' in vhost '/'"):
        channel.queue_declare(queue, passive=True)


def test_an_auto_delete_queue_goes_with_its_last_consumers_connection(client, channel):
    queue = client.queue(auto_delete=True)
    other = client.channel()
    Inbox(other, queue)
    other.connection.close()
    with channel_closed(404, f"NOT_FOUND - no queue '{queue}' in vhost '/'"):
        channel.queue_declare(queue, passive=True)


def test_an_auto_delete_queue_that_never_had_a_consumer_stays(client, channel):
    queue = client.queue(auto_delete=True)
    client.publish(queue, "kept")
    assert drain(channel, queue) == ["kept"]
    assert channel.queue_declare(queue, passive=True).method.queue == queue


def test_purge_throws_away_the_ready_messages_and_says_how_many(client, channel, queue):
    client.publish(queue, "held", "1", "2")
    assert channel.basic_get(queue)[2] == b"held"
    assert channel.queue_purge(queue).method.message_count == 2
    assert client.ready(queue) == 0
    channel.basic_nack(1)
    assert drain(channel, queue) == ["held"]


def test_purging_a_missing_queue_is_refused_with_404(channel):
    with channel_closed(404, "NOT_FOUND - no queue 'missing' in vhost '/'"):
        channel.queue_purge("missing")


def test_delete_says_how_many_messages_were_ready(client, channel, queue):
    client.publish(queue, "held", "1", "2")
    channel.basic_get(queue)
    assert channel.queue_delete(queue).method.message_count == 2
    with channel_closed(404, f"NOT_FOUND - no queue '{queue}' in vhost '/'"):
        channel.queue_declare(queue, passive=True)


def test_deleting_a_missing_queue_is_no_error(channel):
    assert channel.queue_delete("missing").method.message_count == 0


def test_delete_if_unused_is_refused_while_there_is_a_consumer(client, channel, queue):
    inbox = Inbox(channel, queue)
    with channel_closed(406, f"PRECONDITION_FAILED - queue '{queue}' in vhost '/' in use"):
        client.channel().queue_delete(queue, if_unused=True)
    channel.basic_cancel(inbox.tag)
    channel.queue_delete(queue, if_unused=True)


def test_delete_if_empty_is_refused_while_there_is_a_ready_message(client, channel, queue):
    client.publish(queue, "one")
    with channel_closed(406, f"PRECONDITION_FAILED - queue '{queue}' in vhost '/' not empty"):
        client.channel().queue_delete(queue, if_empty=True)
    drain(channel, queue)
    channel.queue_delete(queue, if_empty=True)


def test_delete_if_empty_looks_at_ready_messages_only(client, channel, queue):
    client.publish(queue, "held")
    client.channel().basic_get(queue)
    assert channel.queue_delete(queue, if_empty=True).method.message_count == 0


def test_the_ack_of_a_message_from_a_deleted_queue_is_no_error(client, channel, queue):
    client.publish(queue, "one")
    channel.basic_get(queue)
    client.channel().queue_delete(queue)
    channel.basic_ack(1)
    settled(channel)
    assert channel.is_open


@pytest.mark.parametrize("kind", ["embedded"], indirect=True)
def test_a_streams_declare_is_not_implemented_in_the_embedded_broker(client, channel):
    with connection_closed(540, "NOT_IMPLEMENTED - streams are not part of this broker"):
        channel.queue_declare(client.name(), durable=True, arguments={"x-queue-type": "stream"})
