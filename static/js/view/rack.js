// @ts-check
/** The prefetch slots of a lane, behind the task being worked on: what is buffered, what is still free, and what the limit is. */
import * as words from "../text.js";
import { makeChip } from "./chip.js";
import { attr, h, reconcile, show, text } from "./dom.js";

const { text: T } = words;
/** @typedef {import("../types.js").LaneScene} LaneScene */

export function makeRack() {
  const word = h("span", { class: "word", text: T.behind });
  const chips = h("span", { class: "minis" });
  const free = h("span", { class: "frees", "aria-hidden": "true" });
  const more = h("span", { class: "mini-more" });
  const number = h("span", { class: "buffered" });
  const short = h("span", { class: "plus" });
  const limit = h("span", { class: "limit" });
  const node = h("span", { class: "behind" }, word, chips, free, more, number, short, limit);

  return {
    node,
    /** @param {LaneScene} lane */
    update({ worker, rack, behind, more: rest, running }) {
      const dropped = running?.place === "dropped";
      reconcile(chips, behind, chip => chip.key, makeChip);
      while (free.children.length > rack.free) free.lastChild?.remove();
      while (free.children.length < rack.free) free.append(h("i", {}));
      show(word, behind.length > 0);
      text(more, rest > 0 ? T.moreShort(rest) : "");
      const many = dropped ? rest + behind.length : rack.buffered;
      text(number, many > 0 ? T.buffered(many) : "");
      text(short, many > 0 ? T.moreShort(many) : "");
      attr(node, "data-prefetch", rack.kind);
      const down = worker.state === "stopped" || dropped;
      text(limit, down ? "" : limitOf(rack));
      attr(
        node,
        "title",
        rack.kind === "void" ? T.prefetchVoid : [T.bufferedNote(rack.buffered), limitNote(rack)].join(" "),
      );
    },
  };
}

/** @param {import("../core/rack.js").Rack} rack */
function limitOf(rack) {
  if (rack.prefetch === 0) return T.noLimit;
  if (rack.kind === "void") return T.prefetchOf(rack.prefetch);
  return rack.whole ? T.prefetchOf(rack.prefetch) : T.heldOf(rack.held, rack.prefetch);
}

/** @param {import("../core/rack.js").Rack} rack */
const limitNote = rack => (rack.kind === "none" ? T.noLimitNote : T.heldNote(rack.held, rack.prefetch));
