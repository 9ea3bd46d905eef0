// @ts-check
/**
 * The prefetch slots of a lane: one for the task being worked on, the others for what is delivered and not begun. Pure.
 *
 * @typedef {Object} Rack
 * @property {"limit"|"none"|"void"} kind  a limit; no limit; a limit that has no effect, under auto-ack
 * @property {number} prefetch
 * @property {number} held      running and buffered
 * @property {number} buffered
 * @property {number} drawn     buffered ones that are drawn
 * @property {number} free      empty slots that are drawn
 * @property {boolean} whole    every slot is drawn
 */

/** Slots behind the first that a lane draws, by the digits of the number in it. */
const DRAWN = [4, 4, 4, 4, 3, 2, 2];

/**
 * @param {import("../types.js").Worker} worker
 * @param {number} held   in truth
 * @param {number} known  of these, known by name
 * @param {number} digits of the longest number among them
 * @returns {Rack}
 */
export function rack(worker, held, known, digits) {
  const buffered = Math.max(0, held - 1);
  const most = DRAWN[digits] ?? 2;
  const drawn = Math.min(most, Math.max(0, known - 1));
  const kind = worker.ack === "auto" ? "void" : worker.prefetch === 0 ? "none" : "limit";
  const behind = Math.max(0, worker.prefetch - 1);
  const whole =
    kind === "limit" && behind <= most && drawn === buffered && held <= Math.max(1, worker.prefetch);
  return {
    kind,
    prefetch: worker.prefetch,
    held,
    buffered,
    drawn,
    free: whole ? behind - buffered : 0,
    whole,
  };
}
