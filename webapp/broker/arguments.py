"""What queue.declare may ask for: checked when a queue is made, compared when it is there. Pure. Texts are RabbitMQ 3.10's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pika.compat import long

from webapp.broker.errors import ChannelError, left_out
from webapp.broker.queues import Queue

TIME_MAX = 315_360_000_000  # milliseconds: ten years
COMPARED = (  # a second declare has to repeat these
    "x-expires",
    "x-message-ttl",
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
    "x-queue-type",
    "x-delivery-limit",
)
CLASSIC_ONLY = ("x-max-priority", "x-queue-mode")
QUORUM_ONLY = ("x-delivery-limit", "x-dead-letter-strategy", "x-quorum-initial-group-size")
LEFT_OUT = (
    "x-dead-letter-strategy",
    "x-max-length",
    "x-max-length-bytes",
    "x-overflow",
    "x-max-priority",
    "x-single-active-consumer",
)
TYPES = {str: "longstr", bytes: "longstr", bool: "bool", int: "signedint", long: "long", float: "double"}


def check(name: str, method: Any) -> None:
    """A queue that is to be made. Raises ChannelError 406, or ConnectionError_ 540 for what this broker leaves out."""
    arguments = method.arguments
    kind = arguments.get("x-queue-type", "classic")
    where = f"for queue '{name}' in vhost '/'"
    if kind == "stream":
        raise left_out("streams are")
    if kind not in ("classic", "quorum"):
        raise ChannelError(406, f"invalid arg 'x-queue-type' {where}: \"unsupported queue type '{kind}'\"")
    for key in QUORUM_ONLY if kind == "classic" else CLASSIC_ONLY:
        if key in arguments:
            raise ChannelError(406, f"invalid arg '{key}' {where} of queue type rabbit_{kind}_queue")
    for key in LEFT_OUT:
        if key in arguments:
            raise left_out(f"{key} is")
    for key in ("x-message-ttl", "x-expires"):
        wrong = _wrong_time(arguments.get(key), zero=key == "x-message-ttl")
        if wrong:
            raise ChannelError(406, f"invalid arg '{key}' {where}: {wrong}")
    exchange, routing_key = (arguments.get(f"x-dead-letter-{part}") for part in ("exchange", "routing-key"))
    if not isinstance(exchange, str | None):
        words = f"invalid type '{_type(exchange)}' for arg 'x-dead-letter-exchange' in queue '{name}' in vhost '/'"
        raise ChannelError(406, words)
    if routing_key is not None and (exchange is None or not isinstance(routing_key, str)):
        wrong = "routing_key_but_no_dlx_defined"
        if not isinstance(routing_key, str):
            wrong = f"{{unacceptable_type,{_type(routing_key)}}}"
        raise ChannelError(406, f"invalid arg 'x-dead-letter-routing-key' {where}: {wrong}")
    if kind == "quorum":
        for given, option in (
            (not method.durable, "non-durable"),
            (method.auto_delete, "auto-delete"),
            (method.exclusive, "exclusive-owner"),
        ):
            if given:
                raise ChannelError(406, f"invalid property '{option}' {where}")


def same(what: str, there: Any, method: Any, options: Iterable[str]) -> None:
    """A declare of a queue or an exchange that is there has to ask for the same. Raises ChannelError 406."""
    for option in options:
        got, current = getattr(method, option), getattr(there, option)
        if got != current:
            raise _unequal(option, what, there.name, f"'{_word(got)}'", f"'{_word(current)}'")


def same_queue(there: Queue, method: Any) -> None:
    """Also of the arguments. Raises ChannelError 406."""
    same("queue", there, method, ("durable", "auto_delete"))
    for key in COMPARED:
        value, before = method.arguments.get(key), there.arguments.get(key)
        if key == "x-queue-type" and (value or "classic") == (before or "classic"):
            continue
        if value != before:
            both = value is not None and before is not None
            words = [f"'{_word(each)}'" if both else _typed(each) for each in (value, before)]
            raise _unequal(key, "queue", there.name, *words)


def expiration(text: str) -> int:
    """The expiration property of a message, in milliseconds. Raises ChannelError 406."""
    found = re.match(r"([+-]?[0-9]+)(.*)", text, re.DOTALL)
    if not found:
        wrong = "no_integer"
    elif found[2]:
        wrong = f'{{leftover_string,"{found[2]}"}}'
    else:
        wrong = _wrong_time(int(text), zero=True)
    if wrong:
        raise ChannelError(406, f"invalid expiration '{text}': {wrong}")
    return int(text)


def _word(value: object) -> str:
    """A value as RabbitMQ writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wrong_time(value: object, *, zero: bool) -> str:
    """What is wrong with a number of milliseconds; empty where nothing is."""
    if value is None:
        return ""
    if not isinstance(value, int) or isinstance(value, bool):
        return f'"expected integer, got {_type(value)}"'
    if value < 0:
        return f"{{value_negative,{value}}}"
    if not value and not zero:
        return "{value_zero,0}"
    return f"{{value_too_large,{value}}}" if value > TIME_MAX else ""


def _unequal(option: str, what: str, name: str, got: str, current: str) -> ChannelError:
    how = f"received {got} but current is {current}"
    return ChannelError(406, f"inequivalent arg '{option}' for {what} '{name}' in vhost '/': {how}")


def _type(value: object) -> str:
    return TYPES.get(type(value), "table")


def _typed(value: object) -> str:
    return "none" if value is None else f"the value '{_word(value)}' of type '{_type(value)}'"
