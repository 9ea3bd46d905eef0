"""The film of a run: any moment of it can be shown again, as long as it is kept; what is kept is bounded, and said to be."""

from __future__ import annotations

import gzip
import json
import random
import urllib.request
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests import history
from tests.fake_engine import Web, until
from webapp import camera as cameras
from webapp import events as ev
from webapp import film as films
from webapp import frames
from webapp.camera import Camera
from webapp.current import Current
from webapp.events import AnyEvent
from webapp.film import Film
from webapp.problems import NotFound, NotNow
from webapp.ring import Ring

KILLED = "worker_killed_task_comes_back"


class Shooting:
    """A film being made of events. Our clock is the engine's: it stands at the newest event, or where a test puts it."""

    def __init__(self, folder: Path, **sizes: int) -> None:
        self.now = 0.0
        self.film = Film(folder, **sizes)
        self.current = Current(lambda: self.now)
        self.camera = Camera(self.current, lambda: True, self.film, lambda: self.now)

    def take(self, events: list[AnyEvent]) -> Shooting:
        for event in events:
            self.now = max(self.now, event.at)
            self.camera.take(event)
        return self

    def reels(self) -> list[Any]:
        """All that is kept, the oldest first, by number, as a page would get them; up to the present."""
        self.camera.frames()
        opened = reel(self.film.at(self.film.index(self.now)["to"], self.now))
        found = [opened]
        while found[0]["reel"] > 1:
            try:
                found.insert(0, reel(self.film.reel(found[0]["reel"] - 1, self.now)))
            except NotFound:
                break
        return found


def reel(packed: bytes) -> Any:
    return json.loads(films.unpacked(packed))


def shown(frame: Any) -> Any:
    """What a keyframe shows, without its number and time."""
    return {name: value for name, value in frame.items() if name not in ("n", "key", "at")}


def merged(reel: Any) -> Any:
    """The picture at the end of a reel. Its frames have to follow each other, in number and in time."""
    view, *deltas = reel["frames"]
    assert view["key"]
    for frame in deltas:
        assert (frame["n"], frame["run"]) == (view["n"] + 1, reel["run"])
        assert frame["at"] > view["at"]
        link = frame.get("link", view["link"])
        view = {**frames.merge(view, frame), "link": link, "n": frame["n"]}
    assert reel["from"] <= view["at"] <= reel["to"]
    return view


def workers(n: int, since: float = 0.0) -> list[AnyEvent]:
    """Worker after worker starts, one every second."""
    return [
        ev.WorkerStarted(
            seq=i + 1, at=since + i, worker=f"worker-{i}", pid=i, ack="manual", prefetch=1, queue="q"
        )
        for i in range(n)
    ]


def run_started() -> AnyEvent:
    return ev.RunStarted(started="2026-11-24T10:00:00+00:00", ack="manual", prefetch=1, queue="q")


# -- what is in a reel ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", history.NAMES)
@pytest.mark.parametrize("seconds", [0.0, 1.0, 1e9])
def test_each_reel_ends_where_the_next_begins_and_the_last_one_in_the_present(
    name: str, seconds: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "REEL_SECONDS", seconds)
    shooting = Shooting(tmp_path)
    shooting.take(history.read(name))
    reels = shooting.reels()
    assert [each["reel"] for each in reels] == list(range(1, len(reels) + 1))
    for one, following in pairwise(reels):
        end, key = merged(one), following["frames"][0]
        assert (shown(end), end["n"], end["at"]) == (shown(key), key["n"], key["at"])
        assert (following["from"], one["to"]) == (key["at"], key["at"])
        assert (one["open"], following["v"], following["thin"]) == (False, 1, False)
    end = merged(reels[-1])
    assert reels[-1]["open"]
    now = json.loads(json.dumps(frames.view(shooting.current.state)))
    assert shown(end) == {**shown(now), "link": end["link"], "seq": end["seq"]}
    assert len(reels) == 1 if seconds == 1e9 else len(reels) > 5 or seconds


@pytest.mark.parametrize("name", [KILLED, f"{KILLED}_seen_swapped"])
def test_a_closed_connection_and_the_redelivery_are_two_pictures(name: str, tmp_path: Path) -> None:
    pictures = []
    shooting = Shooting(tmp_path).take(history.read(name))
    lines = []
    for frame in shooting.reels()[-1]["frames"][1:]:
        assert len(frame.get("wire", ())) <= 1, "every event alone"
        lines += frame.get("wire", ())
        pictures += [(line["method"], line["tone"]) for line in frame.get("wire", ())]
    closed = pictures.index(("tcp closed", "bad"))
    again = pictures.index(("basic.deliver", "again"))
    assert closed != again
    assert lines == frames.view(shooting.current.state)["wire"][-len(lines) :]


def test_the_open_reel_can_be_shown_and_goes_on(tmp_path: Path) -> None:
    shooting = Shooting(tmp_path)
    shooting.take([run_started(), *workers(3)])
    first = reel(shooting.film.at(0.5, 2.5))
    assert (first["open"], first["to"]) == (True, 2.5)
    shooting.take(workers(5)[3:])
    second = reel(shooting.film.at(0.5, 4.0))
    assert second["frames"][: len(first["frames"])] == first["frames"]
    assert list(merged(second)["workers"]) == [f"worker-{n}" for n in range(5)]


def test_the_pages_get_the_same_frames(tmp_path: Path) -> None:
    shooting = Shooting(tmp_path)
    shooting.take([run_started(), *workers(4)])
    sent = [json.loads(frame) for frame in shooting.camera.frames()]
    assert sent == shooting.reels()[0]["frames"]
    assert shooting.camera.frames() == []


def test_more_than_anybody_could_see_is_one_picture_but_for_deaths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cameras, "BURST", 20.0)
    monkeypatch.setattr(cameras, "RESERVED", 10.0)
    shooting = Shooting(tmp_path).take([run_started()])
    shooting.camera.frames()
    flood: list[AnyEvent] = [
        ev.WorkerStarted(at=1.0, worker=f"worker-{n}", pid=n, ack="manual", prefetch=1, queue="q")
        for n in range(1000)
    ]
    death = ev.WorkerExited(at=1.0, worker="worker-7", pid=7, signal="SIGKILL", asked="stop")
    shooting.take([*flood, death, *flood[:20]])
    new = [json.loads(frame) for frame in shooting.camera.frames()]
    assert len(new) < 25
    (fell,) = [frame for frame in new if "SIGKILL" in str(frame)]
    assert fell["workers"]["worker-7"]["state"] == "stopped"
    assert [line["method"] for line in fell["wire"]] == ["process exited"]


def test_marks_say_who_fell_when_and_why(tmp_path: Path) -> None:
    shooting = Shooting(tmp_path).take(history.read(KILLED))
    marks = shooting.film.index(shooting.now)["marks"]
    assert [(mark["what"], mark["why"]) for mark in marks] == [("stopped", "kill -9")]
    assert marks[0]["at"] in [
        event.at for event in history.read(KILLED) if isinstance(event, ev.ConnectionClosed)
    ]


# -- what is kept -----------------------------------------------------------------------------------------------------


def test_the_oldest_reels_get_thin_and_then_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "REEL_SECONDS", 5.0)
    whole, keys = 30_000, 60_000
    shooting = Shooting(tmp_path, whole=whole, keys=keys).take([run_started(), *workers(300)])
    reels = shooting.reels()
    index = shooting.film.index(shooting.now)
    assert reels[0]["reel"] > 1, "the oldest are gone"
    assert index["began"] < index["from"] == reels[0]["from"] < index["whole"] < index["to"]
    for each in reels:
        assert each["thin"] == (each["to"] <= index["whole"])
        assert (len(each["frames"]) == 1) == each["thin"]
        assert reel(shooting.film.at(each["from"] + 1e-3, shooting.now)) == each
    for one, following in pairwise(reels):
        assert one["to"] == following["from"]
    kept = sum(len(shooting.film.reel(each["reel"], shooting.now)) for each in reels if not each["open"])
    assert kept < whole + keys
    with pytest.raises(NotFound, match="begins at"):
        shooting.film.at(index["from"] - 1, shooting.now)
    with pytest.raises(NotFound, match="no reel"):
        shooting.film.reel(1, shooting.now)


def test_a_mark_goes_with_the_film_it_is_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "REEL_SECONDS", 5.0)
    shooting = Shooting(tmp_path, whole=10_000, keys=5_000).take(history.read(KILLED))
    assert shooting.film.index(shooting.now)["marks"]
    shooting.take(workers(200, since=shooting.now + 1))
    assert shooting.film.index(shooting.now)["marks"] == []


def test_another_run_is_another_film(tmp_path: Path) -> None:
    shooting = Shooting(tmp_path).take([run_started(), *workers(60)])
    run = shooting.film.run
    shooting.film.check(run)
    shooting.take([ev.RunReset(at=61.0)])
    index = shooting.film.index(62.0)
    assert (index["run"], index["began"], index["from"], index["marks"]) == (run + 1, 61.0, 61.0, [])
    assert [each["run"] for each in shooting.reels()] == [run + 1]
    with pytest.raises(NotFound):
        shooting.film.at(30.0, 62.0)
    with pytest.raises(NotNow):
        shooting.film.check(run)


def test_the_clock_of_a_new_engine_begins_anew_and_the_film_with_it(tmp_path: Path) -> None:
    shooting = Shooting(tmp_path).take([*history.read(KILLED), *workers(30)])
    shooting.now = 0.0
    shooting.take([run_started(), *workers(3)])
    assert shooting.film.index(2.0)["marks"] == []
    assert [each["from"] for each in shooting.reels()] == [shooting.film.index(2.0)["began"]]
    assert shooting.film.index(2.0)["began"] < 1


def test_a_disk_that_takes_nothing_leaves_a_hole_and_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    shooting = Shooting(tmp_path / "file").take([run_started(), *workers(60)])
    assert len(caplog.messages) == 1
    assert "cannot be kept" in caplog.messages[0]
    index = shooting.film.index(shooting.now)
    assert index["from"] == index["whole"] == reel(shooting.film.at(59.0, 59.0))["from"]
    with pytest.raises(NotFound):
        shooting.film.at(3.0, shooting.now)


def test_before_the_first_event_there_is_no_film(tmp_path: Path) -> None:
    film = Film(tmp_path)
    assert film.index(0.0)["marks"] == []
    with pytest.raises(NotFound, match="Nothing"):
        film.at(0.0, 0.0)
    with pytest.raises(NotFound):
        film.reel(1, 0.0)


def test_a_ring_keeps_the_newest_and_never_more_than_it_may(tmp_path: Path) -> None:
    dice = random.Random(1)
    size = 1000
    ring = Ring(tmp_path, size)
    written = []
    for n in range(500):
        record = bytes([n % 256]) * dice.randrange(1, 400)
        span = ring.append(record)
        assert span is not None
        written.append((span, record))
        there = [(each, content) for each, content in written if ring.has(each)]
        assert there == written[-len(there) :], "the oldest goes first"
        assert sum(len(content) for _, content in there) > size - 2 * 400 or n % 100 < 20
        for each, content in there:
            assert ring.read(each) == content
        assert all(ring.read(each) is None for each, _ in written[: -len(there)])
        if n % 100 == 99:
            ring.clear()
            assert not any(ring.has(each) for each, _ in written)
    assert ring.append(b"x" * (size + 1)) is None
    assert list(tmp_path.iterdir()) == [], "its file has no name"


# -- over REST --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with Web("--port", "0", "--amqp-port", "1") as web:
        until(lambda: len(web.state()["workers"]) == 3, "three workers")
        yield web


def test_the_film_is_made_while_nobody_watches(web: Web) -> None:
    index = web.ask("GET", "/api/film").json()
    assert index["from"] == index["began"] < index["to"]
    answer = web.ask("GET", f"/api/film?at={index['to']}&run={index['run']}")
    assert list(merged(answer.json())["workers"]) == ["worker-1", "worker-2", "worker-3"]
    assert web.ask("GET", f"/api/film/{answer.json()['reel']}").json()["frames"] == answer.json()["frames"]


def test_a_reel_goes_out_compressed_to_who_can_read_that(web: Web) -> None:
    address = f"{web.url()}/api/film/1"
    with urllib.request.urlopen(
        urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})
    ) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        packed = gzip.decompress(response.read())
    plain = web.ask("GET", "/api/film/1")
    assert "Content-Encoding" not in plain.headers
    assert json.loads(packed)["frames"] == plain.json()["frames"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("?at=-1", 422),
        ("?at=-0.001", 422),
        ("?at=nan", 422),
        ("?at=inf", 422),
        ("?at=1e309", 422),
        ("?at=", 422),
        ("?at=soon", 422),
        ("?at=1&run=x", 422),
        ("?at=1&run=-1", 422),
        ("?at=1&run=%F0%9D%9F%99", 422),
        ("?at=1&run=" + "9" * 5000, 422),
        ("?run=77", 409),
        ("?at=1&run=77", 409),
        ("/1?run=77", 409),
        ("?at=86400", 404),
        ("/0", 404),
        ("/99999999999999999999999999", 404),
        ("/-1", 404),
        ("/one", 404),
        ("/1/2", 404),
    ],
)
def test_nonsense_gets_a_problem(web: Web, path: str, status: int) -> None:
    answer = web.ask("GET", f"/api/film{path}")
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_who_asks_for_the_old_run_is_told_of_the_new_one(web: Web) -> None:
    run = web.ask("GET", "/api/film").json()["run"]
    assert web.ask("POST", "/api/reset").status == 202
    until(lambda: web.ask("GET", "/api/film").json()["run"] == run + 1, "another run")
    answer = web.ask("GET", f"/api/film?at=0&run={run}")
    assert (answer.status, answer.json()["run"]) == (409, run + 1)


@pytest.mark.parametrize("path", ["?run=77", "?at=1&run=77", "?at=1e9"])
def test_who_asks_quietly_for_what_is_not_there_gets_no_error(web: Web, path: str) -> None:
    assert web.ask("GET", f"/api/film{path}").status in (404, 409)
    answer = web.ask("GET", f"/api/film{path}&quiet=1")
    assert answer.status == 200
    assert set(answer.json()) == {"run", "none"}


def test_nothing_of_this_was_worth_a_word_in_the_terminal(web: Web) -> None:
    """Runs last in this file."""
    with web:
        pass
    assert web.err.text == ""
