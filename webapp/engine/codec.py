"""What pika's codec raises on bytes that make no sense: for whoever decodes what a client or a broker has sent. Pure."""

from __future__ import annotations

import struct

from pika.exceptions import AMQPError

# OSError is a time that the platform does not know.
UNREADABLE = (
    AMQPError,
    struct.error,
    ArithmeticError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)
