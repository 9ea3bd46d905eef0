"""Keeps the broker up, and a connection of ours to it: starts it, notices that it is gone, gets it back, restarts it where that is asked.

    start ─► up ──(it ends, or does not answer)──► gone ──► started again, until it is up
              └──(only our connection is lost)──► connected again

Must not know the workers, nor who asks.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from webapp import events as ev
from webapp.engine import brokers
from webapp.engine.brokers import Broker
from webapp.engine.journal import Journal
from webapp.engine.monitor import Monitor
from webapp.engine.refused import Refused

RETRY = (0.25, 4.0)  # seconds between two tries to get the broker back: the first, and the longest
RESTART_TIMEOUT = 90.0  # seconds a restart of the broker may take


class Keeper:
    """Keeps `broker`. `amqp_port` is the tap's. `on_up` is called whenever the broker is up, and that has been said."""

    def __init__(self, broker: Broker, journal: Journal, amqp_port: int, on_up: Callable[[], None]) -> None:
        self.broker = broker
        self.monitor = Monitor(broker)
        self.up = asyncio.Event()
        self._journal = journal
        self._amqp_port = amqp_port
        self._on_up = on_up
        self._restart_asked = False

    async def start(self) -> None:
        """Returns once it is up. Raises BrokerFailed."""
        await self.broker.start()
        await self._connect_patiently()
        self._is_up()

    async def close(self) -> None:
        """Ends the broker, where it is ours, and our connection."""
        await self.broker.close()
        await self.monitor.close()

    async def restart(self, last_declared: float) -> None:
        """kill -9, and wait until it is up again. `last_declared`: when a queue was made, in seconds of the run. Raises Refused."""
        if not self.broker.own:
            raise Refused(409, "This broker is not ours to restart: restart it where it runs.")
        if self._restart_asked or not self.up.is_set():
            raise Refused(409, "The broker is being started already.")
        self._restart_asked = True
        await asyncio.sleep(self.broker.settle_for - (self._journal.now() - last_declared))
        if self._restart_asked and self.up.is_set():  # else it has died meanwhile, and is restarted for that
            self.up.clear()
            self._journal.say(ev.BrokerStopped(kind=self.broker.kind, asked=True, detail="kill -9"))
            await self.broker.kill()
        try:
            await asyncio.wait_for(self.up.wait(), RESTART_TIMEOUT)
        except TimeoutError:
            raise Refused(503, "The broker has not come back yet.") from None

    async def keep(self) -> None:
        """Notices that the broker is gone, and gets it back. Goes on for ever."""
        while True:
            ended, lost = asyncio.ensure_future(self.broker.wait()), self.monitor.closed
            await asyncio.wait([ended, lost], return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                await asyncio.wait([ended], timeout=0.2)  # the socket is often seen to go before the process
            # Where it is not up any more, we have killed it ourselves, as we were asked to.
            if not ended.done() and self.up.is_set() and await self._reconnect():
                ended.cancel()
                continue  # only our own connection was lost
            if self.up.is_set():
                detail = ended.result() if ended.done() else lost.result()
                self.up.clear()
                self._journal.say(ev.BrokerStopped(kind=self.broker.kind, detail=detail))
            ended.cancel()
            await self._get_back()

    async def _reconnect(self) -> bool:
        self.monitor = Monitor(self.broker)
        with contextlib.suppress(brokers.BrokerFailed):
            await self.monitor.connect()
            return True
        return False

    async def _get_back(self) -> None:
        wait = RETRY[0]
        while True:
            with contextlib.suppress(brokers.BrokerFailed):
                await self.broker.kill()
                await self.broker.start()
                self.monitor = Monitor(self.broker)
                await self._connect_patiently()
                self._is_up()
                return
            await asyncio.sleep(wait)
            wait = min(wait * 2, RETRY[1])

    async def _connect_patiently(self) -> None:
        """A broker of ours may need a moment after its port is open; a foreign one is asked once."""
        deadline = asyncio.get_running_loop().time() + brokers.START_TIMEOUT
        while True:
            try:
                await self.monitor.connect()
                return
            except brokers.BrokerFailed:
                if not self.broker.own or asyncio.get_running_loop().time() > deadline:
                    raise
            await asyncio.sleep(RETRY[0])
            self.monitor = Monitor(self.broker)

    def _is_up(self) -> None:
        broker, monitor = self.broker, self.monitor
        self._restart_asked = False
        self.up.set()
        self._journal.say(
            ev.BrokerStarted(
                kind=broker.kind,
                product=monitor.product,
                version=monitor.version,
                url=broker.url(broker.address.host, broker.address.port, password=False),
                amqp_port=self._amqp_port,
                pid=broker.pid,
                ack_timeout=broker.ack_timeout,
            )
        )
        self._on_up()
