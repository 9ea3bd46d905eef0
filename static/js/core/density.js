// @ts-check
/**
 * How lanes share their column: fewer are generous, many are small, more than fit are scrolled. Pure; lengths in rem.
 *
 * @typedef {{columns: number, height: number, mode: "roomy"|"compact"|"dense"}} Density
 */

const ROOMY = 4.6;
const MOST = 5.6;
const LEAST = 2.75;
export const GAP = 0.64;

/**
 * @param {number} lanes
 * @param {number} height  of the column
 * @param {number} width   of the column
 * @returns {Density}
 */
export function density(lanes, height, width) {
  const n = Math.max(1, lanes);
  const each = (/** @type {number} */ rows) => (height - GAP * (rows - 1)) / rows;
  const one = each(Math.max(n, 4)); // room for four is kept, so that adding the second moves nothing
  if (one >= ROOMY) return { columns: 1, height: Math.min(MOST, one), mode: "roomy" };
  if (each(n) >= LEAST) return { columns: 1, height: Math.min(ROOMY, each(n)), mode: "compact" };
  if (width < 40) return { columns: 1, height: LEAST, mode: "compact" };
  return { columns: 2, height: Math.max(LEAST, Math.min(ROOMY, each(Math.ceil(n / 2)))), mode: "dense" };
}
