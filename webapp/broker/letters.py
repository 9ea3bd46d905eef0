"""Dead letters: what a message carries on its way from a queue that gave it up to the dead-letter exchange. Pure.

Source: RabbitMQ's dead lettering guide, and what RabbitMQ 3.10 does.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pika import BasicProperties
from pika.compat import long

from webapp.broker.queues import Message


def dead_letter(
    message: Message, queue: str, reason: str, now: float
) -> tuple[BasicProperties, dict[str, Any]]:
    """Properties and headers of a message that died in `queue` (rejected, expired or delivery_limit) at `now`, in seconds since
    1970."""
    properties = BasicProperties().decode(message.properties)
    headers = dict(properties.headers or {})
    death: dict[str, Any] = {
        "count": long(1),
        "reason": reason,
        "queue": queue,
        "time": datetime.fromtimestamp(int(now), UTC),
        "exchange": message.exchange,
        "routing-keys": [message.routing_key],
    }
    if properties.expiration is not None:
        death["original-expiration"] = properties.expiration
        properties.expiration = None
    earlier = deaths(headers)
    if "x-death" not in headers:
        headers |= {
            "x-first-death-reason": reason,
            "x-first-death-queue": queue,
            "x-first-death-exchange": message.exchange,
        }
    for each in earlier:
        if (each.get("queue"), each.get("reason")) == (queue, reason):
            earlier.remove(each)
            death = each | {
                "count": long(each["count"] + 1) if isinstance(each.get("count"), int) else long(1)
            }
            break
    headers["x-death"] = [death, *earlier]
    return properties, headers


def goes_round(headers: dict[str, Any], queue: str) -> bool:
    """Whether a letter for `queue` has died there before and nobody has rejected it since: nothing would ever end that."""
    for death in deaths(headers):
        if death.get("reason") == "rejected":
            return False
        if death.get("queue") == queue:
            return True
    return False


def deaths(headers: dict[str, Any]) -> list[dict[str, Any]]:
    """The earlier deaths, the latest first; a client may have put anything there."""
    found = headers.get("x-death")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
