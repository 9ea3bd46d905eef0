// @ts-check
/**
 * What can be done to a worker in its state: the choices of its menu, what a key means for it, and the marks of what is being done to its
 * connection in the tap. The names of actions, and what has to be said with them, are those of REST. Pure.
 *
 * @typedef {import("../types.js").Worker} Worker
 * @typedef {import("../types.js").World} World
 * @typedef {{action: string, ms?: number, method?: string}} Act
 *
 * One entry of a menu: what it does, or which menu it opens.
 * @typedef {{says: string, act?: Act, opens?: "delay"|"hold"}} Choice
 *
 * A mark at the tap: a frame that is held, a hold that waits for its frame, a black hole, a delay.
 * @typedef {Object} Mark
 * @property {string} key
 * @property {string} worker
 * @property {"held"|"armed"|"hole"|"delay"} kind
 * @property {string} method     "basic.ack"; empty where it is about none
 * @property {number|null} n     the task's number
 * @property {string} by         client | broker
 * @property {number} ms
 * @property {number} place      0 for the topmost of its lane
 * @property {number} of         how many its lane has
 */

/** Methods that a consumer or its broker says once it consumes: those that can be held here. REST knows them all. */
export const METHODS = [
  "basic.ack",
  "basic.deliver",
  "basic.publish",
  "basic.nack",
  "basic.reject",
  "basic.cancel",
  "channel.close",
];
/** Delays to choose from, in ms. */
export const DELAYS = [200, 1000, 3000];
/** Marks that a lane has room for. */
const MARKS = 3;

/** Whether its process runs and is not frozen. @param {Worker} worker */
const runs = worker => worker.state !== "stopped" && worker.state !== "frozen" && worker.pid !== null;

/** Whether there is a connection to be hurt: one that the broker gave up behind a black hole counts, it can be restored. @param {Worker} worker */
const connected = worker =>
  worker.faults.blackholed !== null || !["stopped", "starting", "cut"].includes(worker.state);

/** @param {string} action @param {Partial<Act>} [more] @returns {Choice} */
const simple = (action, more = {}) => ({ says: action, act: { action, ...more } });

/**
 * The menu of a worker: what hangs in the tap first, then what is done to its process, then to its connection.
 * @param {Worker} worker
 * @returns {Choice[]}
 */
export function choices(worker) {
  const { faults } = worker;
  /** @type {Choice[]} */
  const out = [];
  if (faults.held.length > 0) out.push(simple("release"), simple("drop"));
  else if (faults.armed.length > 0) out.push({ says: "disarm", act: { action: "release" } });
  if (worker.kind === "local") {
    if (worker.state === "stopped")
      return [...out, simple("start"), ...(faults.blackholed === null ? [] : [simple("restore")])];
    out.push(simple("stop"));
    if (worker.state === "frozen") out.push(simple("thaw"));
    if (runs(worker)) {
      out.push(simple("finish"), simple("freeze"));
      out.push(worker.stuck ? { says: "unstick", act: { action: "start" } } : simple("stick"));
    }
  }
  if (!connected(worker)) return out;
  out.push(simple("cut"), simple(faults.blackholed === null ? "blackhole" : "restore"));
  if (faults.delay > 0) out.push({ says: "undelay", act: { action: "delay", ms: 0 } });
  else out.push({ says: "delay", opens: "delay" });
  if (faults.held.length === 0)
    out.push(
      { says: "hold-ack", act: { action: "hold", method: "basic.ack" } },
      { says: "hold", opens: "hold" },
    );
  return out;
}

/** What the buttons of a lane can do. @param {Worker} worker @returns {Set<string>} */
export const able = worker => new Set(choices(worker).map(each => each.act?.action ?? each.says));

/**
 * What a key means for this worker now: most of them do a thing, or undo it. Null where it means nothing.
 * @type {Record<string, (worker: Worker) => Choice[]>}
 */
const MEANINGS = {
  stop: () => [simple("stop")],
  start: worker => (worker.state === "stopped" ? [simple("start")] : []),
  finish: () => [simple("finish")],
  freeze: () => [simple("freeze"), simple("thaw")],
  stick: () => [simple("stick"), { says: "unstick", act: { action: "start" } }],
  cut: () => [simple("cut")],
  blackhole: () => [simple("blackhole"), simple("restore")],
  delay: worker => [{ says: "delay", act: { action: "delay", ms: worker.faults.delay > 0 ? 0 : DELAYS[1] } }],
  hold: worker =>
    worker.faults.held.length + worker.faults.armed.length > 0
      ? [simple("release")]
      : [{ says: "hold-ack", act: { action: "hold", method: "basic.ack" } }],
  drop: worker => (worker.faults.held.length > 0 ? [simple("drop")] : []),
};
export const KEYED = Object.keys(MEANINGS);

/** @param {Worker} worker @param {string} key  one of KEYED @returns {Act|null} */
export function meant(worker, key) {
  const can = able(worker);
  const found = MEANINGS[key]?.(worker).find(each => each.act !== undefined && can.has(each.act.action));
  return found?.act ?? null;
}

/** What is done to a worker's connection now, as marks. @param {Worker} worker @param {World} world @returns {Mark[]} */
export function marks(worker, world) {
  const { faults } = worker;
  /** @type {(Pick<Mark, "kind"> & Partial<Mark>)[]} */
  const found = [];
  for (const { method, task, by } of faults.held)
    found.push({ kind: "held", method, by, n: task === null ? null : (world.tasks.get(task)?.n ?? null) });
  if (faults.blackholed !== null) found.push({ kind: "hole" });
  if (faults.delay > 0) found.push({ kind: "delay", ms: faults.delay });
  for (const method of faults.armed) found.push({ kind: "armed", method });
  const shown = found.slice(0, MARKS);
  return shown.map((each, place) => ({
    key: `${worker.name}/${each.kind}/${each.method ?? ""}/${each.n ?? place}`,
    worker: worker.name,
    method: "",
    n: null,
    by: "client",
    ms: 0,
    ...each,
    place,
    of: shown.length,
  }));
}

/**
 * What ticks while nothing seems to happen. `from` and `to` are seconds of the run between which the broker will notice; null: never.
 * @typedef {Object} Ticking
 * @property {"held"|"dropped"|"silent"|"stuck"} kind
 * @property {Worker} worker
 * @property {string} method
 * @property {number} at          when it began
 * @property {number|null} n      the task's number
 * @property {number|null} from
 * @property {number|null} to
 * @property {number|null} deadline  when the broker's patience with that delivery ends
 */

/**
 * The one thing that is worth saying of what ticks, the newest first. @param {World} world @returns {Ticking|null}
 */
export function ticking(world) {
  /** @type {Ticking[]} */
  const found = [];
  for (const worker of world.workers.values()) {
    const { faults, silence } = worker;
    const base = { worker, method: "", n: null, from: null, to: null, deadline: null };
    for (const { method, task: id, at } of faults.held) {
      const task = id === null ? undefined : world.tasks.get(id);
      const deadline = task?.attempts.at(-1)?.deadline ?? null;
      found.push({ ...base, kind: "held", method, n: task?.n ?? null, deadline, at });
    }
    if (silence !== null)
      found.push({ ...base, kind: "silent", from: silence.earliest, to: silence.latest, at: silence.since });
    for (const id of worker.holding) {
      const task = world.tasks.get(id);
      const last = task?.attempts.at(-1);
      if (task === undefined || last === undefined || last.auto_ack || last.ended_at !== null) continue;
      const more = { ...base, n: task.n, deadline: last.deadline };
      if (last.fault?.kind === "drop")
        found.push({ ...more, kind: "dropped", method: last.stopped, at: last.fault.at });
      else if (worker.stuck && last.deadline !== null && last.result_at !== null)
        found.push({ ...more, kind: "stuck", at: last.result_at });
    }
  }
  return found.reduce(
    (newest, each) => (newest === null || each.at > newest.at ? each : newest),
    /** @type {Ticking|null} */ (null),
  );
}

/**
 * When the broker's patience with a delivery ends, where that is worth a look: something is the matter, or it is near.
 * @param {import("../types.js").Task} task
 * @param {Worker|undefined} worker
 * @param {number} t
 */
export function patience(task, worker, t) {
  const last = task.attempts.at(-1);
  if (last === undefined || last.deadline === null || last.ended_at !== null) return null;
  const doubtful = last.fault !== null || worker?.stuck === true || (worker?.silence ?? null) !== null;
  return doubtful || last.deadline - t <= NEAR ? last.deadline : null;
}
/** Seconds before the ack timeout from which on it is counted down in any case. */
export const NEAR = 15;
