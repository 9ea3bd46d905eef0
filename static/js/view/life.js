// @ts-check
/** Life strips: one row a task, one segment an attempt, coloured by how it ended. */
import { rows, segments, span } from "../core/life.js";
import { foot as T } from "../text/foot.js";
import { endWords, ways as W } from "../text/ways.js";
import * as words from "../text.js";
import { describe } from "./chip.js";
import { act, attr, h, reconcile, style, text } from "./dom.js";
import { AHEAD, fit, mountTrack } from "./track.js";

/** Sign for what an attempt is or how it ended. @type {Record<string, string>} */
export const SIGNS = { held: "◐", again: "↻", risk: "△", done: "✓", bad: "✕", plain: "·" };

/**
 * What an attempt is or how it ended: in full, and in a word.
 * @param {{kind: string, end: string|null, of: import("../types.js").Attempt|null}} attempt
 * @returns {{full: string, short: string}}
 */
export function wordOf({ kind, end, of }) {
  const more = of && endWords(of);
  if (more) return more;
  const word =
    end === null ? (words.ledger[kind === "risk" ? "at_risk" : "unacked"] ?? "") : (words.ends[end] ?? end);
  return { full: word, short: word };
}

/** @param {HTMLElement} root */
export function mountLife(root) {
  const track = mountTrack(root, T.lifeEmpty);
  return {
    /** @param {import("../types.js").Scene} scene */
    update({ world, t, pin }) {
      const tasks = rows(world, t, track.room(), pin);
      track.update(t, span(tasks, t, pin), tasks.length, () =>
        reconcile(
          track.list,
          tasks.map(task => ({ task, since: track.since(t) })),
          each => each.task.id,
          () => makeStrip(track.px),
        ),
      );
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
 * @returns {import("./dom.js").Part<{task: import("../types.js").Task, since: number}>}
 */
function makeStrip(px) {
  const label = h("button", { type: "button", class: "strip-name" });
  const inner = h("span", { class: "inner" });
  const node = h("div", { class: "strip" }, label, h("span", { class: "track" }, inner));
  node.addEventListener("click", () => act(node, "pin", { n: Number(node.dataset.of) }));
  return {
    node,
    update({ task, since }) {
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
      reconcile(
        inner,
        segments(task).filter(each => each.to === null || each.to > since),
        each => each.key,
        () => makeSegment(px),
      );
    },
  };
}

/**
 * @param {(at: number) => number} px
 * @returns {import("./dom.js").Part<import("../core/life.js").Segment>}
 */
function makeSegment(px) {
  const node = h("i", { class: "segment" });
  return {
    node,
    update(each) {
      attr(node, "data-kind", each.kind);
      attr(node, "data-by", each.worker || null);
      const from = px(each.from);
      const to = px(each.to ?? each.from + AHEAD);
      style(node, "transform", `translateX(${from.toFixed(1)}px)`);
      style(node, "width", `${Math.max(3, to - from).toFixed(1)}px`);
      if (each.kind === "wait") {
        attr(node, "title", T.waitingTime);
        return text(node, "");
      }
      if (each.kind === "effect") {
        attr(node, "title", W.effect(each.attempt, each.worker));
        return text(node, "");
      }
      const sign = SIGNS[each.kind] ?? "";
      const { full, short } = wordOf(each);
      const said = `${each.worker} ${sign} ${full}`;
      text(node, fit(to - from, [said, `${each.worker} ${sign} ${short}`, `${each.worker} ${sign}`, sign]));
      attr(node, "title", said);
    },
  };
}
