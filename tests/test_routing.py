"""Where a message goes: the topic patterns against a reference, and each kind of exchange."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.routing import PREDECLARED, routes, topic_matches


@pytest.mark.parametrize(
    ("pattern", "key", "reached"),
    [
        # a word stands for itself, whole
        ("disk", "disk", True),
        ("disk", "disks", False),
        ("disk", "Disk", False),
        ("disk.full", "disk.full", True),
        ("disk.full", "disk", False),
        ("disk", "disk.full", False),
        # `*` is one word, neither none nor two
        ("*", "disk", True),
        ("*", "", False),
        ("*", "disk.full", False),
        ("*.full", "disk.full", True),
        ("disk.*", "disk", False),
        ("disk.*.full", "disk.a.full", True),
        ("disk.*.full", "disk.full", False),
        ("*.*", "disk.full", True),
        # `#` is any number of words, none too
        ("#", "", True),
        ("#", "a.b.c", True),
        ("disk.#", "disk", True),
        ("disk.#", "disk.a.b", True),
        ("disk.#", "disks", False),
        ("#.full", "full", True),
        ("#.full", "a.b.full", True),
        ("#.full", "full.a", False),
        ("a.#.b", "a.b", True),
        ("a.#.b", "a.x.y.b", True),
        ("a.#.b", "a.x", False),
        ("#.#", "", True),
        ("#.*", "", False),
        ("#.*", "a", True),
        ("*.#.*", "a", False),
        ("#.error.#", "a.error.b.error", True),
        # as part of a word they are letters like any other
        ("di*", "disk", False),
        ("di*", "di*", True),
        ("#disk", "#disk", True),
        ("a.b", "a+b", False),
        # nothing is nothing; an empty word is a word
        ("", "", True),
        ("", "a", False),
        ("a..b", "a..b", True),
        ("a.*.b", "a..b", True),
        ("a.b", "a..b", False),
        (".", ".", True),
        ("*.*", ".", True),
    ],
)
def test_a_topic_pattern_matches_word_by_word(pattern: str, key: str, reached: bool) -> None:
    assert topic_matches(pattern, key) is reached


def reference(pattern: str, key: str) -> bool:
    """The same in one regular expression: every word carries a dot at its end."""
    words = {"#": r"(?:[^.]*\.)*", "*": r"[^.]*\."}
    parts = pattern.split(".") if pattern else []
    text = "".join(f"{word}." for word in key.split(".")) if key else ""
    return re.fullmatch("".join(words.get(part, re.escape(part) + r"\.") for part in parts), text) is not None


WORDS = st.sampled_from(["a", "b", "ab", ""])
KEYS = st.lists(WORDS, max_size=6).map(".".join)
PATTERNS = st.lists(WORDS | st.sampled_from(["*", "#"]), max_size=6).map(".".join)


@given(PATTERNS, KEYS)
def test_a_topic_pattern_matches_what_the_same_regular_expression_matches(pattern: str, key: str) -> None:
    assert topic_matches(pattern, key) is reference(pattern, key)


@given(KEYS)
def test_a_pattern_of_plain_words_matches_itself(key: str) -> None:
    assert topic_matches(key, key)
    assert topic_matches("#", key)


def test_a_long_pattern_is_not_tried_in_every_possible_way() -> None:
    """What a backtracking match would not live to see: it has as many ways as there are ways to share 200 words."""
    assert not topic_matches(".".join(["#", "a"] * 50), ".".join(["a"] * 199 + ["b"]))


BOUND = {
    "x": [("red", "red"), ("blue", "blue"), ("both", "red"), ("both", "blue"), ("all", "#"), ("red", "*")],
}


@pytest.mark.parametrize(
    ("kind", "key", "queues"),
    [
        ("direct", "red", ["red", "both"]),
        ("direct", "blue", ["blue", "both"]),
        ("direct", "#", ["all"]),
        ("direct", "*", ["red"]),
        ("direct", "re", []),
        ("direct", "", []),
        ("fanout", "red", ["red", "blue", "both", "all"]),
        ("fanout", "", ["red", "blue", "both", "all"]),
        ("topic", "red", ["red", "both", "all"]),
        ("topic", "blue", ["blue", "both", "all", "red"]),
        ("topic", "red.dark", ["all"]),
        ("headers", "red", []),
        ("x-random", "red", []),
    ],
)
def test_each_queue_is_reached_once_in_the_order_it_was_bound(kind: str, key: str, queues: list[str]) -> None:
    assert routes({"x": kind}, BOUND, "x", key) == queues


@pytest.mark.parametrize(("name", "kind"), PREDECLARED.items())
def test_the_predeclared_exchanges_need_no_declaration(name: str, kind: str) -> None:
    bindings = {name: BOUND["x"]}
    assert routes({}, bindings, name, "blue") == routes({name: kind}, bindings, name, "blue") != []


def test_an_exchange_nobody_saw_leads_nowhere() -> None:
    assert routes({}, BOUND, "x", "red") == []
    assert routes({}, {}, "", "red") == []


def test_an_exchange_without_bindings_leads_nowhere() -> None:
    assert routes({"y": "fanout"}, BOUND, "y", "red") == []
