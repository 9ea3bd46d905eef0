// @ts-check
/** What happened, in words, for the live region: "worker-2 was stopped; task 19 is back in the queue; worker-3 has it, second attempt." */
import { count, ordinalWord } from "../core/format.js";
import { plural, text as T } from "../text.js";
import { delayOf, short } from "./faults.js";
import { hintWords } from "./hints.js";
import { watchWords } from "./ways.js";

/** @typedef {import("../core/announce.js").Change} Change */

/** More names than these are counted. */
const NAMED = 5;
/** Changes that make one sentence. */
const MOST = 5;

/** "a, b and c". @param {(string|number)[]} names */
const list = names =>
  names.length < 2 ? `${names[0] ?? ""}` : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

/** "task 19", "tasks 3, 4 and 9", "12 tasks". @param {number[]} numbers @param {number} [more]  beyond these */
export function tasks(numbers, more = 0) {
  if (more > 0 || numbers.length > NAMED) return plural(numbers.length + more, "task", "tasks");
  return `${numbers.length === 1 ? "task" : "tasks"} ${list(numbers.toSorted((a, b) => a - b))}`;
}

/** @param {Change} change */
const one = ({ tasks: numbers = [], more = 0 }) => numbers.length + more === 1;
/** "task 19 is", "tasks 3 and 4 are". @param {Change} change */
const are = change => `${tasks(change.tasks ?? [], change.more)} ${one(change) ? "is" : "are"}`;

/** "worker-2 was", "worker-2 and worker-3 were". @param {Change} change @param {string} verb @param {string} [verbs]  of several */
function who({ who: names = [] }, verb, verbs = verb) {
  const said = names.length > NAMED ? plural(names.length, "worker", "workers") : list(names);
  return `${said} ${names.length === 1 ? verb : verbs}`;
}

/** "the ack of worker-1 for task 19", "the delivery of task 19 to worker-1". @param {Change} change */
function frame(change) {
  const { tasks: numbers = [], value = "" } = change;
  const [what, whose] = [numbers.length === 0 ? "" : tasks(numbers), who(change, "").trim()];
  if (value === "basic.deliver")
    return `the ${several(change) ? "deliveries" : "delivery"}${what && ` of ${what}`} to ${whose}`;
  return `the ${short(`${value}`)}${several(change) ? "s" : ""} of ${whose}${what && ` for ${what}`}`;
}
/** @param {Change} change */
const several = ({ who: names = [] }) => names.length > 1;
/** @param {Change} change */
const hangs = change => (several(change) ? "hang" : "hangs");
/** @param {Change} change */
const was = change => (several(change) ? "were" : "was");

/** @type {Record<string, (change: Change, all: Change[]) => string>} */
const CHANGES = {
  reset: () => "a fresh run has begun",
  engine: ({ value }) => (value === "up" ? "the engine is back" : "the engine has ended"),
  broker: ({ value }) =>
    value === "up"
      ? "the broker is back; what is durable is still there"
      : "the broker is down; nothing is delivered until it is back",
  ack: ({ value }) =>
    value === "auto"
      ? "auto-ack is on: the broker keeps no copies"
      : "manual ack is on: the broker keeps a copy until the ack",
  prefetch: ({ value }) => `prefetch is ${value === 0 ? T.noLimit : count(Number(value))}`,
  idempotent: ({ value }) =>
    value === "on"
      ? "idempotent workers are on: they skip a task whose result is known"
      : "idempotent workers are off",
  armed: change => `the next ${short(`${change.value}`)} of ${who(change, "").trim()} will be held`,
  held: change => `${frame(change)} ${hangs(change)} in the tap`,
  let_go: change => `${frame(change)} ${was(change)} let go`,
  dropped: change => `${frame(change)} ${was(change)} dropped`,
  blackholed: change => `nothing gets through to or from ${who(change, "").trim()}, and nobody is told`,
  restored: change => `the cable of ${who(change, "").trim()} is back`,
  delay: change =>
    Number(change.value) > 0
      ? `everything to and from ${who(change, "").trim()} takes ${delayOf(Number(change.value))} longer`
      : `${who(change, "is", "are")} as fast as before`,
  stuck: change => who(change, "no longer acknowledges", "no longer acknowledge"),
  unstuck: change => who(change, "acknowledges again", "acknowledge again"),
  worker_new: change => who(change, "has joined", "have joined"),
  worker_gone: change => who(change, "is gone", "are gone"),
  worker_back: change => who(change, "is back", "are back"),
  worker_stopped: change => who(change, "was stopped", "were stopped"),
  worker_left: change => who(change, "has finished and left", "have finished and left"),
  worker_leaving: change => who(change, "finishes and then leaves", "finish and then leave"),
  worker_ended: change =>
    `${who(change, "has ended", "have ended")}${change.value ? `, ${change.value}` : ""}`,
  worker_frozen: change => who(change, "is frozen", "are frozen"),
  worker_thawed: change => who(change, "goes on", "go on"),
  worker_missed: change => `the broker has missed the heartbeats of ${who(change, "").trim()}`,
  worker_cut: change => who(change, "was cut off", "were cut off"),
  back: change => `${are(change)} back in the queue${change.watch ? ` (${watchWords(change.watch)})` : ""}`,
  forgotten: change =>
    `${are(change)} lost: ${one(change) ? "it was acknowledged when it was" : "they were acknowledged when they were"} sent`,
  lost: change => `${are(change)} lost`,
  skipped: change => `${who(change, "skipped")} ${tasks(change.tasks ?? [])}: the result was known`,
  twice: change => `${tasks(change.tasks ?? [])} ${one(change) ? "was" : "were"} done twice`,
  rejected: change => `${are(change)} dead: rejected`,
  dead: change => `${are(change)} dead`,
  taken: (change, all) => {
    const numbers = change.tasks ?? [];
    const back = all.find(each => each.kind === "back");
    const same = back !== undefined && !back.more && back.tasks?.join() === numbers.join();
    const what = same ? (numbers.length === 1 ? "it" : "them") : tasks(numbers);
    return `${who(change, "has")} ${what}, ${ordinalWord(change.attempt ?? 2)} attempt`;
  },
  hint: ({ hint }) => lower(hintWords(hint ?? null).replace(/\.$/, "")),
};

/** What is counted rather than said, where there is too much to say: the first of these first. */
const LEAST = [
  "armed",
  "held",
  "let_go",
  "dropped",
  "delay",
  "restored",
  "worker_thawed",
  "worker_back",
  "worker_leaving",
  "worker_new",
  "hint",
];
/** How much a change is worth. @param {Change} change */
const worth = ({ kind }) => (LEAST.includes(kind) ? LEAST.indexOf(kind) : LEAST.length);

/** One sentence, in the order in which it happened; what goes beyond it is counted. @param {Change[]} changes */
export function say(changes) {
  const known = changes.flatMap(change => {
    const said = CHANGES[change.kind]?.(change, changes) ?? "";
    return said === "" ? [] : { change, said };
  });
  if (known[0] === undefined) return "";
  const kept = new Set([...known].sort((a, b) => worth(b.change) - worth(a.change)).slice(0, MOST));
  const said = known.filter(each => kept.has(each)).map(each => each.said);
  const rest = known.length - kept.size;
  if (rest > 0) said.push(`and ${plural(rest, "more change", "more changes")}`);
  const all = `${said.join("; ")}.`;
  return known[0].change.who?.some(name => all.startsWith(name)) ? all : upper(all);
}

const upper = (/** @type {string} */ words) => words.charAt(0).toUpperCase() + words.slice(1);
const lower = (/** @type {string} */ words) => words.charAt(0).toLowerCase() + words.slice(1);
