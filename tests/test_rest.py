"""REST, on the real web process and a double of the engine: what is answered, and above all what is refused, and how."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.fake_engine import CHECKOUT, DEADLINE, Answer, Web, until

HISTORY = [
    {"type": "ConnectionOpened", "conn": 1, "name": "worker-1", "product": "pika", "peer": "127.0.0.1:1"},
    {
        "type": "ConsumerStarted",
        "conn": 1,
        "channel": 1,
        "queue": "task_queue",
        "consumer": "c",
        "auto_ack": False,
    },
    {"type": "ConnectionOpened", "conn": 9, "name": "laptop", "product": "node", "peer": "127.0.0.1:9"},
    {
        "type": "ConsumerStarted",
        "conn": 9,
        "channel": 1,
        "queue": "task_queue",
        "consumer": "c",
        "auto_ack": False,
    },
]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A page with three workers and a guest; nothing listens where its tap should be."""
    history = tmp_path_factory.mktemp("history") / "a_guest.jsonl"
    history.write_text("".join(json.dumps(event) + "\n" for event in HISTORY))
    with Web("--port", "0", "--amqp-port", "1", FAKE_HISTORY=str(history)) as web:
        until(lambda: "laptop" in {worker["name"] for worker in web.state()["workers"]}, "the guest's lane")
        yield web


def assert_problem(answer: Answer, status: int) -> Any:
    """The answer is an RFC 9457 problem with this status, fit for a user's eyes."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.body
    problem = answer.json()
    assert answer.status == problem["status"] == status, problem
    assert problem["type"].startswith("urn:unacked:problem:")
    assert problem["title"]
    assert problem["detail"].endswith((".", ")")), problem["detail"]
    assert "Traceback" not in problem["detail"]
    return problem


# -- refused ------------------------------------------------------------------------------------------------------

BAD_TASKS: list[tuple[object, int, str]] = [
    ({"body": ""}, 422, "body must not be empty"),
    ({"body": " \n\t "}, 422, "body must not be empty"),
    ({"body": "x" * 10_000}, 422, "4096"),
    ({"body": "😀" * 1025}, 422, "4096"),
    ({"body": "." * 601}, 422, "601"),
    ({"body": "a\0b"}, 422, "NUL"),
    ({"body": 5}, 422, "body"),
    ({"body": None}, 422, "body"),
    ({"body": ["photo"]}, 422, "body"),
    ({}, 422, "body missing"),
    ({"count": 3}, 422, "body missing"),
    ({"body": "a", "count": 0}, 422, "count must be a whole number from 1 to 10000"),
    ({"body": "a", "count": -1}, 422, "count"),
    ({"body": "a", "count": 10_001}, 422, "count"),
    ({"body": "a", "count": 10**9}, 422, "count"),
    ({"body": "a", "count": 10**40}, 422, "count"),
    ({"body": "a", "count": True}, 422, "count"),
    ({"body": "a", "count": 1.0}, 422, "count"),
    ({"body": "a", "count": "5"}, 422, "count"),
    ({"body": "a", "count": None}, 422, "count"),
    ({"body": "a", "persistent": "no"}, 422, "persistent must be true or false"),
    ({"body": "a", "persistent": 0}, 422, "persistent"),
    ({"body": "a", "color": "red", "size": 1}, 422, "color, size"),
    ([1, 2], 400, "object"),
    ("photo...", 400, "object"),
    (None, 400, "object"),
    (b"", 415, "Content-Type"),
    (b"{", 400, "not valid JSON"),
    (b"{'body': 'a'}", 400, "not valid JSON"),
    (b'{"body": "a", "count": NaN}', 400, "not valid JSON"),
    (b'{"body": "a", "count": 1e999}', 400, "not valid JSON"),
    (b'{"body": "\xff"}', 400, "not valid JSON"),
    (b'{"body": "\\ud800"}', 400, "not valid JSON"),
    (b'{"body": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", 400, "not valid JSON"),
    (b'{"body": "' + b"." * 1_000_000 + b'"}', 413, "64 kB"),
]


@pytest.mark.parametrize(("body", "status", "says"), BAD_TASKS, ids=lambda value: repr(value)[:40])
def test_a_bad_task_is_refused_and_the_reason_named(web: Web, body: object, status: int, says: str) -> None:
    data = b"null" if body is None else body
    headers = {} if data != b"" else {"Content-Type": "text/plain"}
    assert says in assert_problem(web.ask("POST", "/api/tasks", data, **headers), status)["detail"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_what_is_not_declared_as_json_is_refused(web: Web, kind: str) -> None:
    assert_problem(web.ask("POST", "/api/tasks", b'{"body": "a"}', **{"Content-Type": kind}), 415)


def test_a_chunked_body_is_read(web: Web) -> None:
    place = urlsplit(web.url())
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=DEADLINE)
    with contextlib.closing(connection):
        connection.request(
            "POST",
            "/api/tasks",
            iter([b'{"bo', b'dy": 7}']),
            {"Content-Type": "application/json"},
            encode_chunked=True,
        )
        assert "body must be a text" in json.loads(connection.getresponse().read())["detail"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "ack, prefetch"),
        ({"ack": "maybe"}, "ack must be"),
        ({"ack": True}, "ack must be"),
        ({"ack": ["auto"]}, "ack must be"),
        ({"prefetch": -1}, "prefetch must be a whole number from 0 to 1000"),
        ({"prefetch": 1001}, "prefetch"),
        ({"prefetch": "1"}, "prefetch"),
        ({"prefetch": False}, "prefetch"),
        ({"queue": "other"}, "Unknown field queue"),
        ({"durable": "no"}, "durable must be true or false"),
        ({"durable": False, "kind": "quorum"}, "A quorum queue is always durable"),
        ({"kind": "stream"}, "kind must be"),
        ({"idempotent": 1}, "idempotent must be true or false"),
    ],
    ids=repr,
)
def test_bad_settings_are_refused(web: Web, body: object, says: str) -> None:
    before = web.state()["settings"]
    assert says in assert_problem(web.ask("PUT", "/api/settings", body), 422)["detail"]
    assert web.state()["settings"] == before


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("worker-77/stop", 404, "'worker-77'"),
        ("worker-1/explode", 404, "explode"),
        ("laptop/explode", 404, "explode"),
        ("worker-1/start", 409, "running"),
        ("worker-1/thaw", 409, "not frozen"),
        ("worker-2/cut", 409, "no open connection"),
        ("laptop/stop", 409, "guest"),
        ("laptop/freeze", 409, "guest"),
        ("%3Cscript%3E/stop", 404, "<script>"),
        ("worker-1%2Fstop/stop", 404, "worker-1/stop"),
        ("x" * 3000 + "/stop", 404, "There is no worker"),
    ],
)
def test_an_action_that_makes_no_sense_is_refused(web: Web, path: str, status: int, says: str) -> None:
    problem = assert_problem(web.ask("POST", f"/api/workers/{path}"), status)
    assert says in problem["detail"] or status == 404
    assert len(problem["detail"]) < 400


@pytest.mark.parametrize(
    "path", ["/api/workers", "/api/workers/worker-1/freeze", "/api/broker/restart", "/api/reset"]
)
def test_commands_without_fields_refuse_fields(web: Web, path: str) -> None:
    assert "force" in assert_problem(web.ask("POST", path, {"force": True}), 422)["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing/here", 404),
        ("GET", "/static/no.css", 404),
        ("GET", "/static/../webapp/app.py", 404),
        ("GET", "/static/%2e%2e/pyproject.toml", 404),
        ("GET", "/vendor/../package.json", 404),
        ("GET", "/api/tasks", 405),
        ("DELETE", "/api/state", 405),
        ("POST", "/healthz", 405),
        ("POST", "/", 405),
    ],
)
def test_errors_of_http_are_problems_too(web: Web, method: str, path: str, status: int) -> None:
    answer = web.ask(method, path)
    assert_problem(answer, status)
    if status == 405:
        assert answer.headers["Allow"]


def test_another_sites_page_may_read_nothing_and_do_nothing(web: Web) -> None:
    for origin in (
        "http://evil.example",
        "http://127.0.0.1:1",
        "null",
        "http://127.0.0.1.evil.example",
        "http://[x",
        "http://[::1",
    ):
        assert_problem(web.ask("POST", "/api/workers/worker-1/stop", Origin=origin), 403)
    assert (
        "Access-Control-Allow-Origin"
        not in web.ask("GET", "/api/state", Origin="http://evil.example").headers
    )
    assert_problem(web.ask("PUT", "/api/settings", {}, Origin=web.url()), 422)  # our own is let through


@pytest.mark.parametrize(
    "raw",
    [
        b"POST /api/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ten\r\n\r\n",
        b"POST /api/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /api/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
        b"AMQP\x00\x00\x09\x01",
        b"\r\n\r\n\r\n",
    ],
    ids=lambda raw: repr(raw[:16] + raw[-12:]),
)
def test_a_client_that_does_not_speak_http_gets_no_500_and_harms_nobody(web: Web, raw: bytes) -> None:
    place = urlsplit(web.url())
    with socket.create_connection((place.hostname, place.port), timeout=DEADLINE) as rude:
        answer = b""
        with contextlib.suppress(OSError):  # it may have closed the connection halfway through
            rude.sendall(raw)
            rude.shutdown(socket.SHUT_WR)
            while chunk := rude.recv(65536):
                answer += chunk
    assert not answer.split(b"\r\n")[0].startswith(b"HTTP/1.1 5")
    assert b"Traceback" not in answer
    assert web.ask("GET", "/healthz").status == 200


# -- done ---------------------------------------------------------------------------------------------------------


def test_a_worker_is_stopped_started_frozen_thawed_and_finished(web: Web) -> None:
    def state() -> str:
        return next(worker["state"] for worker in web.state()["workers"] if worker["name"] == "worker-3")

    for action, then, never in [
        ("stop", "stopped", ("stop", "finish", "freeze", "thaw", "cut")),
        ("start", None, ("start", "thaw")),
        ("freeze", "frozen", ("start", "finish", "freeze")),
        ("thaw", None, ("start", "thaw")),
        ("finish", "stopped", ("finish",)),
    ]:
        answer = web.ask("POST", f"/api/workers/worker-3/{action}")
        assert (answer.status, answer.json()) == (202, {"name": "worker-3", "action": action})
        until(
            lambda then=then: state() == then if then else state() not in ("stopped", "frozen"),
            f"worker-3 {then}",
        )
        for refused in never:
            assert_problem(web.ask("POST", f"/api/workers/worker-3/{refused}"), 409)


def test_a_guest_can_be_cut(web: Web) -> None:
    assert web.ask("POST", "/api/workers/laptop/cut").status == 202


@pytest.mark.parametrize("field", ["desk", "self", "state", "conns"])
def test_a_field_named_like_something_of_ours_is_refused_like_any_other(web: Web, field: str) -> None:
    assert_problem(web.ask("POST", "/api/workers/worker-1/freeze", {field: 1}), 422)


def test_what_is_done_to_a_connection_is_passed_on_with_its_fields_and_shown(web: Web) -> None:
    def lane() -> Any:
        return next(worker for worker in web.state()["workers"] if worker["name"] == "worker-1")

    for action, fields in (("delay", {"ms": 500}), ("hold", {"method": "basic.ack"}), ("blackhole", {})):
        answer = web.ask("POST", f"/api/workers/worker-1/{action}", fields)
        assert (answer.status, answer.json()) == (202, {"name": "worker-1", "action": action, **fields})
    until(lambda: lane()["faults"]["blackholed"] is not None, "the black hole")
    assert (lane()["faults"]["delay"], lane()["faults"]["armed"]) == (500, ["basic.ack"])
    assert web.ask("POST", "/api/workers/worker-1/restore").status == 202
    assert web.ask("POST", "/api/workers/worker-1/delay", {"ms": 0}).status == 202
    until(lambda: lane()["faults"]["blackholed"] is None and not lane()["faults"]["delay"], "the end of it")


def test_workers_are_added_up_to_a_limit(web: Web) -> None:
    names = [web.ask("POST", "/api/workers", {}).json()["name"] for _ in range(29)]
    assert names[0] == "worker-4"
    until(lambda: sum(worker["kind"] == "local" for worker in web.state()["workers"]) == 32, "32 lanes")
    assert "32 workers" in assert_problem(web.ask("POST", "/api/workers"), 409)["detail"]


def test_settings_change_and_the_answer_says_what_holds_now(web: Web) -> None:
    wanted = {
        "ack": "auto",
        "prefetch": 0,
        "queue": "task_queue",
        "durable": True,
        "kind": "quorum",
        "idempotent": True,
    }
    answer = web.ask("PUT", "/api/settings", {"ack": "auto", "prefetch": 0, "idempotent": True})
    assert (answer.status, answer.json()) == (200, wanted)
    until(lambda: web.state()["settings"] == wanted, "the new settings")
    assert web.ask("PUT", "/api/settings", {"ack": "manual", "prefetch": 1}).json()["ack"] == "manual"


def test_reset_and_broker_restart_are_passed_on(web: Web) -> None:
    assert web.ask("POST", "/api/broker/restart").status == 202
    assert web.ask("POST", "/api/reset", {}).status == 202


def test_a_reset_can_set_the_scene(web: Web) -> None:
    def workers() -> int:
        return sum(worker["kind"] == "local" for worker in web.state()["workers"])

    scene = {"ack": "auto", "prefetch": 5, "workers": 5}
    assert web.ask("POST", "/api/reset", scene).status == 202
    until(lambda: workers() == 5, "five workers")
    settings = web.state()["settings"]
    assert (settings["ack"], settings["prefetch"], settings["queue"]) == ("auto", 5, "task_queue")
    assert web.ask("POST", "/api/reset", {"ack": "manual", "prefetch": 1, "workers": 3}).status == 202
    until(lambda: workers() == 3, "three workers")
    assert web.ask("POST", "/api/reset", {"durable": False, "idempotent": True}).status == 202
    until(lambda: not web.state()["settings"]["durable"], "a transient queue")
    settings = web.state()["settings"]
    assert (settings["kind"], settings["idempotent"], settings["ack"]) == ("classic", True, "manual")
    assert web.ask("POST", "/api/reset", {"kind": "quorum", "idempotent": False}).status == 202
    until(lambda: web.state()["settings"]["durable"], "a durable one")
    for nonsense in (
        *({"workers": 33}, {"workers": -1}, {"workers": True}, {"ack": "no"}, {"worker": 1}),
        *({"durable": 0}, {"kind": "stream"}, {"idempotent": "yes"}, {"durable": False, "kind": "quorum"}),
    ):
        assert web.ask("POST", "/api/reset", nonsense).status == 422, nonsense


def test_what_is_text_comes_compressed_where_that_is_understood(web: Web) -> None:
    plain = web.ask("GET", "/static/js/app.js")
    packed = web.ask("GET", "/static/js/app.js", **{"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 2
    assert "Accept-Encoding" in packed.headers["Vary"]
    again = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["Etag"]}
    assert web.ask("GET", "/static/js/app.js", **again).status == 304
    assert (
        web.ask("GET", "/vendor/socket.io.esm.min.js", **{"Accept-Encoding": "br"}).headers[
            "Content-Encoding"
        ]
        == "br"
    )


def test_the_state_has_its_sections(web: Web) -> None:
    answer = web.ask("GET", "/api/state")
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json()) >= {"broker", "settings", "ledger", "workers", "tasks"}


def test_healthz_says_what_is_up(web: Web) -> None:
    health = web.ask("GET", "/healthz")
    assert health.status == 200
    assert health.json() == {"status": "up", "page": True, "engine": True, "tap": True, "broker": True}


def test_the_workers_program_is_the_file_itself(web: Web) -> None:
    answer = web.ask("GET", "/api/worker.py")
    assert answer.headers["Content-Type"].startswith("text/x-python")
    assert answer.body == (CHECKOUT / "workers" / "worker.py").read_bytes()
    assert_problem(web.ask("POST", "/api/worker.py"), 405)


def test_the_browser_client_is_ours_to_serve(web: Web) -> None:
    client = web.ask("GET", "/vendor/socket.io.esm.min.js")
    assert client.status == 200
    assert "javascript" in client.headers["Content-Type"]
    assert client.headers["Cache-Control"] == "no-cache"
    again = web.ask("GET", "/vendor/socket.io.esm.min.js", **{"If-None-Match": client.headers["Etag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("path", ["/healthz", "/nothing", "/vendor/socket.io.esm.min.js"])
def test_every_answer_keeps_strangers_out_of_the_page(web: Web, path: str) -> None:
    headers = web.ask("GET", path).headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_connections_are_kept_alive_after_an_error(web: Web) -> None:
    place = urlsplit(web.url())
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=DEADLINE)
    try:
        for _ in range(3):
            connection.request("POST", "/api/tasks", b"{", {"Content-Type": "application/json"})
            response = connection.getresponse()
            assert (response.status, json.loads(response.read())["status"]) == (400, 400)
    finally:
        connection.close()


# -- outages ------------------------------------------------------------------------------------------------------


def test_a_submit_without_a_broker_says_that_nothing_was_sent(web: Web) -> None:
    answer = web.ask("POST", "/api/tasks", {"body": "photo...", "count": 5})
    problem = assert_problem(answer, 503)
    assert "Nothing was sent" in problem["detail"]
    assert (problem["ids"], problem["unknown"], problem["not_sent"]) == ([], 0, 5)
    assert answer.headers["Retry-After"]


def test_a_broker_that_is_not_ours_is_not_restarted() -> None:
    with Web("--port", "0", "--amqp-port", "1", FAKE_ENGINE="external") as web:
        assert "not ours" in assert_problem(web.ask("POST", "/api/broker/restart"), 409)["detail"]


def test_an_engine_that_dies_of_a_command_is_reported_and_started_again() -> None:
    with Web("--port", "0", "--amqp-port", "1", FAKE_ENGINE="die_on_reset") as web:
        problem = assert_problem(web.ask("POST", "/api/reset"), 503)
        assert "engine" in problem["title"].lower()
        web.err.wait_for("the engine ended .exit code 1. and is started again")
        until(lambda: web.ask("GET", "/healthz").status == 200, "the engine is back")
        until(lambda: len(web.state()["workers"]) == 3, "its workers too")


def test_while_the_engine_is_gone_commands_and_health_say_so(tmp_path: Path) -> None:
    with Web(
        "--port", "0", "--amqp-port", "1", FAKE_ENGINE="die_on_reset once", FAKE_LIVES=str(tmp_path / "lives")
    ) as web:
        web.ask("POST", "/api/reset")
        health = assert_problem(web.ask("GET", "/healthz"), 503)
        assert (health["page"], health["engine"], health["tap"], health["broker"]) == (
            True,
            False,
            False,
            False,
        )
        assert_problem(web.ask("POST", "/api/workers/worker-1/stop"), 503)
        assert_problem(web.ask("POST", "/api/tasks", {"body": "a"}), 503)
        assert web.ask("GET", "/api/state").status == 200


def test_lines_that_are_no_events_are_skipped() -> None:
    with Web("--port", "0", "--amqp-port", "1", FAKE_ENGINE="garbage") as web:
        until(lambda: len(web.state()["workers"]) == 3, "three workers")
        web.err.wait_for("skipped a line of the engine")
    assert web.err.text.count("skipped a line") == 1


def test_text_of_any_kind_is_checked_and_not_changed() -> None:
    from webapp.commands import task_body

    for text in ("<b>&amp;\"'`</b>", "🐇 photo…", "\u202eعمل\u202c", "a\nb\tc", "日本語...", " x "):
        assert task_body(text) == text
