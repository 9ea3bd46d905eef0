// @ts-check
/** What lies on a life strip: an attempt, the time a task waits, an effect; and the words for which the last attempt has no room. */
import { clear } from "../core/life.js";
import { foot as T } from "../text/foot.js";
import { endWords, ways as W } from "../text/ways.js";
import * as words from "../text.js";
import { attr, h, style, text } from "./dom.js";
import { AHEAD, fit, need } from "./track.js";

/** @typedef {import("../core/life.js").Segment} Segment */

/** Sign for what an attempt is or how it ended. @type {Record<string, string>} */
export const SIGNS = { held: "◐", again: "↻", risk: "△", done: "✓", bad: "✕", plain: "·" };
/** As wide as any. */
const SIGN = "✓";

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

/** What an attempt says, from the most to the least. @param {Segment} each */
function sayings(each) {
  const sign = SIGNS[each.kind] ?? "";
  const { full, short } = wordOf(each);
  return [
    `${each.worker} ${sign} ${full}`,
    `${each.worker} ${sign} ${short}`,
    `${each.worker} ${sign}`,
    sign,
  ].map(said => said.trim()); // nobody had it
}

/** Half of the bar of an effect, and what is to be free beside it, in px. */
const BAR = 4;

/**
 * Where a segment's words go: beside the bars of the effects that lie on it, where most room is.
 * @param {Segment} each
 * @param {number[]} bars
 * @param {number} t
 * @param {(at: number) => number} px
 * @returns {{indent: number, room: number}}  in px
 */
function roomIn(each, bars, t, px) {
  const end = each.to ?? Math.max(t, each.from);
  const free = clear(each.from, end, bars);
  const to = free.to < end ? px(free.to) - BAR : px(each.to ?? each.from + AHEAD);
  const from = free.from > each.from ? px(free.from) + BAR : px(each.from);
  return { indent: from - px(each.from), room: to - from };
}

/**
 * @param {(at: number) => number} px
 * @returns {import("./dom.js").Part<{each: Segment, bars: number[], t: number}>}
 */
export function makeSegment(px) {
  const node = h("i", { class: "segment" });
  return {
    node,
    update({ each, bars, t }) {
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
      const said = sayings(each);
      const { indent, room } = roomIn(each, bars, t, px);
      style(node, "text-indent", `${indent.toFixed(1)}px`);
      text(node, fit(room, said));
      attr(node, "title", said[0]);
    },
  };
}

/**
 * The words of the last attempt, to the right of it, where it is over and too narrow for them; that it was skipped is always said.
 * @param {(at: number) => number} px
 * @param {(at: number) => void} soon  called with the time from which there is room for more words
 */
export function makeBeside(px, soon) {
  const node = h("i", { class: "trailing" });
  return {
    node,
    /** @param {Segment[]} all  of a task @param {number[]} bars @param {number} t */
    update(all, bars, t) {
      const last = all.findLast(each => each.kind !== "effect");
      const said = last === undefined ? [] : left(last, bars, t, px);
      if (last?.to == null || said.length === 0) return text(node, "");
      // no segment is narrower than a sign
      const start = Math.max(px(Math.max(last.to, ...bars)), px(last.from) + need(SIGN));
      const room = px(t) - start;
      const written = fit(room, said);
      attr(node, "data-kind", last.kind);
      style(node, "transform", `translateX(${start.toFixed(1)}px)`);
      text(node, written);
      // Time goes on, and what is over moves away from now: the next longer words will have room.
      const longer = said[(written === "" ? said.length : said.indexOf(written)) - 1];
      if (longer !== undefined) soon(t + (need(longer) - room) / (px(1) - px(0)));
    },
  };
}

/**
 * What an attempt that is over has still to say beside itself, from the most to the least.
 * @param {Segment} last
 * @param {number[]} bars
 * @param {number} t
 * @param {(at: number) => number} px
 */
function left(last, bars, t, px) {
  if (last.kind === "wait" || last.to === null) return [];
  const [all = "", shorter = "", named = "", sign = ""] = sayings(last);
  const inside = fit(roomIn(last, bars, t, px).room, [all, shorter, named, sign]);
  if (inside === all || inside === shorter) return [];
  const { full, short } = wordOf(last);
  if (inside === named) return last.of?.known ? [full, short] : [];
  const before = inside === "" ? `${sign} ` : "";
  return [
    `${last.worker} ${before}${full}`,
    `${last.worker} ${before}${short}`,
    `${before}${short}`,
    short,
  ].map(said => said.trim());
}
