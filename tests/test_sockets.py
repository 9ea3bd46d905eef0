"""Socket.IO: what pages get and may say. On the real web process and a double of the engine; the rules of the room without either."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websocket

from tests.fake_engine import DEADLINE, Web, until
from tests.watcher import Page
from webapp import sockets
from webapp.camera import Camera
from webapp.current import Current
from webapp.events import WorkerStarted
from webapp.film import Film


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with Web("--port", "0", "--amqp-port", "1") as web:
        until(lambda: len(web.state()["workers"]) == 3, "three workers")
        yield web


@pytest.mark.parametrize("transports", [("websocket",), ("polling",), ("polling", "websocket")], ids="+".join)
def test_who_joins_gets_a_keyframe_first(web: Web, transports: tuple[str, ...]) -> None:
    with Page(web.url(), transports) as page:
        frame = page.next()
        assert frame["key"] is True
        assert {"n", "at", "seq", "run", "link", "broker", "settings", "workers"} <= set(frame)
        # the last test's page may be counted still
        page.until(lambda view: view["link"] == {"engine": True, "watching": 1})


def test_every_page_gets_every_change_under_the_same_number(web: Web) -> None:
    with Page(web.url()) as one, Page(web.url()) as two:
        for page in (one, two):
            page.until(lambda view: view["link"]["watching"] == 2)
        assert one.ask({"do": "worker", "name": "worker-1", "action": "freeze"})["ok"]
        for page in (one, two):
            page.until(lambda view: view["workers"]["worker-1"]["state"] == "frozen")
        assert one.view["n"] == two.view["n"]
        assert two.ask({"do": "worker", "name": "worker-1", "action": "thaw"})["ok"]
        for page in (one, two):
            page.until(lambda view: view["workers"]["worker-1"]["state"] != "frozen")


def test_a_page_that_goes_away_is_no_longer_counted(web: Web) -> None:
    with Page(web.url()) as one:
        with Page(web.url()):
            one.until(lambda view: view["link"]["watching"] == 2)
        one.until(lambda view: view["link"]["watching"] == 1)


def test_sync_is_answered_with_a_keyframe(web: Web) -> None:
    with Page(web.url()) as page:
        first = page.next()["n"]
        page.client.emit("sync")
        frame = page.next()
        while not frame.get("key"):
            frame = page.next()
        assert frame["n"] >= first


def test_whoever_asks_whether_somebody_is_there_is_answered(web: Web) -> None:
    with Page(web.url()) as page:
        assert page.client.call("there", timeout=DEADLINE) is True


def test_a_keyframe_comes_by_itself_now_and_then(web: Web) -> None:
    with Page(web.url()) as page:
        at = page.next()["at"]
        frame = page.next()
        while not frame.get("key"):
            frame = page.next()
        assert frame["at"] > at


def test_commands_are_answered_and_refused_in_the_words_of_rest(web: Web) -> None:
    with Page(web.url()) as page:
        assert page.ask({"do": "settings", "prefetch": 5}) == {
            "ok": True,
            "ack": "manual",
            "prefetch": 5,
            "queue": "task_queue",
            "durable": True,
            "kind": "quorum",
            "idempotent": False,
        }
        page.until(lambda view: view["settings"]["prefetch"] == 5)
        refused = page.ask({"do": "worker", "name": "worker-9", "action": "stop"})
        assert refused == {"ok": False, **web.ask("POST", "/api/workers/worker-9/stop").json()}


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ((), 400),
        ((None,), 400),
        (("submit",), 400),
        (([],), 400),
        (({"do": "reset"}, {"do": "reset"}), 400),
        (({},), 404),
        (({"do": None},), 404),
        (({"do": ["reset"]},), 404),
        (({"do": "explode"},), 404),
        (({"do": "__class__"},), 404),
        (({"do": "submit"},), 422),
        (({"do": "submit", "body": "a", "count": 10**9},), 422),
        (({"do": "worker", "name": {"a": 1}, "action": "stop"},), 422),
        (({"do": "worker", "name": "worker-1"},), 422),
        (({"do": "reset", "now": True},), 422),
    ],
    ids=repr,
)
def test_a_malformed_command_gets_a_problem(web: Web, message: tuple[object, ...], status: int) -> None:
    with Page(web.url()) as page:
        answer = page.ask(*message)
        assert (answer["ok"], answer["status"]) == (False, status)
        assert answer["title"]
        assert answer["detail"]


@pytest.mark.parametrize("event", ["sync", "seen", "command", "frame", "nonsense"])
@pytest.mark.parametrize(
    "data", [None, 1, "x", [], {"n": "many"}, {"n": -5}, {"n": 10**30}, {"n": True}], ids=repr
)
def test_nonsense_in_any_event_does_no_harm(web: Web, event: str, data: object) -> None:
    with Page(web.url()) as page:
        page.client.emit(event, data)
        assert page.ask({"do": "worker", "name": "nobody", "action": "stop"})["status"] == 404


@pytest.mark.parametrize(
    "packet",
    [
        "9",
        "4",
        "42",
        "42[",
        '42["command"',
        "42{}",
        "42[1]",
        "42[[]]",
        "429999999999999[]",
        "45999-[]",
        '451-["command",{"_placeholder":true,"num":0}]',
        "4" + "2[" * 9000,
        "\0",
    ],
    ids=lambda packet: repr(packet[:20]),
)
def test_packets_that_are_none_end_at_most_their_own_connection(web: Web, packet: str) -> None:
    with Page(web.url()) as witness:
        rude = connect(web)
        rude.send("40")
        rude.send(packet)
        rude.shutdown()
        assert witness.ask({"do": "worker", "name": "nobody", "action": "stop"})["status"] == 404


def test_a_message_larger_than_64_kb_ends_its_connection(web: Web) -> None:
    rude = connect(web)
    with pytest.raises((websocket.WebSocketException, OSError)):
        rude.send("40")
        rude.send("42" + json.dumps(["command", {"do": "submit", "body": "x" * 100_000}]))
        while rude.recv():
            pass
        raise websocket.WebSocketConnectionClosedException
    rude.shutdown()
    assert web.ask("GET", "/healthz").status == 200


def test_another_sites_page_cannot_join(web: Web) -> None:
    path = "/socket.io/?EIO=4&transport=polling"
    assert web.ask("GET", path, Origin="http://evil.example").status == 400
    assert web.ask("GET", path, Origin=web.url()).status == 200
    connect(web, origin=web.url()).shutdown()


def connect(web: Web, origin: str | None = None) -> websocket.WebSocket:
    address = web.url().replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    return websocket.create_connection(
        address, timeout=DEADLINE, origin=origin, suppress_origin=origin is None
    )


def test_no_traceback_was_printed(web: Web) -> None:
    """Runs last in this file: all the nonsense above left nothing in the terminal."""
    assert web.ask("GET", "/healthz").status == 200
    with web:
        pass
    assert web.err.text == ""


def test_a_dead_engine_is_shown_and_the_restarted_one_is_a_new_run() -> None:
    with Web("--port", "0", "--amqp-port", "1", FAKE_ENGINE="die_on_reset") as web, Page(web.url()) as page:
        run = page.until(lambda view: view["link"]["engine"])["run"]
        assert page.ask({"do": "reset"})["status"] == 503
        page.until(lambda view: not view["link"]["engine"])
        assert page.until(lambda view: view["link"]["engine"] and view["run"] > run)


# -- the rules of the room, without a network -------------------------------------------------------------------------


class Server:
    """What a Broadcaster needs of SocketIO; remembers who got which frames."""

    def __init__(self) -> None:
        self.server = self
        self.room: set[str] = set()
        self.got: dict[str, list[dict[str, Any]]] = {}

    def enter_room(self, sid: str, _room: str) -> None:
        self.room.add(sid)

    def leave_room(self, sid: str, _room: str) -> None:
        self.room.discard(sid)

    def emit(self, _event: str, frames: tuple[Any, ...], to: str) -> None:
        for sid in self.room if to == sockets.ROOM else {to}:
            self.got.setdefault(sid, []).extend(json.loads(bytes(frame)) for frame in frames)


class Room:
    """A broadcaster, and a run in which something happens when told to."""

    def __init__(self, folder: Path) -> None:
        self.server = Server()
        self.current = Current()
        camera = Camera(self.current, lambda: True, Film(folder))
        self.broadcaster = sockets.Broadcaster(self.server, camera)  # type: ignore[arg-type]
        self._workers = 0

    def frame(self, times: int = 1) -> None:
        for _ in range(times):
            self._workers += 1
            name = f"worker-{self._workers}"
            self.current.take(WorkerStarted(worker=name, pid=1, ack="manual", prefetch=1, queue="q"))
            self.broadcaster.send(key=False)


def test_a_page_that_falls_behind_gets_no_more_until_it_has_caught_up(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.broadcaster.join("slow")
    room.broadcaster.join("quick")
    for _ in range(sockets.TOO_FAR_BEHIND + 50):
        room.frame()
        room.broadcaster.seen("quick", room.server.got["quick"][-1]["n"])
    assert len(room.server.got["quick"]) == sockets.TOO_FAR_BEHIND + 51
    assert len(room.server.got["slow"]) == sockets.TOO_FAR_BEHIND + 2

    room.broadcaster.seen("slow", room.server.got["slow"][3]["n"])
    room.frame()
    assert len(room.server.got["slow"]) == sockets.TOO_FAR_BEHIND + 2, "still far behind"

    room.broadcaster.seen("slow", room.server.got["slow"][-1]["n"])
    assert room.server.got["slow"][-1]["key"]
    room.frame()
    assert [page[-1] for page in room.server.got.values()] == [room.server.got["quick"][-1]] * 2


def test_asking_again_and_again_does_not_fill_the_memory(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.broadcaster.join("greedy")
    room.frame()
    for _ in range(1000):
        room.broadcaster.sync("greedy")
    assert sum(frame.get("key", False) for frame in room.server.got["greedy"]) == 2


def test_nothing_changed_means_nothing_is_sent(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.broadcaster.join("page")
    room.broadcaster.send(key=False)
    room.broadcaster.send(key=False)
    assert len(room.server.got["page"]) == 1


def test_nobody_watching_means_no_work_and_the_next_page_is_right_at_once(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.frame(5)
    room.broadcaster.join("page")
    assert len(room.server.got["page"][0]["workers"]) == 5
    room.broadcaster.leave("page")
    room.frame(5)
    room.broadcaster.join("again")
    assert len(room.server.got["again"][0]["workers"]) == 10


def test_events_of_unknown_pages_are_ignored(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.broadcaster.seen("ghost", 3)
    room.broadcaster.sync("ghost")
    room.broadcaster.leave("ghost")
    assert room.server.got == {}


def test_the_frames_clock_is_the_engines() -> None:
    ours = 100.0
    current = Current(clock=lambda: ours)
    assert current.now() == 0.0
    current.take(WorkerStarted(at=2.0, worker="w", pid=1, ack="manual", prefetch=1, queue="q"))
    ours = 101.0  # a second later, with an event that took 0.4 s to come
    current.take(WorkerStarted(at=2.6, worker="w", pid=1, ack="manual", prefetch=1, queue="q"))
    assert current.now() == 3.0
    ours = 101.1  # and one that came at once and shows that the first one had been late too
    current.take(WorkerStarted(at=3.5, worker="w", pid=1, ack="manual", prefetch=1, queue="q"))
    assert current.now() == 3.5


def test_changes_wake_whoever_waits() -> None:
    current = Current()
    woken = threading.Event()
    threading.Thread(target=lambda: current.changed.wait(DEADLINE) and woken.set()).start()
    current.take(WorkerStarted(worker="w", pid=1, ack="manual", prefetch=1, queue="q"))
    assert woken.wait(DEADLINE)
