// @ts-check
/** Moments of a run as digits. Pure. */
import { count, tenths } from "./format.js";

/** "00:42.6", "1:02:03": since the run began. @param {number} seconds @param {boolean} tenths */
export function moment(seconds, tenths) {
  const all = Math.max(0, Math.floor(seconds * 10 + 1e-6));
  const rest = Math.floor(all / 10);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const hours = Math.floor(rest / 3600);
  const clock = `${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`;
  return `${hours > 0 ? `${count(hours)}:` : ""}${clock}${tenths ? `.${all % 10}` : ""}`;
}

/** "0.4 s", "12 s", "3 min 20 s", "2 h 5 min". @param {number} seconds */
export function plain(seconds) {
  const s = Math.max(0, seconds);
  if (s < 9.95) return `${tenths(s)} s`;
  const whole = Math.round(s);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${count(Math.floor(whole / 3600))} h ${Math.floor((whole % 3600) / 60)} min`;
}
