// @ts-check
/**
 * Those that are gone, lost or dead, by name: as many whole tombstones as there is room for, and honestly how many more there are. Where
 * there is room they say who had the task, or why it is gone.
 */
import { lostWithBroker } from "../core/counted.js";
import { count } from "../core/format.js";
import { choose } from "../core/scene.js";
import { lostKind, lostWords } from "../text/ways.js";
import * as words from "../text.js";
import { makeTomb } from "./chip.js";
import { act, attr, h, show, style, text } from "./dom.js";
import { forThumbs, makeShelf, rem, THUMB } from "./shelf.js";

const { text: T } = words;
/** @typedef {import("../types.js").Chip} Chip */

/** Widths in rem: what lies around a number, and a gap, with its sign and without; a digit; what lies before the words, and a character of them. */
const SIGNED = 3.15;
const BARE = 1.8;
const DIGIT = 0.6;
const BEFORE = 0.4;
const LETTER = 0.48;
/** Between two that are as narrow as a thumb. */
const GAP = 0.25;
/** A row of tombstones, in rem; and one of several. */
const ROW = 2.2;
const LOW = 1.75;

/**
 * @param {string} which  lost | dead
 * @param {string} label
 * @param {() => void} changed  it has another size
 */
export function makeTray(which, label, changed) {
  let width = 0;
  let height = 0;
  const shelf = makeShelf("tombs", () => {
    width = shelf.node.clientWidth / rem();
    height = shelf.node.clientHeight / rem();
    changed();
  });
  const number = h("span", { class: "count" });
  const note = h("span", { class: "note" });
  const more = h("button", { type: "button", class: "more", title: T.showMore, hidden: true });
  more.addEventListener("click", () => act(more, "list", { what: which }));
  const node = h(
    "section",
    { class: `tray ${which}`, "aria-label": label },
    h("h3", {}, h("i", { text: words.glyphs[which] ?? "", "aria-hidden": "true" }), label),
    number,
    note,
    shelf.node,
  );

  /** The largest size in which they are all there; else the smallest. @param {Chip[]} chips @param {number} total */
  function fitted(chips, total) {
    const sizes = sizesOf(chips);
    const row = forThumbs() ? THUMB + 0.1 : ROW;
    for (const [size, cell] of sizes) {
      const last = size === "small";
      const high = last && !forThumbs() && height >= 2 * LOW ? LOW : row;
      const room = shelf.room({ width: cell, height: high });
      if (last || (total <= room && cell <= width)) return { size, cell, room, high };
    }
    return { size: "small", cell: BARE, room: 1, high: row };
  }

  return {
    node,
    list: shelf.node,
    /**
     * Those of the queue shown, by name; how many of others; how many the frames do not name.
     * @param {Chip[]} chips
     * @param {number} elsewhere
     * @param {number} unnamed
     */
    update(chips, elsewhere, unnamed) {
      const { size, cell, room, high } = fitted(chips, chips.length + unnamed);
      // what is left over at the end of a row is room for the words there
      const chosen = choose(chips, chips.length + unnamed, room, Math.max(cell, width / shelf.columns()));
      attr(shelf.node, "data-size", size);
      style(shelf.node, "--tomb", `${high}rem`);
      text(more, T.more(chosen.more));
      show(more, chosen.more > 0);
      shelf.update(chosen.shown, chip => chip.key, makeTomb, more);
      const total = chips.length + elsewhere + unnamed;
      text(number, total > 0 ? count(total) : "");
      text(note, total === 0 ? T.none : elsewhere > 0 ? T.elsewhere(elsewhere) : "");
      attr(node, "data-zero", total === 0);
    },
  };
}

/**
 * How much a tombstone may say, and how wide in rem it is then.
 * @param {Chip[]} chips
 * @returns {[string, number][]}
 */
function sizesOf(chips) {
  const digits = Math.max(1, ...chips.map(({ task }) => String(task.n).length)) * DIGIT;
  const wide = (/** @type {(task: import("../types.js").Task) => string} */ said) => {
    const most = Math.max(0, ...chips.map(({ task }) => said(task).length));
    return SIGNED + digits + (most > 0 ? BEFORE + most * LETTER : 0);
  };
  const holder = (/** @type {import("../types.js").Task} */ task) => task.attempts.at(-1)?.worker ?? "";
  return [
    ["full", wide(task => (lostWithBroker(task) ? lostWords(task) : holder(task)))],
    ["short", wide(task => (lostWithBroker(task) ? lostKind(task) : holder(task)))],
    ["small", Math.max(BARE + digits, forThumbs() ? THUMB + GAP : 0)],
  ];
}
