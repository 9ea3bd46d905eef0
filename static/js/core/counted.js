// @ts-check
/**
 * Which tasks a number of the ledger counts, of those the frames carry. Pure.
 *
 * @typedef {import("../types.js").Task} Task
 */
import { attemptCount } from "./motion.js";
import { blamed, outage } from "./outage.js";

/** Those that are not simply the tasks in the state of that name. @type {Record<string, (task: Task) => boolean>} */
const COUNTED = {
  published: () => true,
  redelivered: task => task.redelivered || attemptCount(task) > 1,
  done_twice: task => task.results > 1,
};

/**
 * Whether a task was lost because the broker had it in memory only, or had not confirmed it. What a worker's death loses was delivered
 * under auto-ack; nothing else is ever lost.
 * @param {Task} task
 */
export const lostWithBroker = task => task.state === "lost" && task.attempts.at(-1)?.auto_ack !== true;

/** Those that went with the broker in its last outage. @param {import("../types.js").World} world */
export function goneWithBroker(world) {
  const away = outage(world);
  return world.lost
    .flatMap(id => world.tasks.get(id) ?? [])
    .filter(task => lostWithBroker(task) && blamed(away, task.settled_at ?? Number.NEGATIVE_INFINITY));
}

/**
 * @param {import("../types.js").World} world
 * @param {string} what  a key of the ledger
 */
export function counted(world, what) {
  return [...world.tasks.values()].filter(COUNTED[what] ?? (task => task.state === what));
}
