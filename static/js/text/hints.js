// @ts-check
/** The words of the hints: one sentence on what puzzles, and where it helps one on what to do. At most two short lines. */
import { count } from "../core/format.js";
import { plural, text as T } from "../text.js";
import { faults as F } from "./faults.js";

/** @param {number} n @param {string} verb  of one @param {string} [verbs]  of several */
const tasks = (n, verb, verbs = verb) => `${plural(n, "task", "tasks")} ${n === 1 ? verb : verbs}`.trim();

/** @param {import("../types.js").Hint} hint */
const inHand = ({ task, tasks: n }) => (n === 1 && task > 0 ? `task ${task}` : tasks(n, ""));

/** What is said with the time that is left is said anew as it goes. @type {Record<string, (hint: import("../types.js").Hint, t: number) => string>} */
const HINTS = {
  broker_down: () => "The broker is down: nothing is delivered until it is back.",
  all_cut: () => "No worker has a connection: nothing is delivered until one is back.",
  all_stopped: ({ tasks: n }) =>
    `Every worker is stopped: ${n > 0 ? tasks(n, "waits", "wait") : "nothing will be delivered"}. Press Start again on one.`,
  no_workers: () => "No workers: nothing will be delivered. Press Add a worker.",
  given_up: () =>
    "Every worker is frozen and given up: nothing will be delivered. Thaw one, or add a worker.",
  all_frozen: ({ until }, t) =>
    until !== null
      ? `Every worker is frozen. Only the heartbeat tells the broker: ${F.within(until - t)}.`
      : "Every worker is frozen, and none has a heartbeat. Thaw one, or add a worker.",
  starting: () => "The workers are starting.",
  unheard: ({ queue, tasks: n, other }) =>
    `Nobody consumes from ${queue}: ${tasks(n, "waits", "wait")} there.${other === "" ? "" : ` Our workers consume from ${other}.`}`,
  frozen: (hint, t) => {
    const frozen = `${hint.worker} is frozen with ${inHand(hint)}`;
    const limit = hint.timeout > 0 ? ` of ${count(hint.timeout)} s` : "";
    if (hint.ack === "auto")
      return `${frozen}, and the broker has no copy. Thaw it, or ${hint.tasks === 1 ? "it is" : "they are"} lost.`;
    if (hint.until !== null)
      return hint.either
        ? `${frozen}. The heartbeat tells the broker, or the ack timeout${limit}.`
        : `${frozen}. Only the heartbeat tells the broker: ${F.within(hint.until - t)}.`;
    return `${frozen}, without a heartbeat. Only the ack timeout${limit} tells the broker.`;
  },
  starved: ({ worker, other, tasks: n, ack }) =>
    ack === "auto"
      ? `${worker} idles: under auto-ack all went to who was there; ${other} has ${count(n)}. Try manual ack.`
      : `${worker} idles: with no limit all went to who was there; ${other} holds ${count(n)}. Try prefetch 1.`,
  auto: () =>
    "Prefetch has no effect: the broker forgets a task as soon as it is sent. Stop a worker and see.",
  void: () => T.prefetchVoid,
  full: ({ prefetch }) =>
    `Every running worker ${prefetch === 1 ? "has its one task" : prefetch > 0 ? `has its ${count(prefetch)} tasks` : "has all that its prefetch allows"}. The next goes to whoever acks first.`,
};

/** @param {import("../types.js").Hint|null} hint @param {number} [t]  now, where that is later than the hint */
export const hintWords = (hint, t) => (hint === null ? "" : (HINTS[hint.key]?.(hint, t ?? hint.t) ?? ""));
