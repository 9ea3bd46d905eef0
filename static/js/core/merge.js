// @ts-check
/**
 * Frames merged into a world. A keyframe is the whole truth; a delta fits only on the frame before it, and anything
 * else is a gap: the page then asks for a keyframe. Worlds are never changed, so two of them can be compared. Pure.
 *
 * @typedef {import("../types.js").World} World
 */
import * as shape from "./shape.js";

/** How many lines of the wire are kept. */
export const WIRE_KEPT = 300;

/**
 * The world after this frame. `gap` is true where the frame does not fit: the world is then the one before.
 * @param {World|null} world
 * @param {unknown} frame
 * @returns {{world: World|null, gap: boolean}}
 */
export function merge(world, frame) {
  const raw = shape.record(frame);
  const n = shape.number(raw.n, -1);
  if (raw.key === true) return { world: fromKeyframe(raw, n), gap: false };
  if (world === null) return { world, gap: true };
  const run = shape.number(raw.run, world.run);
  if (run === world.run && n >= 0 && n <= world.n) return { world, gap: false }; // seen before: a late one
  if (run !== world.run || n !== world.n + 1) return { world, gap: true };
  return { world: fromDelta(world, raw, n), gap: false };
}

/** @param {Record<string, unknown>} raw @param {number} n @returns {World} */
function fromKeyframe(raw, n) {
  return {
    n,
    at: shape.number(raw.at),
    seq: shape.number(raw.seq),
    run: shape.number(raw.run, 1),
    link: shape.link(raw.link),
    broker: shape.broker(raw.broker),
    settings: shape.settings(raw.settings),
    ledger: shape.ledger(raw.ledger),
    queues: patch(new Map(), raw.queues, shape.queue),
    workers: patch(new Map(), raw.workers, shape.worker),
    producers: patch(new Map(), raw.producers, shape.producer),
    tasks: patch(new Map(), raw.tasks, shape.task),
    lost: shape.strings(raw.lost),
    dead: shape.strings(raw.dead),
    wire: append([], raw.wire),
  };
}

/** @param {World} world @param {Record<string, unknown>} raw @param {number} n @returns {World} */
function fromDelta(world, raw, n) {
  return {
    n,
    at: shape.number(raw.at, world.at),
    seq: shape.number(raw.seq, world.seq),
    run: world.run,
    link: "link" in raw ? shape.link(raw.link) : world.link,
    broker: "broker" in raw ? shape.broker(raw.broker) : world.broker,
    settings: "settings" in raw ? shape.settings(raw.settings) : world.settings,
    ledger: "ledger" in raw ? shape.ledger(raw.ledger) : world.ledger,
    queues: patch(world.queues, raw.queues, shape.queue),
    workers: patch(world.workers, raw.workers, shape.worker),
    producers: patch(world.producers, raw.producers, shape.producer),
    tasks: patch(world.tasks, raw.tasks, shape.task),
    lost: "lost" in raw ? shape.strings(raw.lost) : world.lost,
    dead: "dead" in raw ? shape.strings(raw.dead) : world.dead,
    wire: append(world.wire, raw.wire),
  };
}

/**
 * A map with changed entries put in whole and null ones taken out; the same map where nothing changed.
 * @template T
 * @param {Map<string, T>} map
 * @param {unknown} changes
 * @param {(raw: unknown, name: string) => T} make
 * @returns {Map<string, T>}
 */
function patch(map, changes, make) {
  const entries = Object.entries(shape.record(changes));
  if (entries.length === 0) return map;
  const next = new Map(map);
  for (const [name, raw] of entries) {
    if (raw === null) next.delete(name);
    else next.set(name, make(raw, name));
  }
  return next;
}

/**
 * The last lines of the wire. One event may be two lines, so a line's key is its seq and its place among those.
 * @param {import("../types.js").WireLine[]} lines
 * @param {unknown} added
 */
function append(lines, added) {
  const raws = shape.list(added);
  if (raws.length === 0) return lines;
  const next = lines.slice(-WIRE_KEPT);
  for (const raw of raws) {
    const seq = shape.number(shape.record(raw).seq);
    const last = next[next.length - 1];
    const place = last !== undefined && last.seq === seq ? Number(last.key.split(".")[1]) + 1 : 0;
    next.push(shape.wireLine(raw, `${seq}.${place}`));
  }
  return next.slice(-WIRE_KEPT);
}
