// @ts-check
/**
 * The banner of the ack timeout, on the lower edge of what happened, where it covers no button: who had what for how long, the broker's own words, and
 * what this broker does. It moves nothing, can be sent away, and goes by itself when it has been read.
 */
import { timeout } from "../core/patience.js";
import { tasks } from "../text/announce.js";
import { ways as W } from "../text/ways.js";
import { text as T } from "../text.js";
import { h, show, text } from "./dom.js";

/** How long it stays, in seconds of what the picture shows. */
const STAYS = 25;

/** @param {HTMLElement} past */
export function mountBanner(past) {
  const said = h("p", { class: "banner-said" });
  const own = h("q", { class: "banner-own" });
  const here = h("p", {});
  const close = h("button", { type: "button", class: "icon small", "aria-label": T.dismiss, text: "✕" });
  const node = h(
    "section",
    { class: "banner", role: "status", "data-role": "timeout-banner", hidden: true },
    h("div", {}, h("p", {}, h("b", { text: W.timeoutTitle }), " ", said), own, here),
    close,
  );
  past.append(node);

  let run = 0;
  /** The last one of this run: it stays when its task is no longer known by name. @type {import("../core/patience.js").Timeout|null} */
  let last = null;
  let dismissed = Number.NEGATIVE_INFINITY;
  function dismiss() {
    const was = !node.hidden;
    dismissed = last?.at ?? dismissed;
    show(node, false);
    return was;
  }
  close.addEventListener("click", dismiss);
  return {
    /** Sends it away. @returns {boolean} whether it was there */
    dismiss,
    /** @param {import("../types.js").Scene} scene @returns {number} when it goes by itself, in seconds of the run */
    update({ world, t }) {
      if (world.run !== run) {
        run = world.run;
        last = null;
        dismissed = Number.NEGATIVE_INFINITY;
      }
      const found = timeout(world);
      if (found !== null && (last === null || found.at !== last.at || last.words === "")) last = found;
      const fits = last !== null && last.at <= world.at && t < last.at + STAYS && last.at > dismissed;
      const shown = fits ? last : null;
      show(node, shown !== null);
      if (shown === null) return Number.POSITIVE_INFINITY;
      text(said, W.timeout(shown.worker, tasks(shown.tasks), shown.after));
      text(own, shown.words);
      show(own, shown.words !== "");
      text(here, W.timeoutHere(world.broker));
      return shown.at + STAYS;
    },
  };
}
