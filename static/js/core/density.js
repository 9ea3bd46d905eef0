// @ts-check
/**
 * How lanes share their column: fewer are generous, many are small, more than fit are scrolled. Pure; lengths in rem.
 *
 * @typedef {{columns: number, height: number, gap: number, mode: "roomy"|"compact"|"dense"}} Density
 */

const ROOMY = 4.5; // a lane with two lines in its slot
const MOST = 5.6;
const LEAST = 2.15; // a lane with one line
const GAP = 0.64;
const GAP_SMALL = 0.4;
/** A column narrower than this is not split. */
const SPLIT = 40;
/** In a column narrower than this, as in big type, a lane of one line has room for what matters only. */
const NARROW = 30;

/**
 * @param {number} lanes
 * @param {number} height  of the column
 * @param {number} width   of the column
 * @returns {Density}
 */
export function density(lanes, height, width) {
  const n = Math.max(1, lanes);
  const each = (/** @type {number} */ rows, /** @type {number} */ gap) => (height - gap * (rows - 1)) / rows;
  const generous = each(Math.max(n, 4), GAP); // room for four is kept, so that adding the second moves nothing
  if (generous >= ROOMY) return { columns: 1, height: Math.min(MOST, generous), gap: GAP, mode: "roomy" };
  const small = each(n, GAP_SMALL);
  if (small >= LEAST || width < SPLIT)
    return {
      columns: 1,
      height: Math.min(ROOMY, Math.max(LEAST, small)),
      gap: GAP_SMALL,
      mode: width < NARROW ? "dense" : "compact",
    };
  const half = each(Math.ceil(n / 2), GAP_SMALL);
  return { columns: 2, height: Math.max(LEAST, Math.min(ROOMY, half)), gap: GAP_SMALL, mode: "dense" };
}
