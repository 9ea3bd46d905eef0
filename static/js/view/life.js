// @ts-check
/** Life strips: one row a task, one segment an attempt, coloured by how it ended. */
import { rows, segments, span } from "../core/life.js";
import { foot as T } from "../text/foot.js";
import * as words from "../text.js";
import { describe } from "./chip.js";
import { act, attr, h, reconcile, text } from "./dom.js";
import { makeBeside, makeSegment } from "./segment.js";
import { mountTrack } from "./track.js";

/** @param {HTMLElement} root */
export function mountLife(root) {
  const track = mountTrack(root, T.lifeEmpty);
  let next = Number.POSITIVE_INFINITY;
  const soon = (/** @type {number} */ at) => {
    next = Math.min(next, at);
  };
  return {
    /** Returns when there is room for more words. @param {import("../types.js").Scene} scene */
    update({ world, t, pin }) {
      next = Number.POSITIVE_INFINITY;
      const tasks = rows(world, t, track.room(), pin);
      track.update(t, span(tasks, t, pin), tasks.length, () =>
        reconcile(
          track.list,
          tasks.map(task => ({ task, t, since: track.since(t) })),
          each => each.task.id,
          () => makeStrip(track.px, soon),
        ),
      );
      return next;
    },
    /** @param {number} t */
    draw: t => track.draw(t),
  };
}

/** @param {import("../types.js").Task} task */
export const describeTask = task =>
  describe({
    key: "",
    task,
    place: task.state,
    attempt: 0,
    look: task.state,
    coming: false,
    worker: task.worker,
    since: null,
    patience: null,
  });

/**
 * @param {(at: number) => number} px
 * @param {(at: number) => void} soon  it will have another look then
 * @returns {import("./dom.js").Part<{task: import("../types.js").Task, t: number, since: number}>}
 */
function makeStrip(px, soon) {
  const label = h("button", { type: "button", class: "strip-name" });
  const lie = h("span", {});
  const beside = makeBeside(px, soon);
  const inner = h("span", { class: "inner" }, lie, beside.node);
  const node = h("div", { class: "strip" }, label, h("span", { class: "track" }, inner));
  node.addEventListener("click", () => act(node, "pin", { n: Number(node.dataset.of) }));
  return {
    node,
    update({ task, t, since }) {
      attr(node, "data-of", task.n);
      attr(node, "data-state", task.state);
      attr(node, "data-again", task.redelivered);
      attr(node, "data-twice", task.results > 1);
      text(label, `#${task.n}${task.results > 1 ? ` ${words.glyphs.done_twice}` : ""}`);
      const what = describeTask(task);
      attr(label, "aria-label", what);
      attr(node, "title", what);
      const settled = task.state === "done";
      attr(label, "data-task", settled ? task.n : null);
      attr(label, "data-place", settled ? "done" : null);
      attr(label, "data-attempt", settled ? task.skipped + task.attempts.length : null);
      const all = segments(task);
      const bars = all.filter(each => each.kind === "effect").map(each => each.from);
      reconcile(
        lie,
        all.filter(each => each.to === null || each.to > since).map(each => ({ each, bars, t })),
        ({ each }) => each.key,
        () => makeSegment(px),
      );
      beside.update(all, bars, t);
    },
  };
}
