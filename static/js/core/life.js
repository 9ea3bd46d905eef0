// @ts-check
/**
 * Life strips: which tasks get a row, and the segments of a row. Pure.
 *
 * @typedef {import("../types.js").Task} Task
 * @typedef {import("../types.js").Attempt} Attempt
 * @typedef {import("../types.js").World} World
 */
import { lostWithBroker } from "./counted.js";
import { effects } from "./effects.js";
import { attemptCount, attemptNumber, isSettling } from "./motion.js";

const WAITING = 3; // ready tasks of a queue that may get a row
const RECENT = 12; // seconds for which grief comes first
const LONG_AGO = 600; // seconds after which a settled task has no row
const DONE = 3; // the rank of a settled task of which something can be seen
const OVER = 6; // … and of one whose row would be empty
const NOT = 9; // the rank of those without a row

/** Seconds that the strips may show, from the least. */
const SPANS = [15, 20, 30, 45, 60, 90, 120, 180, 300, 600];

/**
 * At most `room` tasks, by number: the pinned one, those that came to grief lately, those being worked on, the latest done, and then
 * those that wait, in a lane or in the queue; last those done so long ago that nothing of them can be seen.
 * @param {World} world
 * @param {number} t
 * @param {number} room
 * @param {number|null} pin
 * @returns {Task[]}
 */
export function rows(world, t, room, pin) {
  const running = new Set([...world.workers.values()].map(worker => worker.holding[0]));
  const next = new Set([...world.queues.values()].flatMap(queue => queue.window.slice(0, WAITING)));
  const rank = (/** @type {Task} */ task) => {
    if (task.n === pin) return 0;
    const again = attemptCount(task) > (task.state === "ready" ? 0 : 1);
    if (t - grief(task) < RECENT) return 1;
    if (running.has(task.id)) return 2;
    if (task.state === "unacked" || task.state === "at_risk") return again ? 2 : 4;
    if (task.state === "ready") return again ? 2 : next.has(task.id) ? 5 : NOT;
    return t - (task.settled_at ?? 0) > LONG_AGO ? NOT : DONE;
  };
  const ranked = [...world.tasks.values()]
    .map(task => ({ task, rank: rank(task) }))
    .filter(each => each.rank < NOT);
  // Rows that come after these can only make the strips show more: what is seen within these seconds will be seen.
  const first = ranked.filter(each => each.rank < DONE).map(each => each.task);
  const edge = t - span(first, t, pin);
  for (const each of ranked) if (each.rank === DONE && seenUntil(each.task) <= edge) each.rank = OVER;
  return ranked
    .sort((a, b) => a.rank - b.rank || (settled(a.rank) ? b.task.n - a.task.n : a.task.n - b.task.n))
    .slice(0, Math.max(0, room))
    .map(each => each.task)
    .sort((a, b) => a.n - b.n);
}

/** @param {number} rank */
const settled = rank => rank === DONE || rank === OVER;

/** When the last of what the row of a settled task shows was over. @param {Task} task */
const seenUntil = task =>
  task.attempts.reduce(
    (latest, { ended_at, result_at }) => Math.max(latest, ended_at ?? latest, result_at ?? latest),
    Number.NEGATIVE_INFINITY,
  );

/** When an attempt last ended without an ack or a result. @param {Task} task */
const grief = task =>
  task.attempts.findLast(each => each.ended_at !== null && !isSettling(each))?.ended_at ??
  Number.NEGATIVE_INFINITY;

/**
 * How many seconds the strips show: enough for everything in somebody's hands and the pinned task, and no more than a minute without need.
 * @param {Task[]} tasks
 * @param {number} t
 * @param {number|null} pin
 */
export function span(tasks, t, pin) {
  let oldest = t;
  for (const task of tasks) {
    const pinned = task.n === pin;
    if (!pinned && task.state !== "unacked" && task.state !== "at_risk") continue;
    const born = pinned ? task.published_at : null;
    oldest = Math.min(oldest, born ?? task.attempts[0]?.delivered_at ?? t);
  }
  const need = (t - oldest) * 1.15;
  return SPANS.find(each => each >= need) ?? SPANS[SPANS.length - 1] ?? 600;
}

/**
 * @typedef {Object} Segment
 * @property {string} key
 * @property {string} kind    wait | held | again | risk | done | bad | plain | effect
 * @property {number} from
 * @property {number|null} to null: goes on
 * @property {string} worker  empty for waiting time
 * @property {string|null} end
 * @property {number} attempt
 * @property {Attempt|null} of
 */

/**
 * Waiting and attempts of one task, in order of time; then, where it was done more than once, each time that it was.
 * @param {Task} task
 * @returns {Segment[]}
 */
export function segments(task) {
  /** @type {Segment[]} */
  const out = [];
  let free = task.skipped > 0 ? null : task.published_at; // since when it waits, if it does
  for (const [i, attempt] of task.attempts.entries()) {
    if (free !== null && attempt.delivered_at > free) out.push(wait(i, free, attempt.delivered_at));
    out.push({
      key: `a${attemptNumber(task, i)}`,
      kind: kind(task, i),
      from: attempt.delivered_at,
      to: attempt.ended_at,
      worker: attempt.worker,
      end: attempt.end,
      attempt: attemptNumber(task, i),
      of: attempt,
    });
    free = attempt.ended_at;
  }
  if (task.state === "ready" && free !== null) out.push(wait(task.attempts.length, free, null));
  if (lostWithBroker(task) && free !== null && task.settled_at !== null) {
    out.push(wait(task.attempts.length, free, task.settled_at));
    out.push(loss(task.settled_at));
  }
  if (task.results > 1)
    for (const { at, worker, nth } of effects(task))
      out.push({
        key: `e${nth}`,
        kind: "effect",
        from: at,
        to: at,
        worker,
        end: null,
        attempt: nth,
        of: null,
      });
  return out;
}

/**
 * The longest stretch from one time to another with no mark in it; the first of those as long.
 * @param {number} from
 * @param {number} to
 * @param {number[]} marks  in order
 * @returns {{from: number, to: number}}
 */
export function clear(from, to, marks) {
  const within = [...marks.filter(each => each > from && each < to), to];
  return within
    .map((end, i) => ({ from: within[i - 1] ?? from, to: end }))
    .reduce((best, each) => (each.to - each.from > best.to - best.from ? each : best));
}

/** @param {number} i @param {number} from @param {number|null} to @returns {Segment} */
const wait = (i, from, to) => ({
  key: `w${i}`,
  kind: "wait",
  from,
  to,
  worker: "",
  end: null,
  attempt: 0,
  of: null,
});

/** The end of a task that went with its broker: in nobody's hands any more. @param {number} at @returns {Segment} */
const loss = at => ({
  key: "lost",
  kind: "bad",
  from: at,
  to: at,
  worker: "",
  end: "lost",
  attempt: 0,
  of: null,
});

/** What an attempt is, or how it ended: held | again | risk | done | bad. @param {Task} task @param {number} i */
export function kind(task, i) {
  const attempt = task.attempts[i];
  if (attempt === undefined) return "plain";
  if (attempt.end === null) {
    if (attempt.auto_ack) return "risk";
    return attemptNumber(task, i) > 1 ? "again" : "held";
  }
  return isSettling(attempt) ? "done" : "bad";
}
