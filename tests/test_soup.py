"""The projection under any sequence of events: no exception, and the books add up after each."""

from contextlib import AbstractContextManager, nullcontext

import pytest
from hypothesis import given, settings

from tests.soup import SOUPS, check, tiny
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


@given(SOUPS)
def test_every_event_comes_through_a_line_of_json(events: list[Event]) -> None:
    for event in events:
        line = encode(event)
        assert b"\n" not in line
        assert decode(line) == event
