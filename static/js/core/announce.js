// @ts-check
/**
 * What happened between two worlds, for people who listen: only what changes somebody's mind (a worker dies, a task comes back or is lost, a switch
 * is moved), never every delivery. Pure; the words are in text/announce.js.
 *
 *   world, world ─► changes ─► gathered with those not said yet ─► one sentence, and a pause as long as it takes to hear it
 *
 * @typedef {import("../types.js").World} World
 * @typedef {import("../types.js").Worker} Worker
 * @typedef {Object} Change
 * @property {string} kind
 * @property {string[]} [who]      workers
 * @property {number[]} [tasks]    by number
 * @property {number} [more]       tasks beyond these, which no frame names
 * @property {number} [attempt]
 * @property {string|number} [value]
 * @property {import("../types.js").Hint} [hint]
 * @property {import("./stopwatch.js").Watch} [watch]  how the broker noticed, where that took a while
 */
import { hintFor } from "./hints.js";
import { attemptCount } from "./motion.js";
import { slow, stopwatch } from "./stopwatch.js";

/**
 * @param {World|null} before
 * @param {World} after
 * @returns {Change[]}
 */
export function changes(before, after) {
  if (before === null) return [];
  if (before.run !== after.run) return [{ kind: "reset" }];
  return [
    ...linkChanges(before, after),
    ...settingChanges(before, after),
    ...workerChanges(before, after),
    ...taskChanges(before, after),
    ...hintChanges(before, after),
  ];
}

/** @param {World} before @param {World} after @returns {Change[]} */
function linkChanges(before, after) {
  /** @type {Change[]} */
  const out = [];
  if (before.link.engine !== after.link.engine)
    out.push({ kind: "engine", value: after.link.engine ? "up" : "down" });
  if (before.broker.up !== after.broker.up)
    out.push({ kind: "broker", value: after.broker.up ? "up" : "down" });
  return out;
}

/** @param {World} before @param {World} after @returns {Change[]} */
function settingChanges(before, after) {
  /** @type {Change[]} */
  const out = [];
  if (before.settings.ack !== after.settings.ack) out.push({ kind: "ack", value: after.settings.ack });
  if (before.settings.prefetch !== after.settings.prefetch)
    out.push({ kind: "prefetch", value: after.settings.prefetch });
  if (before.settings.idempotent !== after.settings.idempotent)
    out.push({ kind: "idempotent", value: after.settings.idempotent ? "on" : "off" });
  return out;
}

/** States of a worker that are news. */
const NEWS = new Set(["stopped", "frozen", "cut"]);

/** @param {World} before @param {World} after @returns {Change[]} */
function workerChanges(before, after) {
  /** @type {Change[]} */
  const out = [];
  for (const [name, worker] of after.workers) {
    const was = before.workers.get(name);
    if (was === worker) continue;
    const kind = was === undefined ? "new" : workerNews(was, worker);
    if (kind !== null)
      out.push({ kind: `worker_${kind}`, who: [name], value: kind === "ended" ? worker.why : "" });
    if (was !== undefined) out.push(...tapChanges(was, worker, after));
  }
  for (const name of before.workers.keys())
    if (!after.workers.has(name)) out.push({ kind: "worker_gone", who: [name] });
  return out;
}

/** @param {Worker} was @param {Worker} worker */
function workerNews(was, worker) {
  if (was.state === worker.state) {
    if (worker.state === "frozen" && was.heartbeat > 0 && worker.heartbeat === 0) return "missed";
    return worker.leaving && !was.leaving ? "leaving" : null;
  }
  if (worker.state === "stopped")
    return worker.why === "kill -9" ? "stopped" : worker.why === "SIGTERM" ? "left" : "ended";
  if (NEWS.has(worker.state)) return worker.state;
  if (was.state === "frozen") return "thawed";
  return NEWS.has(was.state) ? "back" : null;
}

/**
 * What is done to a worker's connection, and what hangs in it. With the worker, all of that ends, and nobody has to say so.
 * @param {Worker} was
 * @param {Worker} worker
 * @param {World} after
 * @returns {Change[]}
 */
function tapChanges(was, worker, after) {
  const who = [worker.name];
  /** @type {Change[]} */
  const out = [];
  if (worker.stuck !== was.stuck) out.push({ kind: worker.stuck ? "stuck" : "unstuck", who });
  if (was.faults === worker.faults || worker.state === "stopped" || worker.state === "cut") return out;
  for (const method of worker.faults.armed)
    if (!was.faults.armed.includes(method)) out.push({ kind: "armed", who, value: method });
  /** @param {string} kind @param {import("../types.js").Hung} frame */
  const told = (kind, { method, task: id }) => {
    const n = id === null ? undefined : after.tasks.get(id)?.n;
    out.push({ kind, who, value: method, tasks: n === undefined ? [] : [n] });
  };
  const of = (/** @type {Worker} */ { faults }) => new Map(faults.held.map(each => [each.at, each]));
  const [then, now] = [of(was), of(worker)];
  for (const [at, frame] of now) if (!then.has(at)) told("held", frame);
  for (const [at, frame] of then)
    if (!now.has(at)) told(wasDropped(frame, after) ? "dropped" : "let_go", frame);
  if ((was.faults.blackholed === null) !== (worker.faults.blackholed === null))
    out.push({ kind: worker.faults.blackholed === null ? "restored" : "blackholed", who });
  if (was.faults.delay !== worker.faults.delay) out.push({ kind: "delay", who, value: worker.faults.delay });
  return out;
}

/** @param {import("../types.js").Hung} frame @param {World} after */
const wasDropped = ({ task: id }, after) =>
  id !== null && after.tasks.get(id)?.attempts.at(-1)?.fault?.kind === "drop";

/** @param {World} before @param {World} after @returns {Change[]} */
function taskChanges(before, after) {
  /** @type {Record<string, Change & {tasks: number[]}>} */
  const gone = {};
  /** @type {Change[]} */
  const taken = [];
  const add = (/** @type {string} */ kind, /** @type {number} */ n) => {
    gone[kind] ??= { kind, tasks: [] };
    gone[kind].tasks.push(n);
  };
  for (const [id, task] of after.tasks) {
    const was = before.tasks.get(id);
    if (was === task || was === undefined) continue;
    if (task.state === "lost" && was.state !== "lost")
      add(task.attempts.at(-1)?.auto_ack ? "forgotten" : "lost", task.n);
    else if (task.state === "dead" && was.state !== "dead")
      add(task.attempts.at(-1)?.end === "rejected" ? "rejected" : "dead", task.n);
    else {
      const ended = wentBack(was, task);
      if (ended !== undefined) {
        add("back", task.n);
        const watch = stopwatch(ended);
        if (gone.back !== undefined && watch !== null && slow(watch)) gone.back.watch ??= watch;
      }
    }
    if (task.results > 1 && was.results <= 1) add("twice", task.n);
    const skipped = task.attempts.find((each, i) => each.known && was.attempts[i]?.known !== true);
    if (skipped !== undefined) taken.push({ kind: "skipped", who: [skipped.worker], tasks: [task.n] });
    const attempt = attemptCount(task);
    if (attempt > 1 && attempt > attemptCount(was) && task.worker !== null)
      taken.push({ kind: "taken", who: [task.worker], tasks: [task.n], attempt });
  }
  for (const key of /** @type {("lost"|"dead")[]} */ (["lost", "dead"])) {
    const named = Object.values(gone).filter(each => KIN[each.kind] === key);
    const more = after.ledger[key] - before.ledger[key] - named.flatMap(each => each.tasks).length;
    if (named[0] !== undefined && more > 0) named[0].more = more;
  }
  if (gone.back !== undefined) gone.back.more = unnamed(before, after);
  return [...Object.values(gone), ...taken];
}

/** Under which number of the ledger each kind counts. @type {Record<string, "lost"|"dead">} */
const KIN = { forgotten: "lost", lost: "lost", rejected: "dead", dead: "dead" };

/** The delivery that has ended without an ack. @param {import("../types.js").Task} was @param {import("../types.js").Task} task */
const wentBack = (was, task) =>
  task.attempts.find(
    (each, i) =>
      each.end !== null && each.end !== "acked" && each.end !== "result" && was.attempts[i]?.end === null,
  );

/** How many tasks those that died let fall beyond those that are named. @param {World} before @param {World} after */
function unnamed(before, after) {
  let more = 0;
  for (const [name, { dropped, fallen }] of after.workers) {
    const was = before.workers.get(name)?.fallen ?? 0;
    if (fallen > was) more += Math.max(0, fallen - dropped.length);
  }
  return more;
}

/** Something is in the way now that was not: said once, as it is shown; or no longer, which makes a hint not said yet void. @param {World} before @param {World} after @returns {Change[]} */
function hintChanges(before, after) {
  const [was, now] = [before, after].map(world => {
    const { hint } = hintFor(world, world.queues.get(world.settings.queue) ?? null, world.at);
    return hint === null || hint.quiet || hint.key === "broker_down" ? undefined : hint;
  });
  return was?.key === now?.key ? [] : [{ kind: "hint", hint: now }];
}

// -- gathered until they can be said ------------------------------------------------------------------------------

/** Of these only the newest is true. */
const LATEST = new Set(["engine", "broker", "ack", "prefetch", "idempotent", "hint"]);
/** What makes one change of two. @param {Change} change */
const topic = ({ kind, who, attempt, value }) =>
  kind === "taken" ? `${kind}/${who?.[0]}/${attempt}` : LATEST.has(kind) ? kind : `${kind}/${value ?? ""}`;

/**
 * Those not said yet and the new ones, alike ones as one: workers that met the same end, tasks that went the same way.
 * @param {Change[]} waiting
 * @param {Change[]} fresh
 * @returns {Change[]}
 */
export function gather(waiting, fresh) {
  const reset = fresh.findLastIndex(each => each.kind === "reset");
  /** @type {Map<string, Change>} */
  const out = new Map((reset < 0 ? waiting : []).map(each => [topic(each), each]));
  for (const change of fresh.slice(Math.max(0, reset))) {
    const key = topic(change);
    const known = out.get(key);
    if (LATEST.has(change.kind)) out.delete(key);
    out.set(key, known === undefined || LATEST.has(change.kind) ? change : both(known, change));
  }
  const all = [...out.values()];
  return all.filter(each => !isVoid(each, all));
}

/** What is no news any more once this has happened, to the same workers or to all. @type {Record<string, string[]>} */
const VOIDS = {
  held: ["armed"],
  let_go: ["armed", "held"],
  dropped: ["armed", "held"],
  stuck: ["worker_leaving"],
  unstuck: ["worker_leaving"],
  ack: ["worker_leaving"],
  prefetch: ["worker_leaving"],
  idempotent: ["worker_leaving"],
  broker: ["worker_ended", "worker_cut", "worker_back", "back", "hint"],
};
/** With its connection, what hung in it is gone. */
for (const end of ["worker_stopped", "worker_left", "worker_ended", "worker_cut"])
  VOIDS[end] = ["armed", "held", "let_go", "dropped"];

/** @param {Change} change @param {Change[]} all */
const isVoid = (change, all) =>
  all.some(
    each =>
      VOIDS[each.kind]?.includes(change.kind) &&
      (each.who === undefined || (change.who ?? []).every(name => each.who?.includes(name))),
  );

/** @param {Change} a @param {Change} b @returns {Change} */
const both = (a, b) => ({
  ...a,
  ...b,
  who: [...new Set([...(a.who ?? []), ...(b.who ?? [])])],
  tasks: [...new Set([...(a.tasks ?? []), ...(b.tasks ?? [])])],
  more: (a.more ?? 0) + (b.more ?? 0),
});

/** A death and what follows it are collected for so long, in ms. */
export const COLLECT = 700;
/** Ms that it takes to hear a character. */
const CHARACTER = 60;

/** Ms until the next sentence, so that a storm of news does not drown the one that is being read out. @param {string} said */
export const pause = said => Math.max(COLLECT, said.length * CHARACTER);
