// @ts-check
/**
 * Life strips: one row a task, one segment an attempt, coloured by how it ended. Time runs to the right; the line at the right edge is now.
 * Segments lie on a track in px since a base time, so that moving on is one transform for all of them, and what goes on is simply long.
 */
import { rows, segments, span } from "../core/life.js";
import * as words from "../text.js";
import { describe } from "./chip.js";
import { act, attr, h, reconcile, rove, show, style, text } from "./dom.js";
import { rem } from "./shelf.js";

const { text: T } = words;
const ROW = 1.5; // rem
const BASE = 600; // seconds between bases: px on the track stay small, and segments stay where they are
const AHEAD = 1200; // seconds that an unfinished segment is long

/** Sign and word for what an attempt is or how it ended. @type {Record<string, string>} */
const SIGNS = { held: "◐", again: "↻", risk: "△", done: "✓", bad: "✕", plain: "·" };

/**
 * @param {HTMLElement} root
 */
export function mountLife(root) {
  const pinned = h("div", { class: "pinned", hidden: true });
  const pinText = h("span", { class: "pin-text" });
  const unpin = h("button", {
    type: "button",
    class: "icon small",
    "data-role": "unpin",
    "aria-label": T.unpin,
    title: T.unpin,
    text: "✕",
  });
  unpin.addEventListener("click", () => act(unpin, "pin", { n: null }));
  pinned.append(pinText, unpin);
  const list = h("div", { class: "strips" });
  const settle = rove(list, "button");
  const empty = h("p", { class: "foot-empty", text: T.lifeEmpty });
  const scale = h(
    "div",
    { class: "scale", "aria-hidden": "true" },
    h("span", {}),
    h("span", {}),
    h("span", { text: T.now }),
  );
  const nowLine = h("div", { class: "now", "aria-hidden": "true" });
  const body = h("div", { class: "strips-room" }, list, nowLine, empty);
  root.append(h("header", { class: "foot-head" }, h("h2", { text: T.life }), pinned), body, scale);

  let room = 6;
  let width = 0;
  let unit = 14;
  new ResizeObserver(() => {
    unit = rem();
    room = Math.max(3, Math.floor(body.clientHeight / (ROW * unit)));
    width = -1;
    act(root, "changed");
  }).observe(body);

  let base = 0;
  let scaleOf = 1; // px a second
  let seconds = 15;
  const measure = () => {
    const track = list.querySelector(".track");
    if (track instanceof HTMLElement) width = track.clientWidth;
  };
  const inners = () => /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll(".inner"));
  const px = (/** @type {number} */ at) => (at - base) * scaleOf;

  return {
    /** @param {import("../types.js").Scene} scene */
    update(scene) {
      const { world, t, pin } = scene;
      const tasks = rows(world, t, room, pin);
      if (width <= 0) measure();
      seconds = span(tasks, t, pin);
      base = Math.floor(t / BASE) * BASE;
      scaleOf = Math.max(1, width) / seconds;
      show(empty, tasks.length === 0);
      show(nowLine, tasks.length > 0);
      show(scale, tasks.length > 0);
      const items = tasks.map(task => ({ task, scene }));
      reconcile(
        list,
        items,
        each => each.task.id,
        () => makeStrip(px, () => seconds),
      );
      if (width <= 0) measure();
      text(/** @type {Node} */ (scale.children[0]), T.ago(seconds));
      text(/** @type {Node} */ (scale.children[1]), T.ago(seconds / 2));
      const held = pin === null ? undefined : [...world.tasks.values()].find(task => task.n === pin);
      show(pinned, pin !== null);
      text(pinText, pin === null ? "" : held === undefined ? T.pinned(pin) : `#${held.n} ${held.body}`);
      attr(pinText, "title", held === undefined ? null : describeTask(held));
      settle();
      this.draw(t);
    },

    /** Time goes on. @param {number} t */
    draw(t) {
      const shift = `translate3d(${(width - px(t)).toFixed(1)}px, 0, 0)`;
      for (const inner of inners()) inner.style.transform = shift;
    },
  };
}

/** @param {import("../types.js").Task} task */
const describeTask = task =>
  describe({
    key: "",
    task,
    place: task.state,
    attempt: 0,
    look: task.state,
    coming: false,
    worker: task.worker,
    since: null,
  });

/**
 * @typedef {{task: import("../types.js").Task, scene: import("../types.js").Scene}} Row
 * @param {(at: number) => number} px
 * @param {() => number} seconds  that the strips show
 * @returns {import("./dom.js").Part<Row>}
 */
function makeStrip(px, seconds) {
  const label = h("button", { type: "button", class: "strip-name" });
  const inner = h("span", { class: "inner" });
  const node = h("div", { class: "strip" }, label, h("span", { class: "track" }, inner));
  node.addEventListener("click", () => act(node, "pin", { n: Number(node.dataset.of) }));
  return {
    node,
    update({ task, scene }) {
      attr(node, "data-of", task.n);
      attr(node, "data-state", task.state);
      attr(node, "data-again", task.redelivered);
      text(label, `#${task.n}`);
      const what = describeTask(task);
      attr(label, "aria-label", what);
      attr(node, "title", what);
      const settled = task.state === "done";
      attr(label, "data-task", settled ? task.n : null);
      attr(label, "data-place", settled ? "done" : null);
      attr(label, "data-attempt", settled ? task.skipped + task.attempts.length : null);
      const visible = segments(task).filter(each => each.to === null || each.to > scene.t - seconds() * 1.1);
      reconcile(
        inner,
        visible,
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
      const from = px(each.from);
      const to = px(each.to ?? each.from + AHEAD);
      style(node, "transform", `translateX(${from.toFixed(1)}px)`);
      style(node, "width", `${Math.max(3, to - from).toFixed(1)}px`);
      const word =
        each.kind === "wait"
          ? ""
          : each.end === null
            ? each.kind === "risk"
              ? words.ledger.at_risk
              : words.ledger.unacked
            : (words.ends[each.end] ?? each.end);
      const sign = each.kind === "wait" ? "" : (SIGNS[each.kind] ?? "");
      const said = each.kind === "wait" ? "" : `${each.worker} ${sign} ${word ?? ""}`;
      text(node, fit(to - from, [said, `${each.worker} ${sign}`, sign]));
      attr(node, "title", said || T.waitingTime);
    },
  };
}

/** Px that a character of a segment's words is wide, about. */
const CHARACTER = 7;

/** The first that fits. @param {number} px @param {string[]} words0 */
const fit = (px, words0) => words0.find(each => each.length * CHARACTER + 10 <= px) ?? "";
