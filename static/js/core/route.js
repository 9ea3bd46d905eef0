// @ts-check
/**
 * Ways over the stage that cross no text: through the gutter between queue and lanes, and from the second column of lanes through the
 * gaps between them. Drawn as lines and flown along. Pure; lengths in px.
 *
 *   shelf │ gutter │ lane │inner│ lane            shelf
 *    [#1]◄┄┄╮      │      │     │                 margin
 *         │ ╰┄┄┄┄┄┄┄┄┄┄┄┄┄┄╮   │                  ┆ lane     on a phone, where lanes lie under the queue
 *         │        │      │╰┄┄◄│ dead             ╰┄ lane
 *
 * A path is a list of cubic curves; a straight line is one too.
 *
 * @typedef {{x: number, y: number}} Point
 * @typedef {[Point, Point, Point, Point]} Curve
 * @typedef {Curve[]} Path
 */

/**
 * Where the free ways are. `margin` is set where queue and lanes lie one under the other; then it is the only way.
 * @typedef {Object} Ground
 * @property {number} left    of the gutter: the right edge of the shelves
 * @property {number} right   of the gutter: the left edge of the lanes
 * @property {number|null} margin  x of the free margin
 */

/**
 * One end of a way. In a lane of a later column, `inner` is the x of the free strip before it, and `above` and `below` are the
 * y of the gaps around it.
 * @typedef {{x: number, y: number, inner?: number, above?: number, below?: number}} End
 */

/** Of a rounded corner. */
const CORNER = 7;
/** Pieces that a curve is measured in. */
const PIECES = 10;

/**
 * From a lane to a shelf, or back.
 * @param {End} lane
 * @param {Point} shelf
 * @param {Ground} ground
 * @returns {Path} from the lane
 */
export function route(lane, shelf, { left, right, margin }) {
  if (margin !== null) return rounded([lane, { x: margin, y: lane.y }, { x: margin, y: shelf.y }, shelf]);
  /** @type {Point[]} */
  const out = [lane];
  let y = lane.y;
  if (lane.inner !== undefined) {
    y = (shelf.y > lane.y ? lane.below : lane.above) ?? lane.y;
    out.push({ x: lane.inner, y: lane.y }, { x: lane.inner, y });
  }
  out.push({ x: Math.min(right, out[out.length - 1]?.x ?? right), y });
  const enter = { x: Math.max(left, shelf.x), y: shelf.y };
  const leave = out[out.length - 1] ?? lane;
  return [...rounded(out), level(leave, enter), ...rounded([enter, shelf])];
}

/** The same way, walked from its other end. @param {Path} path @returns {Path} */
export const back = path => path.map(([a, b, c, d]) => /** @type {Curve} */ ([d, c, b, a])).reverse();

/** A curve that leaves and arrives level. @param {Point} a @param {Point} b @returns {Curve} */
export function level(a, b) {
  const dx = (b.x - a.x) * 0.5;
  return [a, { x: a.x + dx, y: a.y }, { x: b.x - dx, y: b.y }, b];
}

/** @param {Point} a @param {Point} b @returns {Curve} */
const line = (a, b) => [a, mix(a, b, 1 / 3), mix(a, b, 2 / 3), b];

/** @param {Point} a @param {Point} b @param {number} p @returns {Point} */
const mix = (a, b, p) => ({ x: a.x + (b.x - a.x) * p, y: a.y + (b.y - a.y) * p });

/** Straight lines through these points, their corners rounded. @param {Point[]} points @returns {Path} */
export function rounded(points) {
  const way = points.filter((each, i) => i === 0 || distance(each, points[i - 1] ?? each) > 0.5);
  /** @type {Path} */
  const out = [];
  let at = way[0];
  for (let i = 1; i < way.length; i++) {
    const [corner, next] = [way[i], way[i + 1]];
    if (at === undefined || corner === undefined) break;
    if (next === undefined) {
      out.push(line(at, corner));
      break;
    }
    const radius = Math.min(CORNER, distance(at, corner) / 2, distance(corner, next) / 2);
    const from = mix(corner, at, radius / (distance(corner, at) || 1));
    const to = mix(corner, next, radius / (distance(corner, next) || 1));
    out.push(line(at, from), [from, mix(from, corner, 0.6), mix(to, corner, 0.6), to]);
    at = to;
  }
  return out;
}

/** @param {Point} a @param {Point} b */
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

/** @param {Curve} curve @param {number} p @returns {Point} */
function on([a, b, c, d], p) {
  const q = 1 - p;
  const [ka, kb, kc, kd] = [q * q * q, 3 * q * q * p, 3 * q * p * p, p * p * p];
  return {
    x: ka * a.x + kb * b.x + kc * c.x + kd * d.x,
    y: ka * a.y + kb * b.y + kc * c.y + kd * d.y,
  };
}

/**
 * A walk along a path: the point at p, 0 to 1, at an even pace.
 * @param {Path} path
 * @returns {(p: number) => Point}
 */
export function walk(path) {
  /** @type {{point: Point, far: number}[]} */
  const steps = [];
  let far = 0;
  for (const curve of path)
    for (let i = steps.length === 0 ? 0 : 1; i <= PIECES; i++) {
      const point = on(curve, i / PIECES);
      const last = steps[steps.length - 1];
      if (last !== undefined) far += distance(last.point, point);
      steps.push({ point, far });
    }
  return p => {
    const want = Math.max(0, Math.min(1, p)) * far;
    let low = 0;
    let high = steps.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((steps[middle]?.far ?? 0) <= want) low = middle;
      else high = middle;
    }
    const [a, b] = [steps[low], steps[high]];
    if (a === undefined || b === undefined) return { x: 0, y: 0 };
    return b.far > a.far ? mix(a.point, b.point, (want - a.far) / (b.far - a.far)) : b.point;
  };
}

/** As the `d` of an SVG path. @param {Path} path */
export function draw(path) {
  const n = (/** @type {number} */ v) => v.toFixed(1);
  const at = (/** @type {Point} */ p) => `${n(p.x)} ${n(p.y)}`;
  const start = path[0]?.[0];
  if (start === undefined) return "";
  return `M${at(start)}${path.map(([, b, c, d]) => `C${at(b)} ${at(c)} ${at(d)}`).join("")}`;
}
