"""Exchanges: where a message goes, by its routing key and the bindings. Pure.

Source: AMQP 0-9-1, 3.1.3. Matching is shared with the projection, which has to know the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from webapp.routing import MATCHES, PREDECLARED


@dataclass
class Exchange:
    """An exchange. `bindings` are (queue, routing key), in the order they were made."""

    name: str
    kind: str
    durable: bool = False
    auto_delete: bool = False
    internal: bool = False
    arguments: dict[str, Any] = field(default_factory=dict)
    bindings: dict[tuple[str, str], None] = field(default_factory=dict)

    def routes(self, key: str) -> list[str]:
        """The queues a message with this routing key goes to, each once."""
        matches = MATCHES[self.kind]
        return list(dict.fromkeys(queue for queue, bound in self.bindings if matches(bound, key)))

    def unbind(self, queue: str) -> None:
        """A queue is gone: so are its bindings."""
        for binding in [each for each in self.bindings if each[0] == queue]:
            del self.bindings[binding]


def predeclared() -> dict[str, Exchange]:
    """The exchanges every broker has."""
    return {name: Exchange(name, kind, durable=True) for name, kind in PREDECLARED.items()}
