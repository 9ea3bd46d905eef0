// @ts-check
/** Says in words what happened, to those who listen: collected for a moment, so that a death and what follows are one sentence. */
import { changes } from "../core/announce.js";
import { say } from "../text.js";

const COLLECT = 700; // ms

/** @param {HTMLElement} root */
export function mountLive(root) {
  /** @type {import("../types.js").World|null} */
  let before = null;
  /** @type {import("../core/announce.js").Change[]} */
  let collected = [];
  let waiting = false;
  return {
    /** @param {import("../types.js").World} world @param {boolean} elsewhere  the picture shows the past: this is not what there is to see */
    update(world, elsewhere) {
      const news = elsewhere ? [] : changes(before, world);
      before = world;
      if (elsewhere) collected = [];
      if (news.length === 0) return;
      collected = [...collected, ...news].slice(-40);
      if (waiting) return;
      waiting = true;
      setTimeout(() => {
        waiting = false;
        if (collected.length > 0) root.textContent = say(collected);
        collected = [];
      }, COLLECT);
    },
  };
}
