"""Socket.IO: pages join, get frames, send commands.

    Current ── changed ──► Broadcaster ◄── frames ── Camera
                               └──► room "frames" ──► every page
    page ── "command" ──► Desk ── answer ──► page        page ── "sync", "seen" ──► keyframe, back into the room

Page to server: `command` {"do": NAME, …} (answered by the acknowledgement), `sync` (asks for a keyframe), `seen` {"n": N}
(once a second: the newest frame it has drawn), `there` (nothing came for a while: answered, or the page says that nobody answers). Server to page: `frame`, with one frame or several in order as its arguments; frames.py and
projection.py say what is in one, camera.py when there is one.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import msgspec
import socketio.packet  # type: ignore[import-untyped]
from flask import Flask, request
from flask_socketio import SocketIO

from webapp.camera import Camera
from webapp.commands import Desk
from webapp.problems import Broken, Malformed, Problem

log = logging.getLogger("unacked")

ROOM = "frames"
LARGEST_MESSAGE = 64 * 1024  # bytes, from a page
PING = 10.0  # seconds between pings, and for the answer: a page that vanished is noticed after at most twice that
PER_SECOND = 30  # messages a second for a presenter and a small room
PER_SECOND_CROWD = 10  # … for an audience, and for the film alone
CROWD = 50  # pages; more are an audience
KEYFRAME_EVERY = 5.0  # seconds
TOO_FAR_BEHIND = 300  # frames a page may have unseen before it gets no more
SYNC_EVERY = 1.0  # seconds between keyframes for a page that asks again without having seen the last one


class Json:
    """The JSON of Socket.IO's packets: msgspec's, which takes a frame that is already encoded as it is (msgspec.Raw)."""

    @staticmethod
    def dumps(value: object, **_: object) -> str:
        return msgspec.json.encode(value).decode()

    @staticmethod
    def loads(text: str | bytes, **_: object) -> Any:
        value: Any = msgspec.json.decode(text)
        return value


class Packet(socketio.packet.Packet):  # type: ignore[misc]
    """A Socket.IO packet, refused where python-socketio would trip over it later: an event without a name; attachments."""

    def decode(self, encoded_packet: str) -> int:
        attachments: int = super().decode(encoded_packet)
        data = self.data
        named = isinstance(data, list) and data and isinstance(data[0], str)
        if attachments or (self.packet_type == socketio.packet.EVENT and not named):
            raise ValueError("not a packet of ours")
        return attachments


class Page:
    """One open page. `sent` and `seen` are frame numbers."""

    def __init__(self) -> None:
        self.sent = 0
        self.seen = 0
        self.in_room = True
        self.asked_at = 0.0  # when it last got a keyframe for the asking


class Broadcaster:
    """Sends the camera's frames to everybody."""

    def __init__(self, socketio: SocketIO, camera: Camera) -> None:
        self._socketio = socketio
        self._server: Any = socketio.server  # type: ignore[attr-defined]  # its type stubs do not know it
        self._camera = camera
        self._current = camera.current
        self.pages: dict[str, Page] = {}

    def start(self) -> None:
        threading.Thread(target=self._run, name="frames", daemon=True).start()

    # -- pages come and go ----------------------------------------------------------------------------------------

    def join(self, sid: str) -> None:
        """A page opened: it gets a keyframe at once, and every frame from now on."""
        page = self.pages[sid] = Page()
        self._camera.watching = len(self.pages)
        self._keyframe(sid, page)
        page.seen = page.sent
        self._current.changed.set()  # the number of watching pages is in the frames

    def leave(self, sid: str) -> None:
        if self.pages.pop(sid, None) is not None:
            self._camera.watching = len(self.pages)
            self._current.changed.set()

    def sync(self, sid: str) -> None:
        """A page saw a gap, or asks for the state of things."""
        page = self.pages.get(sid)
        if page is None:
            return
        now = time.monotonic()
        if page.seen < page.sent and now - page.asked_at < SYNC_EVERY:
            return  # one is on its way; a page that only ever asks must not fill our memory
        page.asked_at = now
        self._keyframe(sid, page)

    def seen(self, sid: str, n: object) -> None:
        """A page says which frame it has drawn; one that had fallen behind and caught up gets frames again."""
        page = self.pages.get(sid)
        if page is None or not isinstance(n, int) or isinstance(n, bool):
            return
        page.seen = max(page.seen, min(n, page.sent))
        if not page.in_room and page.seen == page.sent:
            self._keyframe(sid, page)

    def _keyframe(self, sid: str, page: Page) -> None:
        """A keyframe to this page alone, and from now on what the others get."""
        self.send(key=False)  # the others first: nobody gets a frame that is older than the last one
        page.in_room = True
        page.sent = self._camera.n
        self._server.enter_room(sid, ROOM)
        self._emit([self._camera.keyframe()], sid)

    # -- the thread that makes frames -----------------------------------------------------------------------------

    def _run(self) -> None:
        last_key = time.monotonic()
        while True:
            self._current.changed.wait(max(0.0, last_key + KEYFRAME_EVERY - time.monotonic()))
            self._current.changed.clear()
            try:
                if time.monotonic() - last_key >= KEYFRAME_EVERY:
                    last_key = time.monotonic()
                    self.send(key=True)
                else:
                    self.send(key=False)
            except Exception:
                # A bug in a frame must not end all following ones; the next keyframe sets things right.
                log.exception("could not make a frame")
            time.sleep(1 / (PER_SECOND if 0 < len(self.pages) <= CROWD else PER_SECOND_CROWD))

    def send(self, key: bool) -> None:
        """What is new, to everybody: frames, with a keyframe after them or without; nothing if nothing changed."""
        new = self._camera.frames()  # also where nobody watches: they are in the film then
        if not self.pages:
            return
        if key:
            new.append(self._camera.keyframe())
        if not new:
            return
        self._emit(new, ROOM)
        for sid, page in self.pages.items():
            if page.in_room:
                page.sent = self._camera.n
                if page.sent - page.seen > TOO_FAR_BEHIND:
                    page.in_room = False
                    self._server.leave_room(sid, ROOM)

    def _emit(self, frames: list[bytes], to: str) -> None:
        self._socketio.emit("frame", tuple(map(msgspec.Raw, frames)), to=to)


def attach(app: Flask, desk: Desk, camera: Camera) -> Broadcaster:
    """Join Socket.IO to the app; the returned broadcaster is not started yet."""
    quiet = logging.getLogger("unacked.socketio")
    quiet.setLevel(logging.CRITICAL)  # it logs whatever nonsense a client sends, with a traceback each
    server = SocketIO(  # type: ignore[call-arg]  # its type stubs do not know serializer
        app,
        async_mode="eventlet",
        serializer=Packet,
        json=Json,
        ping_interval=PING,
        ping_timeout=PING,
        max_http_buffer_size=LARGEST_MESSAGE,
        manage_session=False,
        always_connect=True,  # so that the keyframe never comes before the page knows it is connected
        logger=quiet,
        engineio_logger=quiet,
    )
    broadcaster = Broadcaster(server, camera)

    @server.on("connect")
    def connect(_auth: object = None) -> None:
        broadcaster.join(sid())

    @server.on("disconnect")
    def disconnect(*_: object) -> None:
        broadcaster.leave(sid())

    @server.on("sync")
    def sync(*_: object) -> None:
        broadcaster.sync(sid())

    @server.on("seen")
    def seen(*given: object) -> None:
        if given and isinstance(given[0], dict):
            broadcaster.seen(sid(), given[0].get("n"))

    @server.on("there")
    def there(*_: object) -> bool:
        return True

    @server.on("command")
    def command(*given: object) -> dict[str, Any]:
        try:
            result = desk.do(*taken_apart(given))
            return {"ok": True, **result}
        except Problem as problem:
            return {"ok": False, **problem.as_dict()}
        except Exception:
            log.exception("a command failed")
            return {
                "ok": False,
                **Broken("It was written to the terminal. Nothing is known to be lost.").as_dict(),
            }

    return broadcaster


def taken_apart(given: tuple[object, ...]) -> tuple[object, dict[str, object]]:
    """A command's name and fields, out of the arguments of a Socket.IO event. Raises Malformed."""
    if len(given) != 1 or not isinstance(given[0], dict):
        raise Malformed('A command is one object, {"do": "submit", "body": "photo..."} say.')
    message = dict(given[0])
    return message.pop("do", None), message


def sid() -> str:
    return str(request.sid)  # type: ignore[attr-defined]  # Flask-SocketIO adds it
