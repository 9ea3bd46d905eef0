"""The projection under any sequence of events: no exception, and the books add up after each."""

import itertools
from contextlib import AbstractContextManager, nullcontext

import pytest
from hypothesis import given, settings

from tests.soup import SOUPS, check, tiny
from webapp import events as ev
from webapp.events import Event, decode, encode
from webapp.projection import State, apply

BOUNDS = pytest.mark.parametrize("bounds", [nullcontext, tiny], ids=["bounds as they are", "tiny bounds"])
Bounds = type[AbstractContextManager[None]]


@BOUNDS
@given(events=SOUPS)
def test_no_event_is_an_error_and_the_books_add_up_after_each(bounds: Bounds, events: list[Event]) -> None:
    stir(bounds, events)


def stir(bounds: Bounds, events: list[Event]) -> None:
    with bounds():
        now = State()
        for event in events:
            apply(now, event)
            check(now)


@pytest.mark.long
@BOUNDS
@settings(max_examples=3_000)
@given(events=SOUPS)
def test_nor_is_it_in_very_many_soups(bounds: Bounds, events: list[Event]) -> None:
    stir(bounds, events)


def test_a_number_that_a_connection_behind_a_black_hole_has_had_may_come_again() -> None:
    """Found by the soups."""
    at = itertools.count(1)
    peer = "127.0.0.1:50001"
    stir(
        nullcontext,
        [
            ev.RunStarted(
                started="", ack="manual", prefetch=1, queue="task_queue", version=1, seq=1, at=next(at)
            ),
            ev.WorkerStarted(
                worker="worker-1", pid=4121, ack="manual", prefetch=1, queue="q", seq=2, at=next(at)
            ),
            ev.ConnectionOpened(conn=1, name="worker-1", product="pika", peer=peer, seq=3, at=next(at)),
            ev.ConnectionOpened(conn=2, name="laptop", product="pika", peer=peer, seq=4, at=next(at)),
            ev.Blackholed(conn=2, seq=5, at=next(at)),
            ev.ConnectionClosed(conn=1, by="network", seq=6, at=next(at)),
            ev.ConsumerStarted(
                conn=2, channel=1, queue="q", consumer="c", auto_ack=False, seq=7, at=next(at)
            ),
            ev.ConnectionClosed(conn=2, by="broker", seq=8, at=next(at)),
            ev.ConnectionOpened(conn=2, name="worker-1", product="pika", peer=peer, seq=9, at=next(at)),
        ],
    )


@given(SOUPS)
def test_every_event_comes_through_a_line_of_json(events: list[Event]) -> None:
    for event in events:
        line = encode(event)
        assert b"\n" not in line
        assert decode(line) == event
