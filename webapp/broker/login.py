"""What the broker says of itself, and who may log in: guest with its password, from this machine. Pure.

Source: RabbitMQ's access control guide, `loopback_users`.
"""

from __future__ import annotations

from importlib.metadata import version
from ipaddress import IPv6Address, ip_address
from typing import Any

USER, PASSWORD = b"guest", b"guest"
PROPERTIES = {
    "product": "Unacked",
    "version": version("unacked"),
    "platform": "Python",
    "information": "The embedded broker of a demo, for one machine",
    "capabilities": {
        "publisher_confirms": True,
        "exchange_exchange_bindings": True,
        "basic.nack": True,
        "consumer_cancel_notify": True,
        "connection.blocked": True,
        "consumer_priorities": False,
        "authentication_failure_close": True,
        "per_consumer_qos": True,
        "direct_reply_to": False,
    },
}


def allowed(response: Any, address: str) -> bool:
    """Whether this answer of SASL's PLAIN will do on a connection to this address of ours."""
    data = response.encode() if isinstance(response, str) else bytes(response or b"")
    return data.split(b"\0")[-2:] == [USER, PASSWORD] and is_loopback(address)


def is_loopback(address: str) -> bool:
    """Whether who connects to this address of ours is on this machine: RabbitMQ looks at its own end, too."""
    host = ip_address(address)
    mapped = host.ipv4_mapped if isinstance(host, IPv6Address) else None
    return (mapped or host).is_loopback
