// @ts-check
/**
 * Rows on a common line of time that runs to the right; the line at the right edge is now. What lies on a row is placed in px since a base
 * time, so that moving on is one transform for all of it, and what goes on is simply long. Must not know what lies there.
 */
import { foot as T } from "../text/foot.js";
import { act, h, rove, show, text } from "./dom.js";
import { forThumbs, rem, THUMB } from "./shelf.js";

const ROW = 1.5; // rem
const ROUNDED = 0.03; // of a row: heights come in whole px
const BASE = 600; // seconds between bases: px on the track stay small, and what lies there stays where it is
export const AHEAD = 1200; // seconds that what goes on is long

/**
 * @param {HTMLElement} root
 * @param {string} nothing  said where there are no rows
 */
export function mountTrack(root, nothing) {
  const list = h("div", { class: "strips" });
  const settle = rove(list, "button");
  const empty = h("p", { class: "foot-empty", text: nothing });
  const from = h("span", {});
  const middle = h("span", {});
  const scale = h("div", { class: "scale", "aria-hidden": "true" }, from, middle, h("span", { text: T.now }));
  const nowLine = h("div", { class: "now", "aria-hidden": "true" });
  const body = h("div", { class: "strips-room" }, list, empty);
  root.append(h("div", { class: "strips-frame" }, body, nowLine), scale);

  let room = 6;
  let height = 0;
  let width = 0;
  new ResizeObserver(() => {
    if (body.clientHeight === 0) return; // it is not shown
    unit = rem();
    height = body.clientHeight / unit;
    room = Math.max(1, Math.floor(height / (forThumbs() ? THUMB : ROW) + ROUNDED));
    width = -1;
    act(root, "changed");
  }).observe(body);

  let base = 0;
  let perSecond = 1;
  let seconds = 15;
  const px = (/** @type {number} */ at) => (at - base) * perSecond;
  const measure = () => {
    const track = list.querySelector(".track");
    if (track instanceof HTMLElement) width = track.clientWidth;
  };

  return {
    list,
    /** Where a time lies. */
    px,
    /** How many rows fit. */
    room: () => room,
    /** The height of the room for them, in rem. */
    height: () => height,
    /** From when on something can be seen; a little earlier, so that it leaves at the edge. @param {number} t */
    since: t => t - seconds * 1.1,

    /**
     * Writes the rows. `write` is called with the scale in force.
     * @param {number} t
     * @param {number} wanted  seconds
     * @param {number} rows
     * @param {() => void} write
     */
    update(t, wanted, rows, write) {
      if (width <= 0) measure();
      seconds = wanted;
      base = Math.floor(t / BASE) * BASE;
      perSecond = Math.max(1, width) / seconds;
      show(empty, rows === 0);
      show(nowLine, rows > 0);
      show(scale, rows > 0);
      write();
      if (width <= 0) {
        measure();
        perSecond = Math.max(1, width) / seconds;
        write();
      }
      text(from, T.ago(seconds));
      text(middle, T.ago(seconds / 2));
      settle();
      this.draw(t);
    },

    /** Time goes on. @param {number} t */
    draw(t) {
      const shift = `translate3d(${(width - px(t)).toFixed(1)}px, 0, 0)`;
      for (const inner of /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll(".inner")))
        inner.style.transform = shift;
    },
  };
}

/** How wide a character of the words on a track is, about, in rem; and what lies around them. */
const CHARACTER = 0.5;
const AROUND = 0.7;
let unit = 14;

/** How many px words need. @param {string} words */
export const need = words => (words.length * CHARACTER + AROUND) * unit;

/** The first of these words that fits. @param {number} px @param {string[]} words */
export const fit = (px, words) => words.find(each => need(each) <= px) ?? "";
