"""Settings: read once, from flags over environment over defaults, then frozen and handed on.

OPTIONS is the one table: the command line, the environment variables and their defaults are made from it. Must not import
Flask or eventlet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pika

CHECKOUT = Path(__file__).resolve().parent.parent
MOST_WORKERS = 32
MOST_PREFETCH = 1000


class BadSetting(ValueError):
    """A flag or an environment variable has a value we cannot take; its text names it and says what is allowed."""


@dataclass(frozen=True)
class Settings:
    """Everything a run is started with. `prefetch` 0 is no limit; `ack_timeout` is in seconds; `open` None means: if somebody seems to be looking."""

    host: str = "127.0.0.1"
    port: int = 8000
    amqp_port: int = 5672
    broker: str = "embedded"
    workers: int = 3
    ack: str = "manual"
    prefetch: int = 1
    queue: str = "task_queue"
    ack_timeout: int = 60
    data: Path = CHECKOUT / ".unacked"
    open: bool | None = None

    @property
    def tap_host(self) -> str:
        """The address at which this machine reaches the tap."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)

    @property
    def broker_is_external(self) -> bool:
        return self.broker not in ("embedded", "rabbitmq")


# -- checks: text in, value out; ValueError says what is allowed --------------------------------------------------


def whole(low: int, high: int, more: str = "") -> Callable[[str], int]:
    """A check for a whole number from `low` to `high`, both included."""

    def check(text: str) -> int:
        digits = text.strip()
        if not digits.isascii() or not digits.isdigit() or len(digits) > 9 or not low <= int(digits) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}{more}")
        return int(digits)

    return check


def one_of(*words: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in words:
            raise ValueError("must be " + " or ".join(words))
        return text

    return check


def host(text: str) -> str:
    if not text.strip():
        raise ValueError("must be an address or a host name, 127.0.0.1 say")
    return text.strip()


def queue_name(text: str) -> str:
    """1 to 255 bytes of UTF-8, the length AMQP's short string allows; names with a meaning of their own are refused."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        size = 0
    if not 1 <= size <= 255:
        raise ValueError("must have 1 to 255 bytes of UTF-8")
    if text == "results" or text.startswith("amq."):
        raise ValueError("must not be results (workers publish their results there) or begin with amq.")
    return text


def broker(text: str) -> str:
    """embedded, rabbitmq, or an AMQP URL that pika can read."""
    if text in ("embedded", "rabbitmq"):
        return text
    try:
        parts = urlsplit(text)
        if parts.scheme not in ("amqp", "amqps") or not parts.hostname or parts.port == 0:
            raise ValueError
        if parts.username is not None and parts.password is None:
            raise ValueError
        pika.URLParameters(text)
    except (ValueError, TypeError):
        raise ValueError(
            "must be embedded, rabbitmq, or a URL like amqp://user:password@host:5672/"
        ) from None
    return text


def folder(text: str) -> Path:
    if not text.strip() or "\0" in text:
        raise ValueError("must be a folder's path")
    return Path(text).expanduser().absolute()


def yes_or_no(text: str) -> bool:
    meaning = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if text.lower() not in meaning:
        raise ValueError("must be 1 or 0, yes or no")
    return meaning[text.lower()]


def without_password(text: str) -> str:
    """A URL fit to be shown: its password as ***."""
    try:
        parts = urlsplit(text)
        password = parts.password
    except ValueError:
        return "a URL that cannot be read"
    if not password:
        return text
    userinfo, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{userinfo.partition(':')[0]}:***@{place}"))


# -- the table ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Option:
    """One setting: its field in Settings, its check, what the help says of it."""

    name: str
    check: Callable[[str], Any]
    help: str
    also: str = ""  # a second environment variable, weaker than UNACKED_…
    secret: bool = False

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return "UNACKED_" + self.name.upper()

    @property
    def default(self) -> Any:
        return getattr(Settings, self.name)


OPTIONS = (
    Option("host", host, "Address the page and the tap listen on; 0.0.0.0 lets others in."),
    Option("port", whole(0, 65535), "The page's port; 0 picks a free one."),
    Option(
        "amqp_port",
        whole(0, 65535),
        "The tap's port, where AMQP clients connect. If taken, the next free one.",
    ),
    Option(
        "broker",
        broker,
        "embedded, rabbitmq (a private node, from an installed rabbitmq-server), or the amqp(s):// URL of a running one.",
        also="AMQP_URL",
        secret=True,
    ),
    Option("workers", whole(0, MOST_WORKERS), "Worker processes to begin with."),
    Option("ack", one_of("manual", "auto"), "How they acknowledge: manual or auto."),
    Option(
        "prefetch",
        whole(0, MOST_PREFETCH, " (0 is no limit)"),
        "Unacknowledged messages a worker may hold; 0 is no limit.",
    ),
    Option("queue", queue_name, "The queue tasks go through."),
    Option(
        "ack_timeout",
        whole(1, 86400),
        "Seconds until a broker of ours takes back a delivery that nobody acknowledged (RabbitMQ's default is 1800).",
    ),
    Option("data", folder, "Folder for what is kept while it runs."),
    Option("open", yes_or_no, "Open the page in a browser; by default if there is a terminal and a display."),
)


def read(flags: Mapping[str, str | None], environ: Mapping[str, str]) -> Settings:
    """Settings from `flags` (option name to text, None where not given) over `environ` over the defaults.

    An environment variable that is empty counts as not set. Raises BadSetting with one line that says what to do."""
    values = {}
    for option in OPTIONS:
        given = [
            (option.flag, flags.get(option.name)),
            (option.variable, environ.get(option.variable) or None),
            (option.also, environ.get(option.also) or None),
        ]
        found = next(((origin, text) for origin, text in given if text is not None), None)
        if found is None:
            continue
        origin, text = found
        try:
            values[option.name] = option.check(text)
        except ValueError as error:
            shown = without_password(text) if option.secret else text
            raise BadSetting(f"{origin} {error}, not {shown[:100]!r}") from None
    return Settings(**values)
