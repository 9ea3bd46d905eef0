"""What survives a kill -9: durable queues, exchanges and bindings, and persistent messages, in one SQLite file.

Writes collect and are committed together, once a turn of the event loop; a confirm waits for the commit that holds its
message. A message that is published, delivered and acknowledged between two commits never touches the disk. WAL with synchronous=NORMAL
survives the death of the process at any instant; it does not promise to survive the death of the machine, and this broker does not either.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from webapp.broker.exchanges import Binding, Exchange
from webapp.broker.queues import Message, Queue

APPLICATION_ID = 0x556E6163  # "Unac", in the file's head
VERSION = 2
SCHEMA = f"""
CREATE TABLE exchange (name TEXT PRIMARY KEY, kind TEXT, auto_delete INT, internal INT, arguments TEXT);
CREATE TABLE queue (name TEXT PRIMARY KEY, auto_delete INT, arguments TEXT);
CREATE TABLE binding (
    exchange TEXT, to_queue INT, name TEXT, routing_key TEXT, PRIMARY KEY (exchange, to_queue, name, routing_key)
);
CREATE TABLE message (
    row INTEGER PRIMARY KEY, queue TEXT, place INT, exchange TEXT, routing_key TEXT,
    properties BLOB, body BLOB, persistent INT, expires REAL, deliveries INT DEFAULT 0
);
CREATE INDEX message_queue ON message (queue, place);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""


class CannotStore(Exception):
    """The file could not be written: nothing since the last commit is safe."""


class NotOurs(Exception):
    """The file is not a store of this broker, or is damaged; it has not been touched."""


class Store:
    """The file. `dirty` is true while something waits for `commit`; when it becomes so, `written` is called to see to it."""

    def __init__(self, path: Path) -> None:
        """Opens the file, made where there is none. Raises NotOurs, CannotStore."""
        self._path = path
        try:
            if not path.exists() or (path.is_file() and not path.stat().st_size):
                _make(path)
            path.open("r+b").close()  # or it is read-only, or a directory
            # Killed, not closed, the last time: a close takes SQLite's log away.
            self.killed = _beside(path, "-wal").exists()
            _check(path, self.killed)
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute(f"PRAGMA user_version = {VERSION}")  # fails in a folder that is read-only
            self._rows: int = self._db.execute("SELECT coalesce(max(row), 0) FROM message").fetchone()[0]
        except (sqlite3.DatabaseError, OSError) as error:
            why = getattr(error, "strerror", None) or error
            raise NotOurs(
                f"{path} cannot be used as the broker's store ({why}): move it away or repair it"
            ) from error
        self._inserts: dict[int, tuple[Any, ...]] = {}
        self._moves: dict[int, tuple[int, int, int]] = {}
        self._deletes: list[tuple[int]] = []
        self._statements: list[tuple[str, tuple[Any, ...]]] = []
        self.dirty = False
        self.written: Callable[[], object] = lambda: None

    # -- reading, once, at the start ----------------------------------------------------------------------------

    def exchanges(self) -> Iterator[Exchange]:
        """Every durable exchange, its bindings not yet made."""
        for name, type_, auto_delete, internal, arguments in self._db.execute("SELECT * FROM exchange"):
            yield Exchange(name, type_, True, bool(auto_delete), bool(internal), json.loads(arguments))

    def queues(self) -> Iterator[Queue]:
        """Every durable queue, still empty."""
        for name, auto_delete, arguments in self._db.execute("SELECT * FROM queue"):
            yield Queue(name, True, bool(auto_delete), json.loads(arguments))

    def bindings(self) -> Iterator[tuple[str, Binding]]:
        """(exchange, binding), in the order they were made."""
        for exchange, to_queue, *rest in self._db.execute("SELECT * FROM binding ORDER BY rowid"):
            yield exchange, Binding(bool(to_queue), *rest)

    def messages(self) -> Iterator[tuple[str, Message]]:
        """(queue, message) of every stored message, by queue and place; `returns` counts how often it had gone out."""
        rows = self._db.execute(
            "SELECT queue, exchange, routing_key, properties, body, persistent, place, row, deliveries, expires "
            "FROM message ORDER BY queue, place"
        )
        for queue, exchange, key, properties, body, persistent, place, row, deliveries, expires in rows:
            message = Message(exchange, key, properties, body, bool(persistent), place, row)
            message.returns, message.expires = deliveries, expires
            yield queue, message

    # -- writing ------------------------------------------------------------------------------------------------

    def add_message(self, queue: str, message: Message) -> int:
        """Writes a message down with the next commit; returns its row."""
        self._touch()
        self._rows += 1
        self._inserts[self._rows] = (
            self._rows,
            queue,
            message.place,
            message.exchange,
            message.routing_key,
            message.properties,
            message.body,
            int(message.persistent),
            message.expires,
        )
        return self._rows

    def moved(self, row: int, deliveries: int, place: int) -> None:
        """The message has gone out this often, and stands here: after a restart it is a redelivery."""
        self._touch()
        self._moves[row] = deliveries, place, row

    def remove_message(self, row: int) -> None:
        self._touch()
        self._moves.pop(row, None)
        if self._inserts.pop(row, None) is None:
            self._deletes.append((row,))

    def add_exchange(self, it: Exchange) -> None:
        values = it.name, it.type, it.auto_delete, it.internal, _json(it.arguments)
        self._later("INSERT OR REPLACE INTO exchange VALUES (?, ?, ?, ?, ?)", *values)

    def remove_exchange(self, name: str) -> None:
        self._later("DELETE FROM exchange WHERE name = ?", name)
        self._later("DELETE FROM binding WHERE exchange = ? OR (NOT to_queue AND name = ?)", name, name)

    def add_queue(self, it: Queue) -> None:
        values = it.name, it.auto_delete, _json(it.arguments)
        self._later("INSERT OR REPLACE INTO queue VALUES (?, ?, ?)", *values)

    def remove_queue(self, name: str) -> None:
        self._later("DELETE FROM queue WHERE name = ?", name)
        self._later("DELETE FROM binding WHERE to_queue AND name = ?", name)
        self._later("DELETE FROM message WHERE queue = ?", name)  # the unacked ones too
        self._inserts = {row: values for row, values in self._inserts.items() if values[1] != name}

    def bind(self, exchange: str, binding: Binding) -> None:
        self._later("INSERT OR IGNORE INTO binding VALUES (?, ?, ?, ?)", exchange, *binding)

    def unbind(self, exchange: str, binding: Binding) -> None:
        where = "exchange = ? AND to_queue = ? AND name = ? AND routing_key = ?"
        self._later(f"DELETE FROM binding WHERE {where}", exchange, *binding)

    def commit(self) -> None:
        """Everything since the last commit, at once. Returns when it is in the log on disk. Raises CannotStore."""
        if not self.dirty:
            return
        try:
            self._write()
        except sqlite3.DatabaseError as error:
            raise CannotStore(f"{self._path} cannot be written ({error})") from error
        self._statements.clear()
        self._inserts.clear()
        self._moves.clear()
        self._deletes.clear()
        self.dirty = False

    def _write(self) -> None:
        db = self._db
        db.execute("BEGIN")
        for statement, values in self._statements:
            db.execute(statement, values)
        db.executemany("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)", self._inserts.values())
        db.executemany("UPDATE message SET deliveries = ?, place = ? WHERE row = ?", self._moves.values())
        db.executemany("DELETE FROM message WHERE row = ?", self._deletes)
        db.execute("COMMIT")

    def close(self) -> None:
        """Commits what waits, and closes the file."""
        self.commit()
        self._db.close()

    def _touch(self) -> None:
        if not self.dirty:
            self.dirty = True
            self.written()

    def _later(self, statement: str, *values: Any) -> None:
        self._touch()
        self._statements.append((statement, values))


def _json(arguments: dict[str, Any]) -> str:
    return json.dumps(arguments, default=str, skipkeys=True)  # a name that is not text means nothing to us


def _make(path: Path) -> None:
    """An empty store, made beside its place and moved there whole: a kill leaves all of it or nothing."""
    new = _beside(path, ".new")
    for old in (new, _beside(path, "-wal"), _beside(path, "-shm")):
        old.unlink(missing_ok=True)
    db = sqlite3.connect(new, isolation_level=None)
    db.executescript(SCHEMA)
    db.execute("PRAGMA journal_mode = WAL")
    db.close()
    new.replace(path)


def _check(path: Path, killed: bool) -> None:
    """Looks at the file through a connection that cannot write, and leaves nothing beside it. Raises NotOurs."""
    how = "ro" if killed else "ro&immutable=1"
    with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode={how}", uri=True)) as db:
        if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise NotOurs(
                f"{path} was not made by this broker: choose another folder with --data, or move it away"
            )
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version != VERSION:
            raise NotOurs(f"{path} has format {version}, this broker reads {VERSION}: move it away")
        answer = db.execute("PRAGMA quick_check").fetchone()[0]
        if answer != "ok":
            raise NotOurs(f"{path} is damaged ({answer}): move it away or repair it")


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
