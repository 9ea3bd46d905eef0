// @ts-check
/**
 * The broker went away: when, and whether it is back. What ended then is not its worker's doing. A function of the world alone: the lines
 * on the wire say when the broker stopped and started. Pure.
 *
 * @typedef {import("../types.js").World} World
 * @typedef {{since: number, until: number|null}} Outage  seconds; until null while it lasts
 */

/** Connections are seen to close a little before the broker's end is noticed, and workers end a little after it. */
const BEFORE = 1;
const AFTER = 1.5;
/** Seconds for which it is worth a word that the broker was away. */
const NEWS = 7;

/** @type {WeakMap<World["wire"], Outage|null>} */
const known = new WeakMap();

/** The last one of which the world knows. @param {World} world @returns {Outage|null} */
export function outage(world) {
  let found = known.get(world.wire);
  if (found === undefined) {
    found = last(world.wire);
    known.set(world.wire, found);
  }
  if (world.broker.up) return found === null || found.until !== null ? found : { ...found, until: world.at };
  return { since: found?.until === null ? found.since : world.at, until: null };
}

/** @param {World["wire"]} wire @returns {Outage|null} */
function last(wire) {
  const stop = wire.findLastIndex(line => line.method === "broker stopped");
  if (stop < 0) return null;
  const start = wire.slice(stop).find(line => line.method === "broker started");
  return { since: wire[stop]?.at ?? 0, until: start?.at ?? null };
}

/** Whether what happened at this time is the broker's doing. @param {Outage|null} it @param {number} at */
export const blamed = (it, at) =>
  it !== null && at >= it.since - BEFORE && at <= (it.until ?? Number.POSITIVE_INFINITY) + AFTER;

/** "down", or "back" for a while after. @param {Outage|null} it @param {number} t */
export function news(it, t) {
  if (it === null || t < it.since) return null;
  if (it.until === null || t < it.until) return "down";
  return t < it.until + NEWS ? "back" : null;
}

/** When the news is old. @param {Outage|null} it */
export const stale = it => (it === null || it.until === null ? Number.POSITIVE_INFINITY : it.until + NEWS);
