// @ts-check
/** What a lane holds: the task being worked on, with its number, pips, attempt and time, and the prefetch slots behind it. */
import { held } from "../core/format.js";
import { faults as F } from "../text/faults.js";
import * as words from "../text.js";
import { describe, mark } from "./chip.js";
import { act, attr, h, show, text } from "./dom.js";
import { makePips } from "./pips.js";
import { makeRack } from "./rack.js";

const { text: T } = words;
/** @typedef {import("../types.js").LaneScene} LaneScene */

export function makeSlot() {
  const number = h("b", { class: "number" });
  const pips = makePips();
  const time = makeTime();
  const tag = h("span", { class: "tag" });
  const tagWord = h("span", {});
  const tagRest = h("span", { class: "tail" });
  tag.append(tagWord, tagRest);
  const body = h("bdi", { class: "body" });
  const late = makeTime();
  const runner = h(
    "button",
    { type: "button", class: "runner" },
    h("span", { class: "line first" }, number, beside(pips.node), tag, beside(time.node)),
    h("span", { class: "line second" }, body, beside(late.node)),
  );
  runner.addEventListener("click", () => act(runner, "pin", { n: Number(runner.dataset.task) }));
  const waiting = h("span", { class: "waiting" });
  const rack = makeRack();
  const node = h("div", { class: "slot" }, runner, waiting, rack.node);

  return {
    node,
    /** @param {LaneScene} it @param {boolean} down */
    update(it, down) {
      const { worker, running } = it;
      attr(node, "data-look", running === null ? "empty" : running.look);
      show(runner, running !== null);
      show(waiting, running === null && !down && worker.state !== "starting");
      text(waiting, it.onTheWire > 0 ? F.onTheWire(it.onTheWire) : T.waiting);
      if (running !== null) {
        mark(runner, running);
        attr(runner, "title", describe(running));
        text(number, `#${running.task.n}`);
        text(body, running.task.body);
        const again = running.attempt > 1 && running.place === "lane";
        text(tagWord, again ? `↻ ${T.nth(running.attempt)}` : "");
        text(tagRest, again ? T.attemptWord : "");
        show(tag, again);
      } else for (const name of ["data-task", "data-place", "data-attempt"]) attr(runner, name, null);
      attr(node, "data-deep", it.rack.buffered > 0 || it.rack.kind !== "limit" || worker.prefetch !== 1);
      rack.update(it);
    },

    /** Seconds and pips alone. @param {LaneScene} it @param {number} t */
    tick({ running, began, stopped }, t) {
      if (running === null) return;
      const until = stopped ?? t;
      const { task } = running;
      pips.update(Math.min(1e6, task.seconds), began === null ? 0 : until - began);
      const dropped = running.place === "dropped";
      const settled = running.look === "done"; // its ack flies back
      const age = running.since === null || settled ? "" : held((dropped ? until : t) - running.since);
      const word = dropped
        ? task.attempts.at(-1)?.auto_ack
          ? T.wasLost
          : T.neverAcked
        : running.look === "risk"
          ? words.ledger.at_risk
          : settled
            ? T.ackLanding
            : words.ledger.unacked;
      const again = running.attempt > 1 && !dropped;
      const place = again ? late : time;
      text(place.word, word ?? "");
      text(place.value, dropped ? "" : age);
      show(place.node, true);
      show((again ? time : late).node, false);
    },
  };
}

/**
 * Seen, but not read out: what the runner shows is its name, and a clock that ticks in a name is noise.
 * @template {HTMLElement} T
 * @param {T} node
 */
function beside(node) {
  attr(node, "aria-hidden", "true");
  return node;
}

/** "unacked 1.2 s": the word goes where there is no room for it. */
function makeTime() {
  const word = h("span", { class: "word" });
  const value = h("span", {});
  return { node: h("span", { class: "time" }, word, " ", value), word, value };
}
