"""The rules of the queue model, one at a time. Any mixture of them: test_broker_machine.py."""

import pytest

from webapp.broker.queues import Consumer, Delivery, Limit, Message, Queue

QUORUM = {"x-queue-type": "quorum"}


def filled(bodies: str, **arguments: object) -> Queue:
    """A queue with a message of each letter."""
    queue = Queue("q", arguments={name.replace("_", "-"): value for name, value in arguments.items()})
    for body in bodies:
        publish(queue, body)
    return queue


def publish(queue: Queue, body: str, now: float = 0.0, expiration: int | None = None) -> None:
    message = Message("", "q", b"", body.encode())
    message.expires = queue.expiry(now, expiration)
    queue.publish(message)


def joined(queue: Queue, tag: str, prefetch: int = 0, shared: int = 0, auto_ack: bool = False) -> Consumer:
    consumer = Consumer(tag, None, auto_ack, Limit(prefetch), Limit(shared))
    queue.add(consumer)
    return consumer


def waiting(queue: Queue) -> str:
    return "".join(each.body.decode() for each in queue)


def given(queue: Queue) -> list[str]:
    """What a dispatch gives to whom: tag and body."""
    return [f"{each.consumer.tag}:{each.message.body.decode()}" for each in queue.dispatch() if each.consumer]


def taken(queue: Queue) -> Delivery:
    delivery = queue.take()
    assert delivery
    return delivery


def test_messages_leave_in_the_order_they_came() -> None:
    queue = filled("abc")
    assert [taken(queue).message.body for _ in "abc"] == [b"a", b"b", b"c"]
    assert queue.take() is None


def test_what_is_out_is_unacked_until_it_is_settled() -> None:
    queue = filled("ab")
    delivery = taken(queue)
    assert (queue.ready, queue.unacked) == (1, 1)
    queue.settle(delivery)
    assert (queue.ready, queue.unacked) == (1, 0)


def test_under_auto_ack_it_is_forgotten_at_once() -> None:
    queue = filled("ab")
    queue.take(auto_ack=True)
    assert (queue.ready, queue.unacked) == (1, 0)


def test_what_comes_back_stands_where_it_stood_and_is_marked() -> None:
    queue = filled("abc")
    first, second = taken(queue), taken(queue)
    queue.put_back(second, asked=True)
    queue.put_back(first, asked=True)
    assert waiting(queue) == "abc"
    assert [each.redelivered for each in queue] == [True, True, False]


@pytest.mark.parametrize(
    ("limit", "asked", "order"),
    [(None, True, "cdba"), (None, False, "bacd"), (5, True, "bacd"), (5, False, "bacd")],
)
def test_in_a_quorum_queue_it_stands_at_an_end(limit: int | None, asked: bool, order: str) -> None:
    queue = filled("abcd", **QUORUM, **({} if limit is None else {"x-delivery-limit": limit}))
    first, second = taken(queue), taken(queue)
    queue.put_back(second, asked=asked)
    queue.put_back(first, asked=asked)
    assert waiting(queue) == order


def test_a_message_that_came_back_more_often_than_the_limit_is_out_of_the_queue() -> None:
    queue = filled("a", **QUORUM, x_delivery_limit=1)
    assert queue.put_back(taken(queue))
    assert not queue.put_back(taken(queue))
    assert (queue.ready, queue.unacked) == (0, 0)


def test_consumers_take_turns() -> None:
    queue = filled("abcd")
    for tag in "123":
        joined(queue, tag)
    assert given(queue) == ["1:a", "2:b", "3:c", "1:d"]


def test_nobody_is_given_more_than_its_prefetch() -> None:
    queue = filled("abcde")
    joined(queue, "1", prefetch=1)
    joined(queue, "2", prefetch=2)
    assert given(queue) == ["1:a", "2:b", "2:c"]
    assert waiting(queue) == "de"


def test_a_channels_limit_counts_for_its_consumers_together() -> None:
    queue = filled("abcd")
    first = joined(queue, "1", shared=3)
    queue.add(Consumer("2", None, False, Limit(), first.shared))
    assert given(queue) == ["1:a", "2:b", "1:c"]


def test_auto_ack_knows_no_limit() -> None:
    queue = filled("abc")
    joined(queue, "1", prefetch=1, shared=1, auto_ack=True)
    assert given(queue) == ["1:a", "1:b", "1:c"]


@pytest.mark.parametrize(("arguments", "turns"), [({}, ["1:c", "2:d"]), (QUORUM, ["2:c", "1:d"])])
def test_who_had_no_room_joins_the_line_at_its_end(arguments: dict[str, object], turns: list[str]) -> None:
    """In a classic queue it has to be passed over first; a quorum queue lets it leave at once."""
    queue = filled("ab", **arguments)
    joined(queue, "1", prefetch=1)
    joined(queue, "2")
    first, _ = queue.dispatch()
    queue.settle(first)
    for body in "cd":
        publish(queue, body)
    assert given(queue) == turns


def test_in_a_classic_queue_too_once_it_was_passed_over() -> None:
    queue = filled("abc")
    joined(queue, "1", prefetch=1)
    joined(queue, "2")
    first, *_ = queue.dispatch()
    queue.settle(first)
    for body in "def":
        publish(queue, body)
    assert given(queue) == ["2:d", "1:e", "2:f"]


def test_a_paused_consumer_is_passed_over() -> None:
    queue = filled("ab")
    joined(queue, "1").paused = True
    joined(queue, "2")
    assert given(queue) == ["2:a", "2:b"]


def test_who_has_left_still_holds_what_it_was_given() -> None:
    queue = filled("a")
    consumer = joined(queue, "1")
    assert given(queue) == ["1:a"]
    queue.remove(consumer)
    assert (queue.consumers, queue.unacked) == ([], 1)


def test_only_the_head_expires_and_one_behind_a_lasting_one_waits() -> None:
    queue = filled("")
    for body, expiration in (("a", 100), ("b", None), ("c", 100)):
        publish(queue, body, now=1.0, expiration=expiration)
    assert queue.next_change() == 1.1
    assert queue.expired(1.0) == []
    assert [each.body for each in queue.expired(1.1)] == [b"a"]
    assert waiting(queue) == "bc"


@pytest.mark.parametrize(("own", "at"), [(None, 0.2), (100, 0.1), (300, 0.2)])
def test_the_shorter_of_both_times_counts(own: int | None, at: float) -> None:
    assert filled("", **{"x-message-ttl": 200}).expiry(0.0, own) == at


def test_a_queue_lapses_when_nobody_uses_it() -> None:
    queue = filled("", **{"x-expires": 1000})
    queue.used = 5.0
    assert (queue.lapsed(5.9), queue.lapsed(6.0), queue.next_change()) == (False, True, 6.0)
    joined(queue, "1")
    assert (queue.lapsed(6.0), queue.next_change()) == (False, None)


def test_a_purge_takes_what_is_ready_in_its_order_and_not_what_is_out() -> None:
    queue = filled("abc")
    delivery = taken(queue)
    taken(queue)
    queue.put_back(delivery)
    assert [each.body for each in queue.purge()] == [b"a", b"c"]
    assert (queue.ready, queue.unacked) == (0, 1)


@pytest.mark.parametrize(("kind", "order"), [("classic", "abcd"), ("quorum", "bacd")])
def test_a_restart_finds_what_was_out_where_its_return_would_have_put_it(kind: str, order: str) -> None:
    queue = filled("abcd", x_queue_type=kind)
    for delivery in (taken(queue), taken(queue)):
        queue.put_back(delivery)
    again = taken(queue).message
    again.place = queue.place_of_return(again)
    after = Queue("q", arguments=queue.arguments)
    for message in sorted([again, *queue]):
        after.restore(message)
    assert waiting(after) == order


def test_an_auto_delete_queue_is_abandoned_once_its_last_consumer_has_left() -> None:
    queue = Queue("q", auto_delete=True)
    assert not queue.abandoned
    first, second = joined(queue, "1"), joined(queue, "2")
    queue.remove(first)
    assert not queue.abandoned
    queue.remove(second)
    assert queue.abandoned
