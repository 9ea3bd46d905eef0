"""Dead letters: what a message carries on its way from a queue that gave it up to the dead-letter exchange. Pure.

Source: RabbitMQ's dead lettering guide, and what RabbitMQ 3.10 does.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeAlias

from pika.compat import long
from pika.data import encode_value

from webapp.broker.properties import EXPIRATION, entries, join, split, text, value, with_headers
from webapp.broker.queues import Message
from webapp.engine.codec import UNREADABLE

Death: TypeAlias = dict[str, Any]
COUNT_MAX = 2**63 - 1  # what a table can say


def death(message: Message, queue: str, reason: str, now: float) -> tuple[bytes, list[Death]]:
    """What becomes of a message that died in `queue` (rejected, expired or delivery_limit) at `now`, in seconds since 1970: its new
    property list, and all its deaths, the latest first."""
    fields = split(message.properties)
    this: Death = {
        "count": long(1),
        "reason": reason,
        "queue": queue,
        "time": datetime.fromtimestamp(int(now), UTC),
        "exchange": message.exchange,
        "routing-keys": [message.routing_key],
    }
    expiration = text(fields, EXPIRATION)
    if expiration is not None:
        this["original-expiration"] = expiration
        del fields[EXPIRATION]
    headers: dict[str, object] = {}
    known = entries(fields).get(b"x-death")
    if known is None:
        first = {"reason": reason, "queue": queue, "exchange": message.exchange}
        headers |= {f"x-first-death-{name}": each for name, each in first.items()}
    earlier = _deaths(known)
    for each in earlier:
        if (each.get("queue"), each.get("reason")) == (queue, reason):
            earlier.remove(each)
            count = each.get("count")
            this = each | {"count": long(min(count + 1, COUNT_MAX) if isinstance(count, int) else 1)}
            break
    headers["x-death"] = deaths = [this, *earlier]
    return join(with_headers(fields, headers)), deaths


def goes_round(deaths: list[Death], queue: str) -> bool:
    """Whether a letter for `queue` has died there before and nobody has rejected it since: nothing would ever end that."""
    for each in deaths:
        if each.get("reason") == "rejected":
            return False
        if each.get("queue") == queue:
            return True
    return False


def _deaths(header: bytes | None) -> list[Death]:
    """The earlier deaths; a client may have put anything there, also what can be read but not written again."""
    try:
        found = value(header) if header else None
        encode_value([], found)
    except UNREADABLE:
        return []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
