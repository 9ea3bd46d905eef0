"""A port for a test that has to name one, and to have it again after whoever listened there has gone."""

from __future__ import annotations

import random
import socket

BELOW_THE_CLIENTS = range(20_000, 32_000)  # the system gives clients theirs from 32768 (Linux) or 49152 up


def free_port() -> int:
    """Nobody listens there, and no client of anybody's is given it meanwhile, as one that the system picks may be."""
    while True:
        port = random.choice(BELOW_THE_CLIENTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
