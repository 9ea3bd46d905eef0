"""AMQP's methods by name: which of them the tap can hold, and who says them.

A method that both sides know (basic.ack is also a publisher's confirm) means the client's here. Those of the connection itself,
on channel 0, are not held: its heartbeats would go on and its end would not. Source: AMQP 0-9-1, the methods of channels.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from pika import spec


class Method(NamedTuple):
    """Who says it, and its class and method number in one."""

    side: Literal["client", "broker"]
    number: int


def _name(pika_name: str) -> str:
    """Basic.GetOk as the specification writes it: basic.get-ok."""
    kind, method = pika_name.split(".")
    return f"{kind.lower()}.{re.sub(r'(?<=[a-z])(?=[A-Z])', '-', method).lower()}"


_ANSWERS = ("basic.deliver", "basic.return", "basic.get-empty")
NAMES = {number: _name(method.NAME) for number, method in spec.methods.items()}
HOLDABLE: dict[str, Method] = {
    name: Method("broker" if name.endswith("-ok") or name in _ANSWERS else "client", number)
    for number, name in sorted(NAMES.items(), key=lambda each: each[1])
    if name.split(".")[0] in ("basic", "channel", "confirm", "exchange", "queue", "tx")
}
