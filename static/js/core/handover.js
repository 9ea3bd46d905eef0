// @ts-check
/**
 * The Unacked shelf when it is full: a copy leaves, the next one comes, and the cell changes hands when the ack has landed. A function of the
 * copies and the time alone.
 *
 * @typedef {import("../types.js").Task} Task
 */
import { ackComing, attemptCount, DURATION } from "./motion.js";

/**
 * Whether a copy that leaves keeps its cell against a newcomer: not where its ack waits for a flight before it, since there acks come faster than eyes
 * follow.
 * @param {Task} task
 * @param {number} t
 */
function keepsCell(task, t) {
  const ack = ackComing(task, t);
  return task.state === "ready" || (ack !== null && ack.start === ack.at);
}

/** When a newcomer has its cell at the latest, whoever else is there; one that comes back never waits. @param {Task} task */
export const latest = task =>
  attemptCount(task) === 1 ? (task.attempts[0]?.delivered_at ?? 0) + DURATION.ack : Number.NEGATIVE_INFINITY;

/**
 * Whose copies leave and are still drawn, and which newcomers wait for their cells: on a full shelf a cell changes hands when the ack lands, and the
 * newcomer's chip is about as long on its way to the lane. Where there are more copies than cells nobody waits, and those that leave have half of them.
 * @param {Task[]} staying
 * @param {Task[]} gone
 * @param {number} free  cells that nobody needs
 * @param {import("../types.js").Choice} choice
 * @param {number} t
 */
export function handOver(staying, gone, free, choice, t) {
  const ended = (/** @type {Task} */ task) => task.attempts.at(-1)?.ended_at ?? 0;
  const keeping = gone.filter(task => keepsCell(task, t)).sort((a, b) => ended(b) - ended(a));
  if (free < 0) return { leaving: keeping.slice(0, Math.floor(choice.room.ghosts / 2)), waiting: [] };
  const newcomers = staying
    .filter(task => t < latest(task) && task.n !== choice.pin)
    .sort((a, b) => latest(b) - latest(a) || b.n - a.n);
  const others = gone.filter(task => !keeping.includes(task));
  const cells = Math.max(free, Math.min(keeping.length, free + newcomers.length));
  const leaving = [...keeping, ...others].slice(0, cells);
  return { leaving, waiting: newcomers.slice(0, Math.max(0, leaving.length - free)) };
}
