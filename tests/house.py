"""The embedded broker's virtual host in the test's own process: sessions on a transport that is none."""

import asyncio
import gc
import time
import weakref

from tests.fuzz import FRAME_ROOM, Answers
from tests.talks import GOODBYE, PAUSE
from webapp.broker.memory import size
from webapp.broker.session import Session
from webapp.broker.store import Store
from webapp.broker.vhost import VHost


class Pipe(asyncio.Transport):
    """Carries what a session writes to the client's ears at once."""

    def __init__(self, protocol, hear):
        super().__init__()
        self.protocol, self.hear, self.closing = protocol, hear, False
        protocol.connection_made(self)

    def get_extra_info(self, _name, _default=None):
        return "127.0.0.1", 5672

    def get_write_buffer_size(self):
        return 0

    def write(self, data):
        self.hear(data)

    def is_closing(self):
        return self.closing

    def close(self):
        if not self.closing:
            self.closing = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def pause_reading(self):
        """Nothing is read anyway."""

    resume_reading = pause_reading
    abort = close


class House:
    """A virtual host in this process. Whatever its loop could not handle is raised at the end."""

    def __init__(self, folder):
        loop = asyncio.get_running_loop()
        self.trouble = []
        self.sessions = weakref.WeakSet()
        loop.set_exception_handler(lambda _, context: self.trouble.append(context))
        self.store = Store(folder / "store")
        self.vhost = VHost(self.store, loop.call_soon, loop.call_later, time.time)

    async def hears(self, talk, between=None):
        """One client's talk, in full; `between` sees (side, bytes) of it in both directions."""
        between = between or (lambda _side, _data: None)
        answers = Answers()

        def hear(data):
            between("broker", bytes(data))
            answers.take(bytes(data))

        def say(data):
            if not pipe.closing:
                between("client", data)
                pipe.protocol.data_received(data)

        session = Session(self.vhost, heartbeat=0, ack_timeout=5.0)
        self.sessions.add(session)
        pipe = Pipe(session, hear)
        for chunk in talk.chunks:
            if chunk == PAUSE:
                await turns(3)
            else:
                say(chunk)
        if talk.ends == "goodbye":
            say(GOODBYE)
            await turns(2)
            if not answers.closed:
                say(bytes(FRAME_ROOM))  # whatever frame it waits for is over now
                await turns(2)
            assert answers.closed or pipe.closing, "neither an answer nor the end"
        pipe.close()
        await turns(2)
        if answers.closed or pipe.closing:
            answers.over()

    def check(self):
        """No client is left: nothing of one is, either."""
        assert not self.trouble, self.trouble
        gc.collect()  # a session and its channels know each other
        assert not self.sessions and not self.vhost.memory.waiting
        queues = self.vhost.queues.values()
        assert not [queue for queue in queues if queue.owner or queue.consumers or queue.unacked]
        assert self.vhost.memory.used == sum(size(message) for queue in queues for message in queue)


async def turns(count):
    """So many turns of the loop."""
    for _ in range(count):
        await asyncio.sleep(0)
