"""Who watches the frames as a page does: has the first view, merges every change, and compares that with the next view each time."""

import json
from typing import Any

from webapp import frames, records
from webapp.frames import MAPS, STAMPS, WHOLES, View, delta, merge, view
from webapp.projection import State


def plain(frame: Any) -> Any:
    """Itself, once through JSON: equal to the frame only if that was nothing but JSON."""
    return json.loads(json.dumps(frame, allow_nan=False))


class Viewer:
    """What a page knows: the first view, and every change since, each through JSON. Compared with the next view each time."""

    def __init__(self, now: State) -> None:
        self.state = now
        self.view = view(now)
        self.merged: View = plain(self.view)
        self.kept: list[tuple[View, str]] = []

    def look(self) -> View | None:
        old, self.view = self.view, view(self.state)
        self.kept.append((self.view, json.dumps(self.view)))
        change = delta(old, self.view)
        assert delta(self.view, self.view) is None
        check_view(self.view)
        check_pictures(self.state, self.view)
        if change is None:
            assert {**old, **stamps(self.view)} == self.view
            return None
        assert plain(change) == change
        check_change(old, self.view, change)
        before = json.dumps(self.merged)
        merged = merge(self.merged, plain(change))
        assert json.dumps(self.merged) == before, "merge has changed what it was given"
        assert merged == plain(self.view)
        assert (self.view["run"], self.view["seq"], self.view["at"]) >= (old["run"], old["seq"], old["at"])
        self.merged = merged
        return change

    def close(self) -> None:
        for shown, text in self.kept:
            assert json.dumps(shown) == text, "a view was changed after it was made"


def stamps(frame: View) -> View:
    return {name: frame[name] for name in STAMPS}


def check_view(shown: View) -> None:
    """Every task that is spoken of is there, once, and no other."""
    assert set(shown) == {*STAMPS, *MAPS, *WHOLES, "wire"}
    named = {*shown["lost"], *shown["dead"]}
    for queue in shown["queues"].values():
        assert queue["next"] == (queue["window"][0] if queue["window"] else None)
        assert len(queue["window"]) == min(queue["ready"], frames.WINDOW)
        named.update(queue["window"])
    for lane in shown["workers"].values():
        assert len(lane["holding"]) <= min(lane["held"], frames.WINDOW)
        assert len(lane["dropped"]) <= records.DROPPED_KEPT
        named.update(lane["holding"], lane["dropped"])
    tasks = shown["tasks"]
    assert named <= set(tasks)
    assert all(tasks[key]["state"] == "done" for key in set(tasks) - named)
    assert all(entry["id"] == key for key, entry in tasks.items())
    for name in ("queues", "workers", "producers"):
        assert all(entry["name"] == key for key, entry in shown[name].items())
    assert len(shown["queues"]) <= frames.QUEUES_SHOWN
    assert max(len(shown["lost"]), len(shown["dead"])) <= frames.GONE_SHOWN
    assert len(shown["wire"]) <= frames.LOG_KEPT


def check_pictures(now: State, shown: View) -> None:
    """A picture that was kept is what a new one would be."""
    for key, kept in shown["tasks"].items():
        task = now.tasks[key]
        assert frames.picture(task) == kept
        task.picture = kept


def check_change(old: View, new: View, change: View) -> None:
    """It has the stamps, and besides only what is not as it was; what went is null."""
    assert stamps(change) == stamps(new)
    assert set(change) - set(STAMPS) or change["run"] != old["run"]
    for name in set(change) & set(MAPS):
        assert change[name]
        for key, entry in change[name].items():
            assert entry == new[name].get(key)
            assert entry != old[name].get(key)
    for name in set(change) & set(WHOLES):
        assert change[name] == new[name] != old[name]
    if "wire" in change:
        assert 0 < len(change["wire"]) <= frames.LINES_A_VIEW
        assert change["wire"] == new["wire"][-len(change["wire"]) :]
        if change["run"] == old["run"]:
            assert not any(line in old["wire"] for line in change["wire"])
