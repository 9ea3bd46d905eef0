"""Which queues are worth asking the broker about, and when. Pure: it is told events and ticks, it says which to count.

A queue is counted on the ticks after something happened to it, until its count can be trusted: the projection compares only
when two counts with nothing between them agree.
"""

from __future__ import annotations

from webapp import events as ev

TICKS = 3  # counts after the last event that touched a queue
QUEUES_MAX = 200
_TOUCHES = (
    ev.QueueDeclared,
    ev.QueuePurged,
    ev.QueueDeleted,
    ev.ConsumerStarted,
    ev.Published,
    ev.Delivered,
)
# These do not say which. A consumer is one, because an auto-delete queue goes with its last.
_TOUCHES_ANY = (
    ev.ConnectionClosed,
    ev.ChannelClosed,
    ev.ConsumerCancelled,
    ev.Nacked,
    ev.Rejected,
    ev.BrokerStarted,
)


class Census:
    """The queues seen on the wire, each with the number of counts it is still owed."""

    def __init__(self) -> None:
        self._owed: dict[str, int] = {}
        self._closed_to_us: set[str] = set()
        self._made: set[str] = set()
        self.last_declared = float("-inf")  # when a queue was last seen to be made, in seconds of the run

    def note(self, event: ev.Event) -> None:
        """Takes note of an event. A close, a nack or the end of a consumer can touch any queue."""
        if isinstance(event, _TOUCHES):
            queue = event.queue
            if isinstance(event, ev.QueueDeclared) and queue not in self._made:
                self.last_declared = event.at
                if len(self._made) < QUEUES_MAX:
                    self._made.add(queue)
            elif isinstance(event, ev.QueueDeleted):
                self._made.discard(queue)
            if isinstance(event, ev.QueueDeclared) and event.exclusive:
                self.shut(queue)
            elif (
                queue
                and queue not in self._closed_to_us
                and (queue in self._owed or len(self._owed) < QUEUES_MAX)
            ):
                self._owed[queue] = TICKS
        elif isinstance(event, _TOUCHES_ANY):
            self._owed = dict.fromkeys(self._owed, TICKS)

    def due(self) -> list[str]:
        """The queues to count on this tick."""
        due = [queue for queue, owed in self._owed.items() if owed]
        for queue in due:
            self._owed[queue] -= 1
        return due

    def known(self) -> list[str]:
        """Every queue that was seen and that we may ask about."""
        return list(self._owed)

    def missing(self, queue: str) -> None:
        """The broker says there is no such queue: not asked again until something touches it."""
        self._owed.pop(queue, None)

    def shut(self, queue: str) -> None:
        """The queue is another connection's own: never asked again."""
        self._owed.pop(queue, None)
        if len(self._closed_to_us) < QUEUES_MAX:
            self._closed_to_us.add(queue)
