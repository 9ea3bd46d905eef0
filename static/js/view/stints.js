// @ts-check
/** The workers' day: one row a worker, what it had in hand and how that ended, and when it took no work. */
import { span } from "../core/life.js";
import { away, knownSince, LINES, stints } from "../core/stints.js";
import { foot as T } from "../text/foot.js";
import * as words from "../text.js";
import { act, attr, h, reconcile, show, style, text } from "./dom.js";
import { describeTask } from "./life.js";
import { SIGNS, wordOf } from "./segment.js";
import { forThumbs, THUMB } from "./shelf.js";
import { AHEAD, fit, mountTrack } from "./track.js";

/** @typedef {import("../core/stints.js").Stint} Stint */
/** @typedef {ReturnType<typeof away>[number]} Away */
/** @typedef {{worker: import("../types.js").Worker, mine: Stint[], away: Away[], known: number|null}} Row */

/** Sign for why a worker takes no work. @type {Record<string, string>} */
const AWAY_SIGNS = { starting: "…", stopped: "✕", frozen: "❄", cut: "✂" };

/** Height of a row in rem: as many as there are share the room, within reason. */
const LOW = 1.7;
const HIGH = 2.6;

/** @param {HTMLElement} root */
export function mountStints(root) {
  const track = mountTrack(root, T.stintsEmpty);
  return {
    /** @param {import("../types.js").Scene} scene */
    update({ world, t, pin, lanes }) {
      const tasks = [...world.tasks.values()];
      const least = forThumbs() ? THUMB : LOW;
      const row = Math.max(least, Math.min(HIGH, track.height() / Math.max(1, lanes.length)));
      style(track.list, "--row", `${row.toFixed(2)}rem`);
      track.update(t, span(tasks, t, pin), lanes.length, () => {
        const since = track.since(t);
        const all = stints(world, since);
        const known = knownSince(world);
        reconcile(
          track.list,
          lanes.map(({ worker }) => ({
            worker,
            mine: all.get(worker.name) ?? [],
            away: away(worker).filter(each => each.until === null || each.until > since),
            known: known !== null && known > since ? known : null,
          })),
          each => each.worker.name,
          () => makeRow(track.px),
        );
      });
    },
    /** @param {number} t */
    draw: t => track.draw(t),
  };
}

/** @param {(at: number) => number} px @returns {import("./dom.js").Part<Row>} */
function makeRow(px) {
  const name = h("bdi", {});
  const label = h("button", { type: "button", class: "strip-name" }, name);
  label.addEventListener("click", () => act(label, "lane", { name: label.dataset.by }));
  const unknown = h("i", { class: "unknown", title: T.notKept });
  const inner = h("span", { class: "inner" });
  const held = h("span", { class: "holds" });
  const worked = h("span", { class: "works" });
  const gone = h("span", { class: "aways" });
  inner.append(unknown, held, worked, gone);
  const node = h("div", { class: "strip stints" }, label, h("span", { class: "track" }, inner));
  return {
    node,
    update({ worker, mine, away: stretches, known }) {
      text(name, worker.name);
      attr(label, "data-by", worker.name);
      attr(node, "data-state", worker.state);
      attr(label, "title", worker.name);
      show(unknown, known !== null);
      if (known !== null)
        style(unknown, "transform", `translateX(${px(known).toFixed(1)}px) translateX(-100%)`);
      reconcile(
        held,
        mine.filter(waits),
        each => each.key,
        () => makeStint(px, true),
      );
      reconcile(
        worked,
        mine.filter(each => each.began !== null),
        each => each.key,
        () => makeStint(px, false),
      );
      reconcile(
        gone,
        stretches,
        each => String(each.since),
        () => makeAway(px),
      );
    },
  };
}

/** Whether it lay in the worker's hands before it was begun. @param {Stint} each */
const waits = each => each.began === null || each.began > each.from;

/**
 * @param {(at: number) => number} px
 * @param {boolean} waiting  the part of it that was not worked on
 * @returns {import("./dom.js").Part<Stint>}
 */
function makeStint(px, waiting) {
  const node = h("i", { class: waiting ? "hold" : "segment" });
  node.addEventListener("click", () => act(node, "pin", { n: Number(node.dataset.of) }));
  return {
    node,
    update(each) {
      attr(node, "data-kind", each.kind);
      attr(node, "data-of", each.task.n);
      const start = waiting ? each.from : (each.began ?? each.from);
      const end = waiting ? (each.began ?? each.to) : each.to;
      const from = px(start);
      const to = px(end ?? start + AHEAD);
      style(node, "transform", `translateX(${from.toFixed(1)}px)`);
      style(node, "width", `${Math.max(waiting ? 1 : 3, to - from).toFixed(1)}px`);
      const { full, short } =
        waiting && each.began === null && each.to === null
          ? { full: T.notBegun, short: T.notBegun }
          : wordOf(each);
      attr(node, "title", `${describeTask(each.task)} · ${waiting ? T.notBegun : full}`);
      if (waiting) return style(node, "--line", String(each.line / LINES));
      const sign = SIGNS[each.kind] ?? "";
      const n = `#${each.task.n}`;
      text(node, fit(to - from, [`${n} ${sign} ${full}`, `${n} ${sign} ${short}`, `${n} ${sign}`, n, sign]));
    },
  };
}

/** @param {(at: number) => number} px @returns {import("./dom.js").Part<Away>} */
function makeAway(px) {
  const node = h("i", { class: "away" });
  return {
    node,
    update(each) {
      attr(node, "data-away", each.state);
      const from = px(each.since);
      const to = px(each.until ?? each.since + AHEAD);
      style(node, "transform", `translateX(${from.toFixed(1)}px)`);
      style(node, "width", `${Math.max(2, to - from).toFixed(1)}px`);
      const sign = AWAY_SIGNS[each.state] ?? "";
      const state = words.workerStates[each.state] ?? each.state;
      const said = T.awayUntil(state, each.why);
      text(node, fit(to - from, [`${sign} ${said}`, `${sign} ${state}`, sign]));
      attr(node, "title", said);
    },
  };
}
