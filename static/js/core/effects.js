// @ts-check
/**
 * What was done of a task, as the world outside sees it: a result each time. An ack says that the broker may forget the message, not that
 * this happened once. Pure.
 *
 * @typedef {{at: number, worker: string, nth: number}} Effect
 */

/** In order of time; those of attempts older than the ones kept are counted, not listed. @param {import("../types.js").Task} task @returns {Effect[]} */
export function effects(task) {
  const found = task.attempts.flatMap(({ worker, result_at }) =>
    result_at === null ? [] : { at: result_at, worker },
  );
  found.sort((a, b) => a.at - b.at);
  const before = Math.max(0, task.results - found.length);
  return found.map((each, i) => ({ ...each, nth: before + i + 1 }));
}
