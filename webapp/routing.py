"""Where a message published to an exchange goes, from the exchanges and bindings seen on the wire. Pure.

Only what was seen counts: a binding made before the tap was there is unknown, and then the delivery tells.
Source: AMQP 0-9-1, 3.1.3 (exchange types).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

PREDECLARED = {"amq.direct": "direct", "amq.fanout": "fanout", "amq.topic": "topic"}

Matches: TypeAlias = Callable[[str, str], bool]


def topic_matches(pattern: str, key: str) -> bool:
    """Whether a topic pattern (`*` one word, `#` any number of words) matches a routing key."""
    words = key.split(".") if key else []
    reachable = {0}  # how many words the part of the pattern so far can have eaten
    for part in pattern.split(".") if pattern else []:
        if part == "#":
            reachable = set(range(min(reachable, default=len(words) + 1), len(words) + 1))
        else:
            reachable = {at + 1 for at in reachable if at < len(words) and part in ("*", words[at])}
    return len(words) in reachable


MATCHES: dict[str, Matches] = {
    "direct": lambda bound, key: bound == key,
    "fanout": lambda *_: True,
    "topic": topic_matches,
}


def routes(
    exchanges: Mapping[str, str], bindings: Mapping[str, Sequence[tuple[str, str]]], exchange: str, key: str
) -> list[str]:
    """The queues a message with this routing key reaches through this exchange, each once, in the order they were bound."""
    matches = MATCHES.get(exchanges.get(exchange, PREDECLARED.get(exchange, "")))
    if matches is None:
        return []
    return list(dict.fromkeys(queue for queue, bound in bindings.get(exchange, ()) if matches(bound, key)))
