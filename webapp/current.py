"""The newest state of the run, and the engine's clock as this process can tell it.

Whoever wants to know of changes waits for `changed`. Must not import Flask, eventlet or Socket.IO.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from webapp import projection
from webapp.events import AnyEvent, BrokerStarted, BrokerStopped, RunStarted


class Current:
    """Takes events in; `state` is what they add up to, `now()` is the engine's clock, in seconds since the run began."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.state = projection.State()
        self.changed = threading.Event()
        self.amqp_port: int | None = None  # the tap's, once it listens
        self.port_before: int | None = (
            None  # the tap's, the last time it listened: there is a run to go on with
        )
        self.broker_up = False
        self._clock = clock
        self._began: float | None = None  # our clock's time of the run's beginning

    def take(self, event: AnyEvent) -> None:
        if isinstance(event, RunStarted):
            self._began = None
            self.amqp_port = None
            self.broker_up = False
        elif isinstance(event, BrokerStarted):
            self.amqp_port = self.port_before = event.amqp_port
            self.broker_up = True
        elif isinstance(event, BrokerStopped):
            self.broker_up = False
        # An event arrives late or in time, never early: the earliest beginning seen is the best estimate.
        began = self._clock() - event.at
        if self._began is None or began < self._began:
            self._began = began
        projection.apply(self.state, event)
        self.changed.set()

    @property
    def began(self) -> float:
        """The moment of our clock when the run began."""
        return self._clock() - self.now()

    def now(self) -> float:
        """Seconds since the run began, never before the last event; 0 before there was one."""
        return 0.0 if self._began is None else self._clock() - self._began
