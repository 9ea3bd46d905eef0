"""The Flask side: the page, its files, and REST. Every error leaves as an RFC 9457 problem.

Must not import eventlet or Socket.IO: `sockets.py` joins those to the app that `create` returns.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from flask import Flask, Response, render_template, request, send_from_directory
from flask_compress import Compress
from werkzeug.exceptions import HTTPException

from webapp import problems
from webapp.commands import Desk

log = logging.getLogger("unacked")

LARGEST_REQUEST = 64 * 1024  # bytes
DRAIN = (
    8 * 1024 * 1024
)  # bytes of a request too large that are still read, so that its sender lives to read the refusal

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Health(Protocol):
    """What stands behind the page, part by part: up or not."""

    def __call__(self) -> Mapping[str, bool]: ...


def host_of(origin: str) -> str:
    """The host and port of an Origin header, in small letters; empty where it is no address at all."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def create(desk: Desk, report: Callable[[], dict[str, Any]], health: Health, checkout: Path) -> Flask:
    """The Flask app. `report` gives the body of /api/state; `checkout` is the folder with static/ and templates/."""
    app = Flask(
        "unacked", static_folder=str(checkout / "static"), template_folder=str(checkout / "templates")
    )
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    app.config["COMPRESS_ALGORITHM_STREAMING"] = ["br", "gzip"]
    app.config["COMPRESS_STREAMING_ENDPOINT_CONDITIONAL"] = ["static", "vendor"]
    Compress(app)

    @app.before_request
    def refuse_other_sites() -> None:
        """A page of another site may make a browser send us a request; it may not make us do anything by it."""
        origin = request.headers.get("Origin")
        if request.method in ("GET", "HEAD", "OPTIONS") or origin is None:
            return
        if host_of(origin) != request.host.lower():
            raise problems.Foreign(f"The request comes from {origin[:100]}, this is {request.host[:100]}.")

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-cache")
        return response

    @app.get("/")
    def page() -> str:
        return render_template("index.html")

    @app.get("/vendor/<path:name>")
    def vendor(name: str) -> Response:
        """Socket.IO's browser client, as npm installed it."""
        return send_from_directory(checkout / "node_modules" / "socket.io-client" / "dist", name)

    @app.get("/api/worker.py")
    def program() -> Response:
        """The workers' program, as the engine starts it."""
        return send_from_directory(checkout / "workers", "worker.py", mimetype="text/x-python")

    @app.get("/healthz")
    def healthz() -> Response:
        parts = health()
        down = [part for part, up in parts.items() if not up]
        if not down:
            return answer({"status": "up", **parts})
        raise problems.Http(503, "Not everything is up", f"Not up: {', '.join(down)}.", **parts)

    @app.get("/api/state")
    def state() -> Response:
        return answer(report(), cache="no-store")

    @app.post("/api/tasks")
    def submit() -> Response:
        return answer(desk.do("submit", fields()), 202)

    @app.post("/api/workers")
    def add() -> Response:
        return answer(desk.do("add", fields(may_be_empty=True)), 201)

    @app.post("/api/workers/<name>/<action>")
    def worker(name: str, action: str) -> Response:
        given = fields(may_be_empty=True)
        nothing_in({key: value for key, value in given.items() if key in ("name", "action")})
        return answer(desk.do("worker", {**given, "name": name, "action": action}), 202)

    @app.put("/api/settings")
    def settings() -> Response:
        return answer(desk.do("settings", fields()))

    @app.post("/api/broker/restart")
    def restart_broker() -> Response:
        return answer(desk.do("restart_broker", fields(may_be_empty=True)), 202)

    @app.post("/api/reset")
    def reset() -> Response:
        return answer(desk.do("reset", fields(may_be_empty=True)), 202)

    @app.errorhandler(problems.Problem)
    def refused(problem: problems.Problem) -> Response:
        return problem_answer(problem)

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> Response | HTTPException:
        if error.response is not None or (error.code or 500) < 400:  # a redirect, or an answer already made
            return error
        if error.code == 413:
            drain()
        response = problem_answer(of_http(error))
        for name, value in error.get_headers():
            if name.lower() not in ("content-type", "content-length"):
                response.headers[name] = value  # 405 names the allowed methods in one
        return response

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        log.error("%s %s failed", request.method, request.path, exc_info=error)
        return problem_answer(problems.Broken("It was written to the terminal. Nothing is known to be lost."))

    return app


def fields(may_be_empty: bool = False) -> dict[str, object]:
    """The request's JSON object. Raises Malformed, or Unsupported where the body is not declared to be JSON."""
    body = request.get_data()
    if not body and may_be_empty:
        return {}
    if not request.is_json:
        kind = request.mimetype or "no Content-Type"
        raise problems.Unsupported(
            f"Send JSON, with Content-Type: application/json; this came with {kind[:60]}."
        )
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise problems.Malformed(f"The body is not valid JSON: {error}.") from None
    if not isinstance(value, dict):
        raise problems.Malformed('The body must be a JSON object, {"body": "photo..."} say.')
    return value


def drain() -> None:
    """Read what the client is still sending, up to DRAIN: a client that finds the connection closed while it sends shows an error
    of its own instead of ours."""
    left = min(request.content_length or 0, DRAIN)
    source = request.environ["wsgi.input"]
    while left > 0 and (chunk := source.read(min(left, 64 * 1024))):
        left -= len(chunk)


def nothing_in(given: Mapping[str, object]) -> None:
    if given:
        raise problems.Invalid(f"No fields are expected here; unknown: {', '.join(list(given)[:10])[:300]}.")


def answer(body: Any, status: int = 200, cache: str = "no-cache") -> Response:
    response = Response(msgspec.json.encode(body), status, mimetype="application/json")
    response.headers["Cache-Control"] = cache
    return response


def problem_answer(problem: problems.Problem) -> Response:
    response = Response(
        msgspec.json.encode(problem.as_dict()), problem.status, mimetype="application/problem+json"
    )
    response.headers["Cache-Control"] = "no-store"
    if problem.status in (503, 504):
        response.headers["Retry-After"] = "2"
    return response


# What to do about HTTP's own errors, where its usual sentence does not say.
HINTS = {
    404: "There is nothing at {path}.",
    405: "{method} is not possible at {path}; see the Allow header for what is.",
    413: f"A request may have at most {LARGEST_REQUEST // 1024} kB.",
}


def of_http(error: HTTPException) -> problems.Problem:
    code = error.code or 500
    hint = HINTS.get(code, error.description or error.name)
    return problems.Http(code, error.name, hint.format(method=request.method, path=request.path[:200]))
