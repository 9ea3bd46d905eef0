// @ts-check
/**
 * What is done in the tap, drawn where the tap is: between the queue and the lane. A held frame hangs there in mid-air; a hold that waits
 * for its frame, a black hole and a delay have their signs. Nobody can touch them; what to do with them stands in the lane.
 */
import { faults as F } from "../text/faults.js";
import { attr, h, reconcile, style, text } from "./dom.js";

/** @typedef {import("../core/faults.js").Mark} Mark */

const SIGNS = { held: "❚❚", armed: "", hole: "", delay: "" };
/** Between the marks of one lane, in px. */
const APART = 24;

/**
 * @param {HTMLElement} root
 * @param {ReturnType<typeof import("./layout.js").createLayout>} layout
 */
export function mountTaps(root, layout) {
  const node = h("div", { class: "taps" });
  root.append(node);
  return {
    /** @param {import("../types.js").Scene} scene */
    update({ marks }) {
      reconcile(
        node,
        marks.flatMap(mark => {
          const at = layout.tap(mark.worker);
          return at === null ? [] : [{ mark, at }];
        }),
        each => each.mark.key,
        makeMark,
      );
    },
  };
}

/** @returns {import("./dom.js").Part<{mark: Mark, at: {x: number, y: number}}>} */
function makeMark() {
  const sign = h("i", { "aria-hidden": "true" });
  const word = h("span", {});
  const node = h("div", { class: "tap-mark" }, h("div", { class: "pill" }, sign, word));
  return {
    node,
    update({ mark, at }) {
      attr(node, "data-kind", mark.kind);
      attr(node, "data-by", null);
      attr(node, "data-says", mark.by);
      attr(node, "data-of", mark.n);
      attr(node, "data-at", mark.worker);
      text(sign, SIGNS[mark.kind]);
      text(word, wordsOf(mark));
      const y = at.y + (mark.place - (mark.of - 1) / 2) * APART;
      style(node, "transform", `translate(${at.x.toFixed(1)}px, ${y.toFixed(1)}px)`);
    },
  };
}

/** @param {Mark} mark */
function wordsOf(mark) {
  if (mark.kind === "held") return F.heldMark(mark.method, mark.n);
  if (mark.kind === "armed") return F.armedMark(mark.method);
  return mark.kind === "hole" ? F.holeMark : F.delayMark(mark.ms);
}
