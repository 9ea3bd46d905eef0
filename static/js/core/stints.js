// @ts-check
/**
 * Life by worker: what each had in hand and when, and when it took no work. Pure.
 *
 *   delivered ──held, not begun──► began ──────► ended         a worker begins the next when it has settled the one before
 *
 * @typedef {import("../types.js").Task} Task
 * @typedef {import("../types.js").Worker} Worker
 * @typedef {import("../types.js").World} World
 */
import { kind } from "./life.js";
import { attemptNumber } from "./motion.js";

/** Attempts drawn of one worker: the latest. */
const MOST = 60;
/** Lines of those that wait in a worker's hands, one below the other. */
export const LINES = 3;

/** States in which a worker takes no work. */
const AWAY = new Set(["starting", "stopped", "frozen", "cut"]);

/**
 * One delivery to one worker. It was held from `from`, worked on from `began` (null: never) to `to` (null: it goes on).
 * @typedef {Object} Stint
 * @property {string} key
 * @property {Task} task
 * @property {number} attempt
 * @property {string} kind   held | again | risk | done | bad
 * @property {number} from
 * @property {number|null} began
 * @property {number|null} to
 * @property {string|null} end
 * @property {import("../types.js").Attempt} of
 * @property {number} line   where it waits: 0 is the uppermost; ones too many share the last
 */

/**
 * By worker, in the order of their deliveries; those that were over before `since` are left out.
 * @param {World} world
 * @param {number} since
 * @returns {Map<string, Stint[]>}
 */
export function stints(world, since) {
  /** @type {Map<string, Stint[]>} */
  const all = new Map();
  for (const task of world.tasks.values()) {
    for (const [i, attempt] of task.attempts.entries()) {
      const mine = all.get(attempt.worker) ?? [];
      const number = attemptNumber(task, i);
      mine.push({
        key: `${task.id}/${number}`,
        task,
        attempt: number,
        kind: kind(task, i),
        from: attempt.delivered_at,
        began: null,
        to: attempt.ended_at,
        end: attempt.end,
        of: attempt,
        line: 0,
      });
      all.set(attempt.worker, mine);
    }
  }
  for (const [worker, mine] of all) {
    mine.sort((a, b) => a.from - b.from || a.task.n - b.task.n);
    begin(mine);
    const seen = mine.filter(each => each.to === null || each.to > since).slice(-MOST);
    stack(seen);
    all.set(worker, seen);
  }
  return all;
}

/** A worker does one thing at a time, in the order in which it got them. @param {Stint[]} mine */
function begin(mine) {
  let free = Number.NEGATIVE_INFINITY; // when it has settled all before this one
  for (const each of mine) {
    const began = Math.max(each.from, free);
    if (began < (each.to ?? Number.POSITIVE_INFINITY)) each.began = began;
    free = Math.max(free, each.to ?? Number.POSITIVE_INFINITY);
  }
}

/** Those that wait at the same time go below each other. @param {Stint[]} mine */
function stack(mine) {
  const taken = Array.from({ length: LINES }, () => Number.NEGATIVE_INFINITY);
  for (const each of mine) {
    const until = each.began ?? each.to ?? Number.POSITIVE_INFINITY;
    if (until <= each.from) continue;
    const free = taken.findIndex(end => end <= each.from);
    each.line = free < 0 ? LINES - 1 : free;
    taken[each.line] = Math.max(taken[each.line] ?? 0, until);
  }
}

/**
 * When a worker took no work: what is over, and what lasts (`until` is null).
 * @param {Worker} worker
 * @returns {{state: string, since: number, until: number|null, why: string}[]}
 */
export function away(worker) {
  if (!AWAY.has(worker.state)) return worker.away;
  return [...worker.away, { state: worker.state, since: worker.since, until: null, why: worker.why }];
}

/**
 * Since when all that was done is known by name: the frames carry the latest done tasks only. Null where none is missing.
 * @param {World} world
 */
export function knownSince(world) {
  const done = [...world.tasks.values()].filter(task => task.state === "done");
  if (world.ledger.done <= done.length) return null;
  return done.reduce((oldest, task) => Math.min(oldest, task.settled_at ?? oldest), world.at);
}

/**
 * When somebody, or something, last took a worker of ours from its work; the newest such worker is the one to look at.
 * @param {World} world
 * @returns {Worker|null}
 */
export function lastTouched(world) {
  const local = [...world.workers.values()].filter(each => each.kind === "local");
  local.sort((a, b) => a.order - b.order);
  const touched = (/** @type {Worker} */ worker) =>
    away(worker).findLast(each => each.state !== "starting")?.since ?? Number.NEGATIVE_INFINITY;
  return local.reduce(
    (/** @type {Worker|null} */ best, each) => (best === null || touched(each) > touched(best) ? each : best),
    null,
  );
}
