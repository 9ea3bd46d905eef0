// @ts-check
/**
 * The film as far as this page has it: what it saw live and has kept for a while, and reels it got from the server. Any moment of either
 * is a world again; what is not here can be asked for. Bounded, whatever happens. Pure: no clock, no network.
 *
 *   live frames ──► local takes (the oldest go)  ─┐
 *   reels ────────► fetched takes (LRU)          ─┴─► worldAt(t), step(t, ±1)
 *
 * @typedef {import("../types.js").World} World
 * @typedef {import("../types.js").Mark} Mark
 * @typedef {import("./take.js").Take} Take
 */
import * as shape from "./shape.js";
import { append, countAt, createTake, fromReel, worldAt } from "./take.js";

/** Entries of frames kept of what was seen live, and of reels; a task, a line of the wire is one. */
const LOCAL_WEIGHT = 30_000;
const FETCHED_WEIGHT = 40_000;
const TAKE_WEIGHT = 2_000;
const MARKS_KEPT = 500;
/** Two neighbours meet, if they are no farther apart than this, in seconds: the server's clock ticks in microseconds. */
const NEAR = 2e-6;

/** States that a worker falls into: worth a mark. As the server's film has it. */
const FELL = new Set(["stopped", "frozen", "cut"]);

export function createFilm() {
  /** @type {Take[]} */
  let local = [];
  /** The one used last comes last. @type {Take[]} */
  let fetched = [];
  /** @type {World|null} */
  let newest = null;
  /** @type {Mark[]} */
  let marks = [];
  let began = 0;
  let from = Number.POSITIVE_INFINITY;
  let whole = 0;

  /** @param {World} base */
  function open(base) {
    const last = local.at(-1);
    if (last !== undefined && last.to === Number.POSITIVE_INFINITY) last.to = base.at;
    local.push(createTake(base, base.at));
  }

  function trim() {
    let weight = local.reduce((sum, take) => sum + take.weight, 0);
    while (local.length > 1 && weight > LOCAL_WEIGHT) weight -= local.shift()?.weight ?? 0;
    weight = fetched.reduce((sum, take) => sum + take.weight, 0);
    while (fetched.length > 2 && weight > FETCHED_WEIGHT) weight -= fetched.shift()?.weight ?? 0;
  }

  /** The take for which `fits`, seen live if possible. @param {(take: Take) => boolean} fits */
  function find(fits) {
    const seen = local.findLast(fits);
    if (seen !== undefined) return seen;
    const i = fetched.findLastIndex(fits);
    const take = fetched[i];
    if (take === undefined) return null;
    fetched.splice(i, 1);
    fetched.push(take);
    return take;
  }

  /** @param {Take} take  whether its first picture is news, because what led to it is not kept */
  const isNews = take => take.thin || (take.from > from && take.from <= whole);

  return {
    /**
     * A frame came from the server, and this is the world now.
     * @param {unknown} frame
     * @param {World} world
     */
    live(frame, world) {
      const before = newest;
      if (before !== null && before.run !== world.run) this.clear();
      newest = world;
      const take = local.at(-1);
      if (shape.record(frame).key !== true && before !== null && take !== undefined) {
        for (const mark of fallen(before, world)) this.mark(mark);
        append(take, frame);
        if (take.weight > TAKE_WEIGHT) open(world);
      } else if (take === undefined || before === null) open(world);
      else if (world.n !== before.n) {
        take.to = before.at; // nobody here knows how long it looked like that
        open(world);
      }
      trim();
    },

    /** What the server's film has, from its index. @param {unknown} index */
    index(index) {
      const raw = shape.record(index);
      if (newest === null || raw.run !== newest.run || "none" in raw) return;
      began = shape.number(raw.began);
      from = shape.number(raw.from);
      whole = shape.number(raw.whole);
      marks = marks.filter(each => each.at >= from);
      for (const each of shape.list(raw.marks)) this.mark(toMark(each));
    },

    /** A reel from the server. @param {unknown} reel @returns {boolean} it is one of this film */
    load(reel) {
      const take = newest === null ? null : fromReel(reel, newest.run);
      if (take === null) return false;
      fetched = fetched.filter(each => each.from !== take.from);
      fetched.push(take);
      trim();
      return true;
    },

    /** @param {Mark} mark */
    mark(mark) {
      if (marks.some(each => each.at === mark.at && each.who === mark.who && each.what === mark.what)) return;
      marks = [...marks, mark].sort((a, b) => a.at - b.at).slice(-MARKS_KEPT);
    },

    /** The picture at t; null where it is not here. @param {number} t @returns {World|null} */
    worldAt(t) {
      const take = find(each => each.from <= t && t <= each.to);
      return take === null ? null : worldAt(take, t);
    },

    /**
     * The next event after t, or (`way` -1) the one before it.
     * @param {number} t
     * @param {1|-1} way
     * @returns {{at: number} | {load: number} | null}  its time; or a time that has to be loaded first; or there is none
     */
    step(t, way) {
      return way > 0 ? forward(t) : back(t);
    },

    get began() {
      return Math.min(began, this.from);
    },
    /** Where the film begins, on the server or here. */
    get from() {
      return Math.min(from, local[0]?.from ?? Number.POSITIVE_INFINITY);
    },
    get whole() {
      return whole;
    },
    get marks() {
      return marks;
    },
    /** What is kept, in entries. */
    get weight() {
      return [...local, ...fetched].reduce((sum, take) => sum + take.weight, 0);
    },

    clear() {
      local = [];
      fetched = [];
      newest = null;
      marks = [];
      began = 0;
      from = Number.POSITIVE_INFINITY;
      whole = 0;
    },
  };

  /** @param {number} t */
  function forward(t) {
    for (;;) {
      const take = find(each => each.from <= t && t < each.to);
      if (take === null) return newest === null || t >= newest.at ? null : { load: t };
      for (let i = countAt(take, t); i < take.times.length; i++)
        if (take.events[i]) return { at: take.times[i] ?? t };
      if (take.to === Number.POSITIVE_INFINITY) return null;
      const end = take.to;
      const next = find(each => each.from <= end + NEAR && end + NEAR < each.to);
      if (next === null) return newest !== null && end >= newest.at ? null : { load: end + NEAR };
      if (next.from > t && isNews(next)) return { at: next.from };
      t = Math.max(end, next.from);
    }
  }

  /** @param {number} t */
  function back(t) {
    for (;;) {
      const at = t;
      const take = find(each => each.from < at && at <= each.to);
      if (take === null) return t <= begins() ? null : { load: Math.max(0, t - NEAR) };
      let i = countAt(take, t) - 1;
      if (take.times[i] === t) i--;
      for (; i >= 0; i--) if (take.events[i]) return { at: take.times[i] ?? t };
      if (isNews(take)) return { at: take.from };
      t = take.from;
      const before = find(each => each.from < take.from && take.from <= each.to + NEAR);
      if (before === null) return t <= begins() ? null : { load: Math.max(0, t - NEAR) };
      // its last event may be the very picture that this take begins with
      const last = countAt(before, t) - 1;
      if (before.times[last] === t && before.events[last]) return { at: t };
    }
  }

  function begins() {
    return from === Number.POSITIVE_INFINITY ? (local[0]?.from ?? 0) : from;
  }
}

/** Workers, and the broker, that fell between two worlds. @param {World} before @param {World} after @returns {Mark[]} */
export function fallen(before, after) {
  /** @type {Mark[]} */
  const out = [];
  if (before.broker.up && !after.broker.up) out.push({ at: after.at, what: "broker_down", who: "", why: "" });
  if (before.workers === after.workers) return out;
  for (const [name, worker] of after.workers) {
    const was = before.workers.get(name);
    if (was !== undefined && was.state !== worker.state && FELL.has(worker.state))
      out.push({ at: worker.since, what: worker.state, who: name, why: worker.why });
  }
  return out;
}

/** @param {unknown} value @returns {Mark} */
function toMark(value) {
  const raw = shape.record(value);
  return {
    at: shape.number(raw.at),
    what: String(raw.what),
    who: String(raw.who ?? ""),
    why: String(raw.why ?? ""),
  };
}
