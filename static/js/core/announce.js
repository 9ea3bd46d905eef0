// @ts-check
/**
 * What happened between two worlds, for people who listen: only what changes somebody's mind (a worker dies, a task comes back or is lost, a switch
 * is moved), never every delivery. Pure; the words are in text.js.
 *
 * @typedef {import("../types.js").World} World
 * @typedef {{kind: string, worker?: string, tasks?: number[], attempt?: number, value?: string|number, watch?: import("./stopwatch.js").Watch}} Change
 */
import { attemptCount } from "./motion.js";
import { stopwatch } from "./stopwatch.js";

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
  ];
}

/** @param {World} before @param {World} after @returns {Change[]} */
function linkChanges(before, after) {
  /** @type {Change[]} */
  const out = [];
  if (before.link.engine !== after.link.engine)
    out.push({ kind: after.link.engine ? "engine_back" : "engine_gone" });
  if (before.broker.up !== after.broker.up) out.push({ kind: after.broker.up ? "broker_up" : "broker_down" });
  return out;
}

/** @param {World} before @param {World} after @returns {Change[]} */
function settingChanges(before, after) {
  /** @type {Change[]} */
  const out = [];
  if (before.settings.ack !== after.settings.ack) out.push({ kind: "ack", value: after.settings.ack });
  if (before.settings.prefetch !== after.settings.prefetch)
    out.push({ kind: "prefetch", value: after.settings.prefetch });
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
    if (was === undefined) out.push({ kind: "worker_new", worker: name });
    else if (was.state !== worker.state && NEWS.has(worker.state))
      out.push({ kind: `worker_${worker.state}`, worker: name, value: worker.why });
    else if (NEWS.has(was.state) && !NEWS.has(worker.state)) out.push({ kind: "worker_back", worker: name });
  }
  for (const name of before.workers.keys())
    if (!after.workers.has(name)) out.push({ kind: "worker_gone", worker: name });
  return out;
}

/** Ways to notice that take seconds or minutes. */
const SLOW = new Set(["heartbeat", "ack_timeout"]);

/** @param {World} before @param {World} after @returns {Change[]} */
function taskChanges(before, after) {
  /** @type {number[]} */
  const back = [];
  /** @type {number[]} */
  const lost = [];
  /** @type {number[]} */
  const dead = [];
  /** @type {Change[]} */
  const taken = [];
  /** How the broker noticed, where that took a while: it is worth a word. @type {import("./stopwatch.js").Watch|undefined} */
  let watch;
  for (const [id, task] of after.tasks) {
    const was = before.tasks.get(id);
    if (was === task || was === undefined) continue;
    const gone = task.attempts.find((each, i) => {
      const old = was.attempts[i];
      return (
        each.end !== null &&
        each.end !== "acked" &&
        each.end !== "result" &&
        old !== undefined &&
        old.end === null
      );
    });
    if (task.state === "lost" && was.state !== "lost") lost.push(task.n);
    else if (task.state === "dead" && was.state !== "dead") dead.push(task.n);
    else if (gone) {
      back.push(task.n);
      const how = stopwatch(gone);
      if (how !== null && SLOW.has(how.noticed)) watch ??= how;
    }
    const again = attemptCount(task) > 1 && attemptCount(task) > attemptCount(was);
    if (again && task.worker !== null)
      taken.push({ kind: "taken", worker: task.worker, tasks: [task.n], attempt: attemptCount(task) });
  }
  /** @type {Change[]} */
  const out = [];
  if (back.length > 0) out.push({ kind: "back", tasks: back, ...(watch && { watch }) });
  if (lost.length > 0) out.push({ kind: "lost", tasks: lost });
  if (dead.length > 0) out.push({ kind: "dead", tasks: dead });
  return [...out, ...taken];
}
