"""Where events come from. `Live` is the engine: a process of its own, JSON lines both ways.

            ── events, replies ──►
    engine                          Live ── on_event(event) ──► the newest state
            ◄── {"id": 7, "do": NAME, …} ──

Uses threads, locks and sockets of the standard library; the web process has made them green. Must not import Flask,
eventlet, or the projection.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from webapp.engine.no_process import why_not
from webapp.events import AnyEvent, Reply, RunStarted, decode
from webapp.problems import EngineGone, Refused, TookTooLong

log = logging.getLogger("unacked")

CHUNK = 64 * 1024  # bytes read at once; the page gets its turn after each
LONGEST_LINE = 1024 * 1024  # bytes; more without a line end is not our engine
ANSWER_WITHIN = 30.0  # seconds
CANNOT_START = 2  # exit code of an engine that has said why it cannot start
END_WITHIN = 4.5  # seconds an engine gets for an orderly end
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before the engine is started again: the first time, the second …
STEADY = 30.0  # seconds after which a run counts as one that worked, and the pauses begin anew


class Lines:
    """Cuts a stream of bytes into whole lines, however it was chopped."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            self._rest = b""
        return [line for line in lines if line.strip()]


class Live:
    """The engine process. If it dies it is started again, with a growing pause in between.

    `command` is called before each start for the command line. `on_event` gets every event, in order. `on_life` is called
    when `alive` changed. `on_exit` gets the exit code when an engine ended that had not been asked to (negative: a signal).
    """

    def __init__(
        self,
        command: Callable[[], Sequence[str]],
        on_event: Callable[[AnyEvent], None],
        on_life: Callable[[], None],
        on_exit: Callable[[int], None],
    ) -> None:
        self.alive = False
        self._command = command
        self._on_event = on_event
        self._on_life = on_life
        self._on_exit = on_exit
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None
        self._writing = threading.Lock()
        self._waiting: dict[int, Answer] = {}
        self._last_id = 0
        self._stopping = threading.Event()
        self._complained = False

    def start(self) -> None:
        """Start the engine, and from now on keep one running. Returns at once."""
        threading.Thread(target=self._keep_running, name="engine", daemon=True).start()

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """Have the engine do something and wait for its answer; the result's fields.

        Raises EngineGone, TookTooLong, or Refused with the engine's own words."""
        orders = self._orders
        if not self.alive or orders is None:
            raise EngineGone("It is being started again; try once more in a few seconds.")
        self._last_id += 1
        number = self._last_id
        answer = self._waiting[number] = Answer()
        try:
            with self._writing:
                orders.sendall(json.dumps({"id": number, "do": do, **fields}).encode() + b"\n")
            if not answer.arrived.wait(ANSWER_WITHIN):
                raise TookTooLong(
                    f"No answer to {do} within {ANSWER_WITHIN:.0f} seconds; it may still be carried out."
                )
        except OSError:
            raise EngineGone(
                "It ended while it was being asked; what was asked may not have been done."
            ) from None
        finally:
            self._waiting.pop(number, None)
        reply = answer.reply
        if reply is None:
            raise EngineGone("It ended before it answered; what was asked may not have been done.")
        if not reply.ok:
            raise Refused(reply.status, reply.title, reply.detail)
        return reply.result

    def stop(self) -> None:
        """End the engine: in order, or after END_WITHIN seconds by force. Afterwards it is gone."""
        self._stopping.set()
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(END_WITHIN)
            except subprocess.TimeoutExpired:
                log.warning("the engine did not end in time and is killed")
        # Whatever it left in its process group goes too; the group is gone if it left nothing.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)

    # -- the thread that keeps an engine running ------------------------------------------------------------------

    def _keep_running(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            code = self._run_once()
            if self._stopping.is_set():
                return
            self._on_exit(code)
            failures = 0 if time.monotonic() - began > STEADY else failures
            self._stopping.wait(PAUSES[min(failures, len(PAUSES) - 1)])
            failures += 1

    def _run_once(self) -> int:
        """One life of an engine, from its start to its exit code."""
        # Two sockets, not one for both ways: asyncio takes anything that arrives at its standard output for the end of it.
        events, out = socket.socketpair()
        orders, standard_in = socket.socketpair()
        with events, orders:
            with out, standard_in:
                for theirs in (
                    out,
                    standard_in,
                ):  # eventlet made them non-blocking, and they belong to another process
                    os.set_blocking(theirs.fileno(), True)
                try:
                    process = self._process = subprocess.Popen(
                        list(self._command()),
                        stdin=standard_in.fileno(),
                        stdout=out.fileno(),
                        start_new_session=True,
                    )
                except OSError as error:
                    log.error("the engine could not be started: %s", why_not(error))
                    return CANNOT_START
            if self._stopping.is_set():  # stop() came while there was no process to stop
                process.terminate()
            self._orders = orders
            self._read(events)
            self._orders = None
            self._set_alive(False)
            for answer in list(self._waiting.values()):
                answer.arrived.set()
        try:
            return process.wait(END_WITHIN)
        except subprocess.TimeoutExpired:  # it closed its output and stays: not an engine any more
            process.kill()
            return process.wait()

    def _read(self, events: socket.socket) -> None:
        lines = Lines()
        while True:
            try:
                chunk = events.recv(CHUNK)
            except OSError:
                return
            if not chunk:
                return
            for line in lines.feed(chunk):
                self._take(line)
            time.sleep(0)  # green: under a flood of events the page gets its turn too

    def _take(self, line: bytes) -> None:
        try:
            event = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if not self._complained:
                self._complained = True
                log.warning("skipped a line of the engine that is no event: %s: %.200r", error, line)
            return
        if isinstance(event, Reply):
            answer = self._waiting.get(event.id)
            if answer is not None:
                answer.reply = event
                answer.arrived.set()
            return
        if isinstance(event, RunStarted):
            self._set_alive(True)
        try:
            self._on_event(event)
        except Exception:
            # A bug in what we make of an event must not end the stream of the following ones.
            log.exception("could not take in %r", event)

    def _set_alive(self, alive: bool) -> None:
        if alive != self.alive:
            self.alive = alive
            self._on_life()


class Answer:
    """A place for one reply; `arrived` with no reply means the engine ended."""

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self.reply: Reply | None = None
