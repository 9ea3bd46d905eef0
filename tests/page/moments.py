"""The main moments of the demo as keyframes: told event by event, understood by the real projection, and the same each time.

Each moment is a function that gives a `Story`; `story.frame()` is what the server would send at that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tests.history import audit
from webapp import events as ev
from webapp import projection
from webapp.events import Event
from webapp.frames import view

PRODUCER = 1
QUEUE = "task_queue"
TICK = 0.001  # seconds from one event to the next
BEGIN = 20.0  # seconds into the run: what happened before has been seen


class Story:
    """So many workers with a connection each, all idle for a while. The clock stands still but for `wait`."""

    def __init__(self, workers: int = 3, ack: str = "manual", prefetch: int = 1) -> None:
        self.state = projection.State()
        self.now = 0.0
        self.auto, self.prefetch = ack == "auto", prefetch
        self.tasks = 0
        self.tags: dict[str, int] = {}
        self.held: dict[str, tuple[str, int]] = {}  # the worker and the delivery tag of each task
        self.conns: dict[str, int] = {}
        mode = {"ack": ack, "prefetch": prefetch, "queue": QUEUE}
        self.say(ev.RunStarted, started="2026-01-01T10:00:00.000+00:00", **mode)
        broker = {
            "kind": "embedded",
            "product": "Unacked",
            "version": "1.0",
            "url": "amqp://127.0.0.1:40123/",
        }
        self.say(ev.BrokerStarted, amqp_port=5672, **broker)
        self.opened(PRODUCER, "producer", "Unacked producer 1.0")
        for n in range(1, workers + 1):
            self.say(ev.WorkerStarted, worker=f"worker-{n}", pid=4120 + n, **mode)
            self.opened(PRODUCER + n, f"worker-{n}", "pika Python Client Library 1.4.4")
            self.say(
                ev.ConsumerStarted,
                conn=PRODUCER + n,
                channel=1,
                queue=QUEUE,
                consumer=f"ctag1.{n}",
                auto_ack=self.auto,
                prefetch=prefetch,
            )
        self.now = BEGIN

    def say(self, kind: Callable[..., Event], /, **fields: Any) -> None:
        self.now += TICK
        projection.apply(self.state, kind(seq=self.state.seq + 1, at=round(self.now, 3), **fields))

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def frame(self) -> dict[str, Any]:
        audit(self.state)
        link = {"engine": True, "watching": 1}
        return {"n": self.state.seq, "key": True, "link": link, **view(self.state), "at": round(self.now, 3)}

    # -- what happens ---------------------------------------------------------------------------------------------

    def opened(self, conn: int, name: str, product: str) -> None:
        self.conns[name] = conn
        peer = f"127.0.0.1:{50000 + conn}"
        self.say(ev.ConnectionOpened, conn=conn, name=name, product=product, peer=peer, heartbeat=4)
        self.say(ev.QueueDeclared, conn=conn, queue=QUEUE, durable=True, kind="quorum")

    def publish(self, *bodies: str) -> None:
        for body in bodies:
            self.tasks += 1
            self.say(
                ev.Published,
                conn=PRODUCER,
                channel=1,
                task=f"t{self.tasks}",
                queue=QUEUE,
                exchange="",
                routing_key=QUEUE,
                persistent=True,
                body=body,
                size=len(body),
            )
            self.say(ev.Confirmed, conn=PRODUCER, channel=1, task=f"t{self.tasks}")

    def deliver(self, n: int, worker: str) -> None:
        task = self.state.tasks[f"t{n}"]
        tag = self.tags[worker] = self.tags.get(worker, 0) + 1
        self.held[task.key] = worker, tag
        self.say(
            ev.Delivered,
            conn=self.conns[worker],
            channel=1,
            tag=tag,
            task=task.key,
            queue=QUEUE,
            consumer=f"ctag1.{worker}",
            auto_ack=self.auto,
            redelivered=bool(task.attempts),
            exchange="",
            routing_key=QUEUE,
            body=task.body,
            size=len(task.body),
            persistent=True,
            delivery_count=len(task.attempts),
        )

    def share(self, tasks: Iterable[int], workers: int = 3) -> None:
        """Round robin."""
        for i, n in enumerate(tasks):
            self.deliver(n, f"worker-{i % workers + 1}")

    def ack(self, n: int) -> None:
        worker, tag = self.held[f"t{n}"]
        self.say(ev.Acked, conn=self.conns[worker], channel=1, tag=tag, task=f"t{n}")

    def kill(self, worker: str) -> None:
        self.say(ev.WorkerAsked, worker=worker, action="stop")
        self.say(ev.ConnectionClosed, conn=self.conns[worker], by="network")
        self.say(ev.WorkerExited, worker=worker, pid=4120, signal="SIGKILL", asked="stop")


# -- the moments ----------------------------------------------------------------------------------------------------


def quiet() -> Story:
    """Three idle workers, an empty queue."""
    story = Story()
    story.wait(20)
    return story


def working() -> Story:
    """A task in each worker's hand, a ghost of each, one done and two waiting."""
    story = Story()
    story.publish("mail.")
    story.deliver(1, "worker-1")
    story.wait(1)
    story.ack(1)
    story.wait(5)
    story.publish("photo.....", "video........", "resize...", "photo.....", "mail..")
    story.share([2, 3, 4])
    story.wait(1.6)
    return story


def killed() -> Story:
    """worker-2 was stopped, nobody is free: its task is on its way back to the Ready shelf."""
    story = working()
    story.kill("worker-2")
    return story


def back() -> Story:
    """The task is back at the head of the Ready shelf."""
    story = killed()
    story.wait(2)
    return story


def on_its_way() -> Story:
    """The next free worker gets it: the chip is in the air."""
    story = back()
    story.ack(4)
    story.deliver(3, "worker-3")
    story.wait(0.9)
    return story


def second() -> Story:
    """The second attempt is under way, and the way back is still drawn."""
    story = on_its_way()
    story.wait(1.4)
    return story


def lost() -> Story:
    """Auto-ack: what worker-1 had in hand, begun or not, lies under Lost, by name."""
    story = Story(ack="auto", prefetch=5)
    story.publish(*["photo....."] * 8)
    story.share(range(1, 9))
    story.wait(1.5)
    story.kill("worker-1")
    story.wait(2)
    return story


def many() -> Story:
    """Sixteen workers with five tasks each, one of them stopped, and ten thousand ready."""
    story = Story(workers=16, prefetch=5)
    story.publish(*["photo...."] * 10_075)
    story.share(range(1, 81), workers=16)
    story.wait(2)
    story.kill("worker-6")
    story.wait(3)
    return story
