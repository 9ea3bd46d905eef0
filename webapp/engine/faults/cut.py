"""Cut: both sockets are closed at once, and neither side hears an AMQP goodbye.

client ──╳    ╳──► broker          the broker sees the end of the connection, and so does the client
client ◄─╳    ╳─── broker
"""

from __future__ import annotations

from collections.abc import Sequence

from webapp.engine.faults.line import Road


def cut(roads: Sequence[Road]) -> None:
    for road in roads:
        road.cut()
