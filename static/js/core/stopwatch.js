// @ts-check
/**
 * The stopwatch of a delivery that was not settled: how the broker noticed, and how long after what. Pure.
 *
 * A closed connection and a missed heartbeat are counted from the fault; the ack timeout from the delivery, as the broker counts it.
 *
 * @typedef {import("../types.js").Attempt} Attempt
 * @typedef {{noticed: string, since: string, after: number|null}} Watch  `since`: a fault, or "delivery"; `after` in seconds, null: not known
 */

/** Nobody counts from a fault that is itself what was noticed. */
const AT_ONCE = new Set(["broker_restart", "engine_restart"]);

/** What notices in seconds or minutes, not at once. */
const SLOW = new Set(["heartbeat", "ack_timeout"]);

/** Whether the wait was for the notice, and not for the next worker. @param {Watch|null} watch */
export const slow = watch => watch !== null && watch.after !== null && SLOW.has(watch.noticed);

/** Null while it lasts, where it was settled, and where nobody knows. @param {Attempt} attempt @returns {Watch|null} */
export function stopwatch({ noticed, fault, delivered_at, ended_at }) {
  if (noticed === "" || ended_at === null) return null;
  if (noticed === "ack_timeout") return { noticed, since: "delivery", after: ended_at - delivered_at };
  if (fault === null || AT_ONCE.has(noticed) || ended_at < fault.at)
    return { noticed, since: "", after: null };
  return { noticed, since: fault.kind, after: ended_at - fault.at };
}
