"""Exchanges: where a message goes, by its routing key and the bindings, to queues and to other exchanges. Pure.

Source: AMQP 0-9-1, 3.1.3. Matching is shared with the projection, which has to know the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from webapp.routing import MATCHES, PREDECLARED


class Binding(NamedTuple):
    """From an exchange to the queue, or the exchange, of this name."""

    to_queue: bool
    name: str
    key: str


@dataclass
class Exchange:
    """An exchange. `bindings` are in the order they were made."""

    name: str
    type: str
    durable: bool = False
    auto_delete: bool = False
    internal: bool = False
    arguments: dict[str, Any] = field(default_factory=dict)
    bindings: dict[Binding, None] = field(default_factory=dict)

    @property
    def stored(self) -> bool:
        """Whether it survives a restart."""
        return self.durable

    def matching(self, key: str) -> Iterator[Binding]:
        """The bindings that a message with this routing key follows."""
        matches = MATCHES[self.type]
        return (binding for binding in self.bindings if matches(binding.key, key))

    def unbind(self, to_queue: bool, name: str) -> bool:
        """A queue, or an exchange, is gone: so are its bindings. Whether there were any."""
        gone = [each for each in self.bindings if each[:2] == (to_queue, name)]
        for binding in gone:
            del self.bindings[binding]
        return bool(gone)


def routes(exchanges: Mapping[str, Exchange], exchange: str, key: str) -> list[str]:
    """The queues that a message for this exchange and routing key goes to, each once."""
    waiting = [exchange]
    reached = {exchange}
    queues: dict[str, None] = {}
    for name in waiting:
        for binding in exchanges[name].matching(key):
            if binding.to_queue:
                queues[binding.name] = None
            elif binding.name not in reached:
                reached.add(binding.name)
                waiting.append(binding.name)
    return list(queues)


def predeclared() -> dict[str, Exchange]:
    """The exchanges every broker has."""
    return {name: Exchange(name, kind, durable=True) for name, kind in PREDECLARED.items()}
