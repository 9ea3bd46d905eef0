// @ts-check
/** A second of work each, filling as it passes; one bar where there are too many to count at a glance. */
import { h, style } from "./dom.js";

/** More seconds than this are one bar. */
const MOST = 8;

export function makePips() {
  const node = h("span", { class: "pips", "aria-hidden": "true" });
  /** @type {HTMLElement[]} */
  let fills = [];
  let made = -1;
  return {
    node,
    /** @param {number} seconds @param {number} elapsed */
    update(seconds, elapsed) {
      if (made !== seconds) {
        made = seconds;
        const pieces = seconds > MOST ? 1 : seconds;
        fills = Array.from({ length: pieces }, () => h("b", {}));
        node.replaceChildren(...fills.map(fill => h("i", {}, fill)));
        node.classList.toggle("long", seconds > MOST);
      }
      for (const [i, fill] of fills.entries()) {
        const part = seconds > MOST ? elapsed / seconds : elapsed - i;
        style(fill, "transform", `scaleX(${Math.max(0, Math.min(1, part)).toFixed(2)})`);
      }
    },
  };
}
