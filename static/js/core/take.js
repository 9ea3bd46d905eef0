// @ts-check
/**
 * A take: a stretch of the film that can be shown. A world to begin with and the frames that followed it, merged again when they are asked
 * for: a frame kept as it came is smaller than the world it makes.
 *
 *   base ── frame ── frame ── … ── frame        from ≤ t ≤ to
 *
 * @typedef {import("../types.js").World} World
 *
 * @typedef {Object} Take
 * @property {number} run
 * @property {number} from
 * @property {number} to        Infinity while it grows
 * @property {World} base       the picture at `from`
 * @property {unknown[]} frames deltas, in order, without gaps
 * @property {number[]} times   of the frames
 * @property {boolean[]} events whether something passed on the wire with that frame
 * @property {boolean} thin     it has lost its frames
 * @property {number} weight    entries in it, about: what it costs to keep
 * @property {Map<number, World>} known  worlds made already, by how many frames are in them
 */
import { merge } from "./merge.js";
import * as shape from "./shape.js";

/** Frames between two worlds that are remembered, so that a step back is not a merge of everything. */
const STRIDE = 40;

/** @param {World} base @param {number} from @returns {Take} */
export function createTake(base, from) {
  return {
    run: base.run,
    from,
    to: Number.POSITIVE_INFINITY,
    base,
    frames: [],
    times: [],
    events: [],
    thin: false,
    weight: base.tasks.size,
    known: new Map([[0, base]]),
  };
}

/** @param {Take} take @param {unknown} frame */
export function append(take, frame) {
  const raw = shape.record(frame);
  take.frames.push(frame);
  take.times.push(shape.number(raw.at));
  take.events.push(shape.list(raw.wire).length > 0);
  take.weight += weigh(raw);
}

/** What it costs to keep a frame: its entries. @param {Record<string, unknown>} raw */
const weigh = raw =>
  4 +
  shape.list(raw.wire).length +
  ["tasks", "workers", "queues", "producers"].reduce(
    (sum, name) => sum + Object.keys(shape.record(raw[name])).length,
    0,
  );

/**
 * A reel of the server's film as a take; null where it is none that this page can show (another version, another run, nonsense).
 * @param {unknown} reel
 * @param {number} run
 * @returns {Take|null}
 */
export function fromReel(reel, run) {
  const raw = shape.record(reel);
  const [key, ...deltas] = shape.list(raw.frames);
  if (raw.v !== 1 || raw.run !== run) return null;
  const { world } = merge(null, key);
  if (world === null || world.run !== run) return null;
  const take = createTake(world, shape.number(raw.from));
  let n = world.n;
  for (const frame of deltas) {
    if (shape.number(shape.record(frame).n) !== ++n) return null;
    append(take, frame);
  }
  take.to = shape.number(raw.to);
  take.thin = raw.thin === true;
  return take;
}

/** How many frames there are in the picture at t. @param {Take} take @param {number} t */
export function countAt(take, t) {
  let low = 0;
  let high = take.times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((take.times[middle] ?? 0) <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param {Take} take @param {number} t @returns {World} */
export function worldAt(take, t) {
  const count = countAt(take, t);
  let i = count;
  while (!take.known.has(i)) i--;
  let world = take.known.get(i) ?? take.base;
  for (; i < count; i++) {
    world = merge(world, take.frames[i]).world ?? world;
    if ((i + 1) % STRIDE === 0) take.known.set(i + 1, world);
  }
  remember(take, count, world);
  return world;
}

/** The picture shown last is remembered too, and only that one: asked again it is the same object. @type {WeakMap<Take, number>} */
const latest = new WeakMap();

/** @param {Take} take @param {number} count @param {World} world */
function remember(take, count, world) {
  const before = latest.get(take);
  if (before !== undefined && before !== count && before % STRIDE !== 0) take.known.delete(before);
  take.known.set(count, world);
  latest.set(take, count);
}
