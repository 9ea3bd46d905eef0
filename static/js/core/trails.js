// @ts-check
/**
 * Ways back that belong together: all tasks that one closed connection gave back are one line with a count. Pure.
 *
 * @typedef {import("../types.js").Trail} Trail
 * @typedef {import("../types.js").Bundle} Bundle
 */
import { slow } from "./stopwatch.js";

/** Bundles drawn at once, and lanes that one goes on to. */
const MOST = 2;
const ONWARD = 3;
/** Tasks of a dead worker that the frames name at most: there may have been more. */
const KNOWN = 40;

/**
 * @param {Trail[]} trails  newest first
 * @returns {Bundle[]}  newest first
 */
export function bundles(trails) {
  /** @type {Map<string, Trail[]>} */
  const together = new Map();
  for (const trail of trails) {
    const key = `${trail.from}@${trail.at}`;
    const known = together.get(key);
    if (known === undefined) together.set(key, [trail]);
    else known.push(trail);
  }
  return [...together].slice(0, MOST).map(([key, all]) => {
    const seen = new Set();
    const onward = all.filter(trail => {
      if (trail.to === null || seen.has(trail.to)) return false;
      seen.add(trail.to);
      return true;
    });
    const watches = all.flatMap(({ watch }) => (watch !== null && slow(watch) ? [watch] : []));
    const gaps = all.flatMap(trail => (trail.gap === null ? [] : [trail.gap]));
    return {
      key,
      from: all[0]?.from ?? "",
      tasks: all.map(trail => trail.task),
      least: all.length >= KNOWN,
      onward: onward.slice(0, ONWARD),
      gap: gaps.length > 0 ? Math.min(...gaps) : null,
      watch: watches.sort((a, b) => (b.after ?? 0) - (a.after ?? 0))[0] ?? null,
      second: Math.min(...all.map(trail => trail.second)),
    };
  });
}
