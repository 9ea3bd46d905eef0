// @ts-check
/**
 * Which tasks a number of the ledger counts, of those the frames carry. Pure.
 *
 * @typedef {import("../types.js").Task} Task
 */
import { attemptCount } from "./motion.js";

/** Those that are not simply the tasks in the state of that name. @type {Record<string, (task: Task) => boolean>} */
const COUNTED = {
  published: () => true,
  redelivered: task => task.redelivered || attemptCount(task) > 1,
  done_twice: task => task.results > 1,
};

/**
 * @param {import("../types.js").World} world
 * @param {string} what  a key of the ledger
 */
export function counted(world, what) {
  return [...world.tasks.values()].filter(COUNTED[what] ?? (task => task.state === what));
}
