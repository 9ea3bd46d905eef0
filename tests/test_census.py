"""Which queues the broker is asked to count, and until when."""

from __future__ import annotations

import pytest

from webapp import events as ev
from webapp.engine.census import TICKS, Census


def counted(*events: ev.Event) -> list[str]:
    """The queues due after these events, each having been counted for as long as the ones before owed it."""
    census = Census()
    for event in events:
        for _ in range(TICKS):
            census.due()
        census.note(event)
    return census.due()


DECLARED = ev.QueueDeclared(conn=1, queue="q", durable=True, kind="classic", auto_delete=True)


def test_a_queue_is_counted_for_a_few_ticks() -> None:
    census = Census()
    census.note(DECLARED)
    assert [census.due() for _ in range(TICKS + 1)] == [["q"]] * TICKS + [[]]


@pytest.mark.parametrize(
    "event",
    [
        ev.ConnectionClosed(conn=1, by="client"),
        ev.ChannelClosed(conn=1, channel=1, by="client"),
        ev.ConsumerCancelled(conn=1, channel=1, consumer="c", by="client"),
        ev.Nacked(conn=1, channel=1, tag=1, task="t", requeue=True),
    ],
)
def test_what_may_have_touched_any_queue_has_all_counted_again(event: ev.Event) -> None:
    assert counted(DECLARED, event) == ["q"]


def test_an_ack_changes_no_count_of_ready_messages() -> None:
    assert counted(DECLARED, ev.Acked(conn=1, channel=1, tag=1, task="t")) == []


def test_a_queue_that_is_its_connections_own_is_not_asked_about() -> None:
    assert counted(ev.QueueDeclared(conn=1, queue="q", durable=False, exclusive=True)) == []
