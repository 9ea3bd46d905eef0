// @ts-check
/**
 * Where a task is on its way, at any time: a function of the task alone. Nothing about motion is stored anywhere.
 *
 *   publish      producer ──► Ready
 *   deliver      Ready ──► lane          (its ghost, the broker's copy, stays on the Unacked shelf)
 *   ack          lane ──► ghost          (a small token; when it lands the ghost goes)
 *   fall         lane ┄┄► ghost          (the connection closed: the copy lights up)
 *   redeliver    ghost ──► next lane     or  requeue: ghost ──► Ready, where no worker was free
 *   arrive       tap ──► lane           (it was held on its way; an ack that was held sets out from the tap as well)
 *   finish       lane ──► tally          (auto-ack: a result was seen; nothing goes back to the broker)
 *   bury         lane ──► Lost or Dead
 *
 * A real redelivery takes three milliseconds; an eye needs half a second. So each leg begins at its event, or when
 * the leg before it has been seen, and lasts its DURATION. The truth is written next to it in digits. Pure.
 *
 * @typedef {import("../types.js").Task} Task
 * @typedef {import("../types.js").Leg} Leg
 * @typedef {import("../types.js").Attempt} Attempt
 */
import { stopwatch } from "./stopwatch.js";

/** Seconds that each kind of leg takes for the eye. @type {Record<import("../types.js").LegKind, number>} */
export const DURATION = {
  publish: 0.42,
  deliver: 0.6,
  redeliver: 0.75,
  ack: 0.65,
  finish: 0.4,
  fall: 0.55,
  requeue: 0.6,
  bury: 0.75,
  arrive: 0.45,
};

/** Seconds for which the way back stays drawn. */
export const TRAIL = 9;

/** Ends after which the broker may forget the message. */
const SETTLING = new Set(["acked", "result"]);

/** @param {Attempt} attempt */
export const isSettling = attempt => attempt.end !== null && SETTLING.has(attempt.end);

/** The number of the attempt at this place in the list: 1 for the first ever. @param {Task} task @param {number} i */
export const attemptNumber = (task, i) => task.skipped + i + 1;

/** How many times the task was delivered. @param {Task} task */
export const attemptCount = task => task.skipped + task.attempts.length;

/** @type {WeakMap<Task, Leg[]>} */
const known = new WeakMap();

/**
 * All legs of a task, in order. The answer is remembered per task object: worlds share those that did not change.
 * @param {Task} task
 * @returns {Leg[]}
 */
export function legs(task) {
  let answer = known.get(task);
  if (answer === undefined) {
    answer = workOut(task);
    known.set(task, answer);
  }
  return answer;
}

/** @param {Task} task @returns {Leg[]} */
function workOut(task) {
  /** @type {Leg[]} */
  const out = [];
  let seen = Number.NEGATIVE_INFINITY;
  /** @param {import("../types.js").LegKind} kind @param {string} from @param {string} to @param {number} at @param {number} attempt */
  const leg = (kind, from, to, at, attempt) => {
    const start = Math.max(at, seen);
    seen = start + DURATION[kind];
    out.push({ kind, from, to, at, start, end: seen, attempt });
  };

  if (task.published_at !== null) leg("publish", "producer", "ready", task.published_at, 0);

  for (const [i, attempt] of task.attempts.entries()) {
    const number = attemptNumber(task, i);
    const before = task.attempts[i - 1];
    const lane = `lane:${attempt.worker}`;
    const tap = `tap:${attempt.worker}`;
    const goal = attempt.arrived_at !== null || attempt.stopped === "basic.deliver" ? tap : lane;
    if (before === undefined) {
      const first = number === 1;
      leg(first ? "deliver" : "redeliver", first ? "ready" : "ghost", goal, attempt.delivered_at, number);
    } else {
      // Back on the Ready shelf only if it waited there long enough to be seen; else straight from the broker's copy.
      const fell = out[out.length - 1];
      const waited = fell !== undefined && attempt.delivered_at > fell.end + DURATION.requeue;
      if (waited && before.ended_at !== null) leg("requeue", "ghost", "ready", before.ended_at, number - 1);
      leg("redeliver", waited ? "ready" : "ghost", goal, attempt.delivered_at, number);
    }
    if (attempt.arrived_at !== null) leg("arrive", tap, lane, attempt.arrived_at, number);
    if (attempt.ended_at === null) continue;
    const last = i === task.attempts.length - 1;
    if (attempt.end === "acked")
      leg("ack", attempt.released_at === null ? lane : tap, "ghost", attempt.ended_at, number);
    else if (attempt.end === "result")
      leg("finish", lane, `tally:${attempt.worker}`, attempt.ended_at, number);
    else if (last && task.state === "lost") leg("bury", lane, "lost", attempt.ended_at, number);
    else if (last && task.state === "dead") leg("bury", lane, "dead", attempt.ended_at, number);
    else if (!attempt.auto_ack) {
      leg("fall", lane, "ghost", attempt.ended_at, number);
      if (last && task.state === "ready") leg("requeue", "ghost", "ready", attempt.ended_at, number);
    }
  }
  return out;
}

/**
 * Legs under way at time t. One not begun yet counts while its task has been seen moving, so that no chip vanishes in between.
 * @param {Task} task
 * @param {number} t
 * @returns {Leg[]}
 */
export function underway(task, t) {
  return legs(task).filter(leg => leg.start <= t && t < leg.end);
}

/** The leg that brings the task to where its state says it is, if it has not landed at t. @param {Task} task @param {number} t */
export function coming(task, t) {
  const last = legs(task).findLast(leg => leg.kind !== "ack" && leg.kind !== "fall" && leg.kind !== "finish");
  return last !== undefined && t < last.end ? last : null;
}

/** The ack on its way at t (or about to leave), if there is one. @param {Task} task @param {number} t */
export function ackComing(task, t) {
  const last = legs(task).at(-1);
  return last !== undefined && last.kind === "ack" && t < last.end ? last : null;
}

/** The ack that has left at t: till then a task that is done is still seen on its way to the lane. @param {Task} task @param {number} t */
export function ackLeft(task, t) {
  const ack = ackComing(task, t);
  return ack !== null && t >= ack.start;
}

/** Whether a redelivery that is acknowledged already has to be seen first: it lands, and its ack flies back. @param {Task} task @param {number} t */
export function acksUnseen(task, t) {
  const ack = ackComing(task, t);
  return ack !== null && ack.attempt > 1 && ack.start > ack.at;
}

/**
 * The latest way back of a task, where one is to be drawn at t.
 * @param {Task} task
 * @param {number} t
 * @returns {import("../types.js").Trail|null}
 */
export function trail(task, t) {
  const i = task.attempts.findLastIndex(
    each => each.ended_at !== null && !isSettling(each) && !each.auto_ack,
  );
  const ended = task.attempts[i];
  if (ended === undefined || ended.ended_at === null || task.state === "dead") return null;
  const number = attemptNumber(task, i);
  const all = legs(task);
  const fall = all.find(leg => leg.kind === "fall" && leg.attempt === number);
  if (fall === undefined) return null;
  const next = task.attempts[i + 1];
  const on = all.find(leg => leg.kind === "redeliver" && leg.attempt === number + 1);
  const straight = on === undefined || on.from === "ghost";
  const over = next?.ended_at ?? Number.POSITIVE_INFINITY;
  const shown = next !== undefined && on !== undefined ? on.end : fall.end;
  const until = straight ? Math.min(fall.start + TRAIL, Math.max(over, shown + 1.5)) : fall.end + 4;
  if (t < fall.start || t >= until) return null;
  return {
    key: `${task.id}/${number}`,
    task,
    from: ended.worker,
    noticed: ended.noticed,
    watch: stopwatch(ended),
    at: ended.ended_at,
    to: straight && next !== undefined ? next.worker : null,
    gap: straight && next !== undefined ? next.delivered_at - ended.ended_at : null,
    start: fall.start,
    second: on?.start ?? fall.end,
    until,
  };
}

/** Slow at both ends. @param {number} x 0 to 1 */
export const ease = x => (x < 0.5 ? 4 * x * x * x : 1 - (-2 * x + 2) ** 3 / 2);

/**
 * A point on the way from a to b, p from 0 to 1: leaves and arrives level, as the arrows of the trails do.
 * @param {{x: number, y: number}} a
 * @param {{x: number, y: number}} b
 * @param {number} p
 */
export function along(a, b, p) {
  const q = 1 - p;
  const dx = (b.x - a.x) * 0.5;
  return {
    x: q * q * q * a.x + 3 * q * q * p * (a.x + dx) + 3 * q * p * p * (b.x - dx) + p * p * p * b.x,
    y: (q * q * q + 3 * q * q * p) * a.y + (3 * q * p * p + p * p * p) * b.y,
  };
}
