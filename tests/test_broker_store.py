"""The broker's file: what it opens, what it refuses and leaves as it was, and what a torn log still holds."""

import asyncio
import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pika
import pytest

from webapp.broker.__main__ import FILE
from webapp.broker.exchanges import Binding, Exchange
from webapp.broker.queues import Message, Queue
from webapp.broker.session import Session
from webapp.broker.store import CannotStore, NotOurs, Store
from webapp.broker.vhost import VHost

PAGE = 4096
NOBODY = 65534


def fill(store: Store, messages: int, size: int = 300) -> None:
    """A queue with messages, each in a commit of its own."""
    if not list(store.queues()):
        store.add_exchange(Exchange("x", "direct"))
        store.add_queue(Queue("q", arguments={"x-message-ttl": 60_000}))
        store.bind("x", Binding(True, "q", "key"))
    for place in range(1, messages + 1):
        body = str(place).encode() * size
        store.add_message("q", Message("x", "key", b"\0\0", body, True, place))
        store.commit()


def bodies(store: Store) -> list[bytes]:
    return [message.body for _, message in store.messages()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An orderly closed store with something in it."""
    path = tmp_path / FILE
    store = Store(path)
    fill(store, 100)
    store.close()
    return path


@pytest.fixture
def killed(path: Path, tmp_path: Path) -> Path:
    """A store with most of what it has in the log: what a kill leaves."""
    store = Store(path)
    fill(store, 20)
    (tmp_path / "killed").mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", tmp_path / "killed")
    store.close()
    return tmp_path / "killed" / FILE


def files(folder: Path) -> dict[str, bytes]:
    """Everything that counts; the lock and SQLite's own index of the log do not."""
    found = (
        each for each in folder.iterdir() if each.is_file() and not each.name.endswith((".lock", "-shm"))
    )
    return {each.name: each.read_bytes() for each in found}


def refused(path: Path, *words: str) -> None:
    """Asserts that the file is refused in these words, and nothing is changed by it."""
    before = files(path.parent)
    with pytest.raises(NotOurs) as caught:
        Store(path)
    assert all(word in str(caught.value) for word in (str(path), *words)), caught.value
    assert files(path.parent) == before


# -- what is opened -----------------------------------------------------------------------------------------------


def test_what_was_stored_is_there_after_a_close(path: Path) -> None:
    store = Store(path)
    assert not store.killed
    assert len(bodies(store)) == 100
    assert [(each.name, each.durable, each.arguments) for each in store.queues()] == [
        ("q", True, {"x-message-ttl": 60_000})
    ]
    assert list(store.bindings()) == [("x", Binding(True, "q", "key"))]
    store.close()


def test_and_after_a_kill(killed: Path) -> None:
    store = Store(killed)
    assert store.killed
    assert len(bodies(store)) == 120
    store.close()


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / FILE).touch()
    store = Store(tmp_path / FILE)
    fill(store, 1)
    store.close()
    assert len(bodies(Store(tmp_path / FILE))) == 1


def test_the_leavings_of_a_kill_while_a_store_was_made_are_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / f"{FILE}.new").write_bytes(b"half of it")
    (tmp_path / f"{FILE}.new-journal").write_bytes(b"half of it")
    Store(tmp_path / FILE).close()
    assert files(tmp_path).keys() == {FILE}


def test_a_log_whose_file_is_gone_does_not_get_into_a_new_one(killed: Path) -> None:
    killed.unlink()
    store = Store(killed)
    assert bodies(store) == []
    store.close()


def test_a_log_cut_off_anywhere_holds_the_commits_before_the_cut(tmp_path: Path) -> None:
    path = tmp_path / FILE
    store = Store(path)
    ends = []
    for number in range(1, 31):
        fill(store, 1, size=number * 50)
        ends.append(Path(f"{path}-wal").stat().st_size)
    copies = {suffix: Path(f"{path}{suffix}").read_bytes() for suffix in ("", "-wal")}
    store.close()
    dice = random.Random(1)
    cuts = [dice.randrange(len(copies["-wal"]) + 1) for _ in range(60)] + ends + [0, 1, 31, 32]
    for cut in cuts:
        torn = Path(tempfile.mkdtemp(dir=tmp_path)) / FILE
        torn.write_bytes(copies[""])
        Path(f"{torn}-wal").write_bytes(copies["-wal"][:cut])
        store = Store(torn)
        assert len(bodies(store)) == sum(end <= cut for end in ends), cut
        fill(store, 1)
        store.close()


# -- what is refused ----------------------------------------------------------------------------------------------


def test_a_foreign_file_is_refused(path: Path) -> None:
    path.write_text("Dear diary\n" * 500)
    refused(path, "file is not a database")


def test_a_foreign_database_is_refused(path: Path) -> None:
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE diary (day TEXT)")
    refused(path, "was not made by this broker", "--data")


@pytest.mark.parametrize("version", [1, 3, 99])
def test_a_file_of_another_version_is_refused(killed: Path, version: int) -> None:
    """Also where what says so is only in the log."""
    with contextlib.closing(sqlite3.connect(killed, isolation_level=None)) as db:
        db.execute(f"PRAGMA user_version = {version}")
        refused(killed, f"format {version}")


@pytest.mark.parametrize("filled", [b"\0", b"\xff", b"x"])
def test_a_file_with_a_damaged_page_is_refused_whichever_it_is(path: Path, filled: bytes) -> None:
    whole = path.read_bytes()
    pages = range(len(whole) // PAGE)
    assert len(pages) > 10
    for page in pages:
        path.write_bytes(whole[: page * PAGE] + filled * PAGE + whole[(page + 1) * PAGE :])
        refused(path)


def test_a_file_cut_short_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    for end in (1, 100, PAGE, PAGE + 1, len(whole) // 2, len(whole) - PAGE):
        path.write_bytes(whole[:end])
        refused(path)


def test_a_directory_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    refused(tmp_path / FILE, "Is a directory")


@contextlib.contextmanager
def unprivileged() -> Iterator[Path]:
    """A folder of somebody whom permissions bind, and being that one in the meantime: they do not bind root."""
    with tempfile.TemporaryDirectory() as name:
        folder, root = Path(name), os.geteuid() == 0
        folder.chmod(0o755)
        if root:
            os.chown(folder, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            folder.chmod(0o755)
            if root:
                os.seteuid(0)


@pytest.mark.parametrize(("what", "closed"), [("file", True), ("file", False), ("folder", True)])
def test_what_is_read_only_is_refused(what: str, closed: bool) -> None:
    with unprivileged() as folder:
        path = folder / FILE
        store = Store(path)
        fill(store, 3)
        if closed:
            store.close()
        readonly = {"file": path, "folder": folder}[what]
        readonly.chmod(0o444 if what == "file" else 0o555)
        refused(path)


def test_a_changed_byte_is_refused_or_harmless_but_never_a_crash(path: Path) -> None:
    """Without a checksum in the file a changed letter of a body cannot be told; a changed structure must be."""
    whole = path.read_bytes()
    dice = random.Random(2)
    refusals = 0
    for _ in range(400):
        at = dice.randrange(len(whole))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ dice.randrange(1, 256)]) + whole[at + 1 :])
        try:
            store = Store(path)
        except NotOurs:
            refusals += 1
            continue
        with contextlib.suppress(sqlite3.DatabaseError, LookupError, TypeError, ValueError):  # as in __main__
            VHost(store, lambda _: None, _never, lambda: 0.0)
        store.close()
    assert refusals > 5


def _never(_seconds: float, _then: Callable[[], None]) -> None:
    raise AssertionError


# -- what is written ----------------------------------------------------------------------------------------------


def test_a_commit_that_fails_says_so_and_keeps_what_was_stored(path: Path) -> None:
    store = Store(path)
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA locking_mode")
        store._db.execute("PRAGMA max_page_count = 1")  # the disk is full
        store.add_message("q", Message("x", "key", b"\0\0", b"x" * 100_000, True, 500))
        with pytest.raises(CannotStore, match="full"):
            store.commit()
    assert len(bodies(Store(path))) == 100


def test_nothing_is_sent_before_it_is_stored(tmp_path: Path) -> None:
    """Declare-ok, confirm, delivery: what a client has seen is what a kill leaves."""
    store = Store(tmp_path / FILE)
    unsafe: list[bool] = []

    class Watched(Session):
        def connection_made(self, transport: Any) -> None:
            write = transport.write

            def watched(data: bytes) -> None:
                unsafe.append(store.dirty)
                write(data)

            transport.write = watched
            super().connection_made(transport)

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        vhost = VHost(store, loop.call_soon, loop.call_later, time.time)
        server = await loop.create_server(lambda: Watched(vhost, 0, 0), "127.0.0.1", 0)
        await asyncio.to_thread(work, server.sockets[0].getsockname()[1])
        server.close()

    def work(port: int) -> None:
        channel = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port)).channel()
        channel.confirm_delivery()
        channel.queue_declare("q", durable=True, arguments={"x-queue-type": "quorum"})
        for _ in range(20):
            channel.basic_publish("", "q", b"x" * 10_000)
        for method, _, _ in channel.consume("q"):
            if method.delivery_tag == 20:
                break
        channel.connection.close()

    asyncio.run(serve())
    store.close()
    assert len(unsafe) > 25
    assert not any(unsafe)


def test_the_broker_refuses_in_one_line(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 3")
    before = files(path.parent)
    argv = [sys.executable, "-m", "webapp.broker", "--data", str(path.parent), "--port", "0"]
    done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=30)
    assert done.returncode == 2
    assert done.stderr == f"unacked broker: {path} has format 3, this broker reads 2: move it away\n"
    assert done.stdout == ""
    assert files(path.parent) == before


def test_a_store_whose_making_was_broken_off_anywhere_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite is stopped after its first instruction, its second, and so on, until it is not stopped any more."""
    allowed = 0

    class Stopped(sqlite3.Connection):
        """Stops after `allowed` instructions."""

        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            left = iter(range(allowed))
            self.set_progress_handler(lambda: next(left, None) is None, 1)

    real, broken_off, whole = sqlite3.connect, 0, False
    while not whole:
        path = tmp_path / f"{allowed}.sqlite3"
        monkeypatch.setattr(sqlite3, "connect", lambda *args, **more: real(*args, factory=Stopped, **more))
        try:
            Store(path).close()
            whole = True
        except NotOurs:
            broken_off += 1
        monkeypatch.setattr(sqlite3, "connect", real)
        store = Store(path)
        fill(store, 1)
        store.close()
        allowed += 3
    assert broken_off > 50
