// @ts-check
/** A task, small: its sign, its number, and on the Unacked shelf who holds it and for how long. */

import { lostWithBroker } from "../core/counted.js";
import { cut, held } from "../core/format.js";
import { attemptCount } from "../core/motion.js";
import { faults } from "../text/faults.js";
import { lostKind, lostWords, story, ways as W } from "../text/ways.js";
import * as words from "../text.js";
import { act, attr, h, show, text } from "./dom.js";

/** @typedef {import("../types.js").Chip} Chip */

/** Signs before and after the number. @type {Record<string, string>} */
const BEFORE = { lost: "✕", dead: "†", risk: "△" };

/**
 * What a chip is, for people who cannot see it and for the tooltip.
 * @param {Chip} chip
 */
export function describe(chip) {
  const { task } = chip;
  const state = words.ledger[task.state] ?? task.state;
  const again = attemptCount(task) > 1 ? `, ${words.text.attempt(attemptCount(task))}` : "";
  const more = [
    task.results > 1 ? W.twice : "",
    lostWithBroker(task) ? lostWords(task) : task.persistent ? "" : W.transientTask,
    story(task),
  ].filter(Boolean);
  return [
    `#${task.n} ${cut(task.body, 120)} · ${state}${task.worker ? ` · ${task.worker}` : ""}${again}`,
    ...more,
  ].join(" · ");
}

/**
 * The attributes by which tests and styles know a chip.
 * @param {HTMLElement} node
 * @param {Chip} chip
 */
export function mark(node, chip) {
  attr(node, "data-task", chip.task.n);
  attr(node, "data-place", chip.place);
  attr(node, "data-attempt", chip.attempt);
  attr(node, "data-look", chip.look);
  attr(node, "data-coming", chip.coming);
  attr(node, "data-transient", !chip.task.persistent);
  attr(node, "data-twice", chip.task.results > 1);
}

/** Whether two chips look the same: a task that did not change is the same object. @param {Chip|null} a @param {Chip|null} b */
export const same = (a, b) =>
  a === b ||
  (a !== null &&
    b !== null &&
    a.task === b.task &&
    a.place === b.place &&
    a.look === b.look &&
    a.coming === b.coming &&
    a.attempt === b.attempt &&
    a.worker === b.worker &&
    a.patience === b.patience &&
    a.since === b.since);

/** @returns {import("./dom.js").Part<Chip>} */
export function makeChip() {
  const sign = h("span", { class: "sign", "aria-hidden": "true" });
  const number = h("span", { class: "number" });
  const again = h("span", { class: "again", text: words.glyphs.redelivered, "aria-hidden": "true" });
  const node = h("button", { type: "button", class: "chip" }, sign, number, again);
  node.addEventListener("click", () => act(node, "pin", { n: Number(node.dataset.task) }));
  /** @type {Chip|null} */
  let shown = null;
  return {
    node,
    update(chip) {
      if (shown !== null && same(shown, chip)) return;
      shown = chip;
      mark(node, chip);
      const before = BEFORE[chip.look] ?? "";
      text(sign, before);
      show(sign, before !== "");
      text(number, `#${chip.task.n}`);
      show(again, chip.look === "again");
      // its name is what it shows, so that it can be asked for by voice; the rest describes it
      attr(node, "title", describe(chip));
    },
  };
}

/**
 * The broker's copy. `tick` writes the seconds alone.
 * @returns {import("./dom.js").Part<Chip> & {tick: (t: number) => void}}
 */
export function makeGhost() {
  const chip = makeChip();
  const holder = h("small", { class: "holder" });
  const name = h("bdi", {});
  const time = h("span", { class: "time", "aria-hidden": "true" }); // it would tick in the name
  const left = h("span", {});
  const fuse = h(
    "small",
    { class: "fuse", "aria-hidden": "true" },
    left,
    h("span", { class: "tail", text: faults.leftTail }),
  );
  holder.append(name, time);
  chip.node.append(holder, fuse);
  /** @type {Chip|null} */
  let shown = null;
  const tick = (/** @type {number} */ t) => {
    const patience = shown?.place === "ghost" ? shown.patience : null;
    show(fuse, patience !== null);
    if (patience !== null) text(left, faults.left(patience - t));
    if (shown === null || shown.since === null || shown.place !== "ghost") return text(time, "");
    text(time, ` · ${held(t - shown.since)}`);
  };
  return {
    node: chip.node,
    tick,
    update(item, index) {
      shown = item;
      chip.node.classList.add("ghost");
      chip.update(item, index);
      const between = item.place !== "done" && item.since === null && item.worker !== null;
      const lit = between && item.look === "again";
      text(
        name,
        item.place === "done"
          ? words.text.ackLanding
          : between
            ? words.text.was(item.worker ?? "")
            : (item.worker ?? ""),
      );
      attr(chip.node, "data-between", lit);
    },
  };
}

/** A task that is gone: who had it last, or that it went with the broker. @returns {import("./dom.js").Part<Chip>} */
export function makeTomb() {
  const chip = makeChip();
  const holder = h("small", { class: "holder" });
  const name = h("bdi", {});
  const why = h("span", {});
  const rest = h("span", { class: "rest", text: `: ${W.withBroker}` });
  holder.append(name, why, rest);
  chip.node.append(holder);
  return {
    node: chip.node,
    update(item, index) {
      chip.update(item, index);
      const { task } = item;
      const gone = lostWithBroker(task);
      text(name, gone ? "" : (task.attempts.at(-1)?.worker ?? ""));
      text(why, gone ? lostKind(task) : "");
      show(rest, gone);
      show(holder, gone || task.attempts.length > 0);
    },
  };
}
