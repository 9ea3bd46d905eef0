"""A test double of the engine process: speaks its JSON lines, starts nothing.

    python tests/fake_engine.py --broker … --workers 3 …

It says that a run, a broker and workers started, then the lines of the history named by FAKE_HISTORY, and answers commands with
the events a real engine would have seen. FAKE_ENGINE holds words that make it misbehave, see MISBEHAVIOURS. `Web` runs the real
web process on top of it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

BROKER_VARIABLE = "UNACKED_ENGINE_BROKER"  # as webapp.engine names it, which this program must not import
CHECKOUT = Path(__file__).resolve().parent.parent
PICKED_PORT = 4  # what the double says it got when asked for any port
DEADLINE = 40.0  # seconds a test waits for anything …
START = 60.0  # … but for the start, which on RabbitMQ beside other tests takes long

MISBEHAVIOURS = {
    "exit2": "prints a line on stderr and exits with 2, as at an unreachable broker",
    "unmanned": "prints a line on stderr and exits with 2 once the broker is there, as where no worker can be started",
    "crash": "dies before the broker is there",
    "garbage": "prints lines that are no events between the good ones",
    "mute": "never answers a command",
    "stubborn": "ignores SIGTERM and the end of its input",
    "external": "its broker is not its own",
    "once": "does nothing at all in its second life",
    "die_on_reset": "dies of a reset instead of answering it",
}


# -- the engine ---------------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> None:
    options = dict(zip(arguments[::2], arguments[1::2], strict=True))
    odd = set(os.environ.get("FAKE_ENGINE", "").split())
    assert odd <= set(MISBEHAVIOURS), odd
    began = time.monotonic()
    seq = itertools.count(1)

    def say(type_: str, **fields: Any) -> None:
        at = round(time.monotonic() - began, 3)
        line({"type": type_, "seq": next(seq), "at": at, **fields})

    def line(message: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()

    if "exit2" in odd:
        print("unacked: the broker at 10.9.8.7 cannot be reached", file=sys.stderr)
        sys.exit(2)
    if "stubborn" in odd:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    later = 0
    if record := os.environ.get("FAKE_LIVES"):  # a file in which each life of an engine leaves a line
        with Path(record).open("a+", encoding="utf-8") as file:
            life = {"pid": os.getpid(), "arguments": arguments, "broker": os.environ.get(BROKER_VARIABLE)}
            file.write(json.dumps(life) + "\n")
            file.seek(0)
            later = len(file.readlines()) - 1
    if later and "once" in odd:
        signal.pause()
    worker = {"ack": options["--ack"], "prefetch": int(options["--prefetch"]), "queue": options["--queue"]}
    say("RunStarted", started="2026-01-01T00:00:00Z", **worker)
    if "crash" in odd:
        os._exit(3)
    if "garbage" in odd:
        sys.stdout.write('not json\n{"type":"Unheard","seq":1}\n[1,2]\n\n')
    kind = "external" if "external" in odd else "embedded"
    amqp_port = int(options["--amqp-port"]) or PICKED_PORT
    say(
        "BrokerStarted",
        kind=kind,
        product="Fake",
        version="0",
        url="amqp://127.0.0.1:1/",
        amqp_port=amqp_port,
    )
    if "unmanned" in odd and not later:
        print("unacked: worker-1 could not be started", file=sys.stderr)
        sys.exit(2)
    pids = itertools.count(1000)
    names = [f"worker-{n + 1}" for n in range(int(options["--workers"]))]
    for name in names:
        say("WorkerStarted", worker=name, pid=next(pids), **worker)
    history = os.environ.get("FAKE_HISTORY")
    if history:
        for event in map(json.loads, Path(history).read_text("utf-8").splitlines()):
            say(event.pop("type"), **event)

    def start(worker_: str) -> dict[str, Any]:
        say("WorkerStarted", worker=worker_, pid=next(pids), **worker)
        return {}

    def stop(worker_: str) -> dict[str, Any]:
        say("WorkerExited", worker=worker_, pid=0, signal="SIGKILL", asked="stop")
        return {}

    def add() -> dict[str, Any]:
        names.append(f"worker-{len(names) + 1}")
        start(names[-1])
        return {"name": names[-1]}

    def settings(**changes: Any) -> dict[str, Any]:
        worker.update(changes)
        say("SettingsChanged", **worker)
        return {}

    def reset(workers: int | None = None, **changes: Any) -> dict[str, Any]:
        if "die_on_reset" in odd:
            os._exit(1)
        worker.update(changes)
        if changes:
            say("SettingsChanged", **worker)
        while workers is not None and len(names) > workers:
            say("WorkerRemoved", worker=names.pop())
        say("RunReset")
        while workers is not None and len(names) < workers:
            add()
        return {}

    def said(type_: str) -> Callable[[str], dict[str, Any]]:
        def do(worker_: str) -> dict[str, Any]:
            say(type_, worker=worker_)
            return {}

        return do

    def cut(conns: list[int]) -> dict[str, Any]:
        for conn in conns:
            say("ConnectionClosed", conn=conn, by="network")
        return {}

    def hurt(type_: str) -> Callable[..., dict[str, Any]]:
        def do(conns: list[int], **fields: Any) -> dict[str, Any]:
            for conn in conns:
                say(type_, conn=conn, **fields)
            return {}

        return do

    def stick(worker_: str) -> dict[str, Any]:
        say("WorkerStarted", worker=worker_, pid=next(pids), stuck=True, **worker)
        return {}

    commands: dict[str, Callable[..., dict[str, Any]]] = {
        "start": start,
        "stop": stop,
        "finish": stop,
        "freeze": said("WorkerFrozen"),
        "thaw": said("WorkerThawed"),
        "add": add,
        "stick": stick,
        "cut": cut,
        "blackhole": hurt("Blackholed"),
        "restore": hurt("Restored"),
        "delay": hurt("Delayed"),
        "hold": hurt("HoldArmed"),
        "release": lambda **_: {},
        "drop": lambda **_: {},
        "settings": settings,
        "restart_broker": dict,
        "reset": reset,
        "sync": dict,
    }
    for text in sys.stdin:
        order = json.loads(text)
        number, do = order.pop("id"), order.pop("do")
        if "mute" in odd:
            continue
        if "worker" in order:
            order["worker_"] = order.pop("worker")
        line({"type": "Reply", "id": number, "ok": True, "result": commands[do](**order)})
    while "stubborn" in odd:
        time.sleep(1)


# -- the web process on top of it -----------------------------------------------------------------------------------

LAUNCH = """
import sys
from webapp import __main__ as web
from webapp import producer
engine, *sys.argv[1:] = sys.argv[1:]
if engine: web.ENGINE = (sys.executable, engine)
else: producer.PATIENCE = 30  # on a machine that stands still, too, a submit finds the broker that is there
web.main()
"""


def launch(*flags: str, real: bool = False, **environ: str) -> subprocess.Popen[str]:
    """The web process, its output in pipes."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("UNACKED_") and k != "AMQP_URL"}
    return subprocess.Popen(
        [sys.executable, "-c", LAUNCH, "" if real else __file__, *flags],
        cwd=CHECKOUT,
        env={**env, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Web:
    """The real web process, on the fake engine or (`real=True`) on the real one. Use it with `with`."""

    def __init__(self, *flags: str, real: bool = False, **environ: str) -> None:
        self.process = launch(*flags, real=real, **environ)
        self.out = Printed(self.process.stdout)
        self.err = Printed(self.process.stderr)

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(DEADLINE)
        if self.process.poll() is None:
            self.process.kill()
        self.exit_code()

    def url(self) -> str:
        """The page's address, once it is announced."""
        found = re.search(
            r"Page +(http://\S+)/", self.out.wait_for(r"Page +http://.*\n(.*\n)+.*Ctrl-C", START)
        )
        assert found
        return found[1]

    def amqp_port(self) -> int:
        found = re.search(r"AMQP +amqp://\S+:(\d+)/", self.out.wait_for(r"Ctrl-C"))
        assert found
        return int(found[1])

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """One request. `body` bytes are sent as they are, anything else as JSON."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(self.url() + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE) as response:
                return Answer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())

    def state(self) -> Any:
        return self.ask("GET", "/api/state").json()

    def exit_code(self) -> int:
        code = self.process.wait(DEADLINE)
        self.out.close()
        self.err.close()
        return code


def lives(file: Path) -> list[dict[str, Any]]:
    """The engines that lived, by their FAKE_LIVES file: pid and arguments of each."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


class Answer:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        return json.loads(self.body)


class Printed:
    """What a process prints, read by a thread as it comes."""

    def __init__(self, stream: Any) -> None:
        self.text = ""
        self._stream = stream
        self._news: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._stream:
            self._news.put(line)
        self._news.put(None)

    def wait_for(self, pattern: str, within: float = DEADLINE) -> str:
        """Everything printed, once the pattern is in it."""
        deadline = time.monotonic() + within
        while not re.search(pattern, self.text):
            line = self._news.get(timeout=max(0.0, deadline - time.monotonic()))
            if line is None:
                self._news.put(None)
                raise AssertionError(f"ended without {pattern!r}: {self.text}")
            self.text += line
        return self.text

    def close(self) -> None:
        self._thread.join(DEADLINE)
        while (line := self._news.get()) is not None:
            self.text += line
        self._news.put(None)
        self._stream.close()


def until(condition: Callable[[], Any], what: str, within: float = DEADLINE) -> Any:
    """The condition's value, once it is true. Fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        threading.Event().wait(0.02)
    return value


if __name__ == "__main__":
    main(sys.argv[1:])
