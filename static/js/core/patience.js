// @ts-check
/**
 * The broker's patience: the last deliveries that its acknowledgement timeout ended, and what it said. Pure.
 *
 * @typedef {import("../types.js").World} World
 * @typedef {{at: number, worker: string, tasks: number[], after: number, words: string}} Timeout
 *   `after`: seconds since the oldest of these deliveries; `words`: the broker's own, empty where the line has gone by
 */

/** What the wire log adds to the broker's words: what the closing has cost. */
const COST = /( \d+ (unacked|lost))+$/;

/** Seconds between a delivery that somebody else has by now, and the notice that its first channel is closed. */
const SAME = 1;

/** @type {WeakMap<World["tasks"], Timeout|null>} */
const known = new WeakMap();

/** Null where there is none among the tasks that the world names. @param {World} world @returns {Timeout|null} */
export function timeout(world) {
  let found = known.get(world.tasks);
  if (found === undefined) {
    found = last(world);
    known.set(world.tasks, found);
  }
  return found;
}

/** @param {World} world @returns {Timeout|null} */
function last(world) {
  const ended = [...world.tasks.values()].flatMap(task =>
    task.attempts.flatMap(({ noticed, worker, delivered_at, ended_at }) =>
      noticed === "ack_timeout" && ended_at !== null ? { n: task.n, worker, delivered_at, at: ended_at } : [],
    ),
  );
  ended.sort((a, b) => a.at - b.at || a.n - b.n);
  const newest = ended.at(-1);
  if (newest === undefined) return null;
  const { at, worker } = newest;
  const together = ended.filter(each => each.at === at && each.worker === worker);
  return {
    at,
    worker,
    tasks: together.map(each => each.n),
    after: at - Math.min(...together.map(each => each.delivered_at)),
    words: said(world, at, worker),
  };
}

/** @param {World} world @param {number} at @param {string} worker */
function said({ wire }, at, worker) {
  const line = wire.findLast(
    each =>
      each.method === "channel.close" &&
      each.to === worker &&
      each.who === "broker" &&
      Math.abs(each.at - at) < SAME,
  );
  return line?.detail.replace(COST, "") ?? "";
}
