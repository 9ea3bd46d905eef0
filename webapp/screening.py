"""The film over REST: its index, and its reels, which go out compressed as they are kept.

    GET /api/film             when it begins, where it is whole, what happened when
    GET /api/film?at=12.5     the reel that shows this moment
    GET /api/film/7           reel 7

Each takes `run=3` too, and answers 409 where that run is over. With `quiet=1` a film that is not there any more is an answer like another,
200 and the problem in `none`: a page cannot know that a run ends while it asks, and a browser writes every error to its console. film.py
says what is in a reel.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from flask import Flask, Response, request

from webapp.app import answer
from webapp.film import Film, unpacked
from webapp.problems import Invalid, NotFound, NotNow


def attach(app: Flask, film: Film, now: Callable[[], float]) -> None:
    """Adds the film's addresses to the app. `now` is the run's clock."""

    @app.get("/api/film")
    def at() -> Response:
        try:
            check_run()
            moment = request.args.get("at")
            if moment is None:
                return answer(film.index(now()), cache="no-store")
            return reel_answer(film.at(seconds(moment), now()))
        except (NotFound, NotNow) as problem:
            if request.args.get("quiet") != "1":
                raise
            return answer({"run": film.run, "none": problem.as_dict()}, cache="no-store")

    @app.get("/api/film/<int:number>")
    def reel(number: int) -> Response:
        check_run()
        return reel_answer(film.reel(number, now()))

    def check_run() -> None:
        run = request.args.get("run")
        if run is None:
            return
        if not (run.isascii() and run.isdigit() and len(run) < 10):
            raise Invalid("run must be a whole number, the one that frames have.")
        film.check(int(run))


def seconds(text: str) -> float:
    """A moment of a run. Raises Invalid."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise Invalid("at must be a number of seconds since the run's clock began, 12.5 say.")
    return value


def reel_answer(packed: bytes) -> Response:
    if request.accept_encodings.quality("gzip"):
        response = Response(packed, mimetype="application/json")
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = Response(unpacked(packed), mimetype="application/json")
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "no-store"
    return response
