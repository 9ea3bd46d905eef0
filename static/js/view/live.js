// @ts-check
/** Says in words what happened, to those who listen: collected for a moment, so that a death and what follows are one sentence. */
import { COLLECT, changes, gather, pause } from "../core/announce.js";
import { say } from "../text/announce.js";

/** @param {{textContent: string|null}} root */
export function mountLive(root) {
  /** @type {import("../types.js").World|null} */
  let before = null;
  /** @type {import("../core/announce.js").Change[]} */
  let waiting = [];
  /** While it runs, news wait: for what belongs to them, then for the sentence before to be heard. */
  let busy = false;

  /** @param {number} ms */
  function wait(ms) {
    busy = true;
    setTimeout(speak, ms);
  }

  function speak() {
    busy = false;
    if (waiting.length === 0) return;
    const said = say(waiting);
    waiting = [];
    if (said === "") return;
    root.textContent = said;
    wait(pause(said));
  }

  return {
    /** @param {import("../types.js").World} world @param {boolean} elsewhere  the picture shows the past: this is not what there is to see */
    update(world, elsewhere) {
      const news = elsewhere ? [] : changes(before, world);
      before = world;
      if (elsewhere) waiting = [];
      if (news.length === 0) return;
      waiting = gather(waiting, news);
      if (!busy) wait(COLLECT);
    },
  };
}
