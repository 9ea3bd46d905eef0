// The film on the page: any moment is a world again, events come one by one, and what is kept is bounded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createFilm } from "../../static/js/core/film.js";
import { merge } from "../../static/js/core/merge.js";
import { fromReel, worldAt } from "../../static/js/core/take.js";
import { keyframe, worker } from "./frames.js";

const line = (seq, at, method = "basic.ack") => ({
  seq,
  at,
  who: "w",
  to: "broker",
  method,
  detail: "",
  task: null,
  tone: "",
});

/** Delta number n at a time: worker-1 has done so many; with a line of the wire, unless it is a quiet one. */
const delta = (n, at, { quiet = false, run = 1, ...more } = {}) => ({
  n,
  at,
  seq: n,
  run,
  workers: worker("worker-1", { done: n, ...more }),
  ...(quiet ? {} : { wire: [line(n, at)] }),
});

/** A film that has seen these frames live, and the world after them. */
function seen(...frames) {
  const film = createFilm();
  return { film, world: watch(film, null, ...frames) };
}
function watch(film, world, ...frames) {
  for (const frame of frames) {
    const merged = merge(world, frame);
    assert.equal(merged.gap, false);
    world = merged.world;
    film.live(frame, world);
  }
  return world;
}

const reel = (number, frames, to, more = {}) => ({
  v: 1,
  run: 1,
  reel: number,
  from: frames[0].at,
  frames,
  to,
  thin: false,
  open: false,
  ...more,
});
const key = (n, at, more) => ({
  ...keyframe({ n, at, seq: n, workers: worker("worker-1", { done: n }), ...more }),
});
const done = world => world?.workers.get("worker-1")?.done;
const index = (more = {}) => ({ v: 1, run: 1, began: 0, from: 0, whole: 0, to: 99, marks: [], ...more });

test("what was seen live can be shown again, moment by moment", () => {
  const { film, world } = seen(key(1, 10), delta(2, 11), delta(3, 12), delta(4, 13));
  assert.equal(film.worldAt(9.9), null);
  assert.deepEqual(
    [10, 10.9, 11, 12.5, 13, 500].map(t => done(film.worldAt(t))),
    [1, 1, 2, 3, 4, 4],
  );
  assert.deepEqual(film.worldAt(13), { ...world });
  assert.equal(film.worldAt(12.2), film.worldAt(12.4), "the same picture is the same world");
});

test("events come one by one, forwards and back, and what is no event is passed over", () => {
  const { film } = seen(
    key(1, 10),
    delta(2, 11),
    delta(3, 11.5, { quiet: true }),
    delta(4, 12),
    delta(5, 12.000001),
  );
  film.index(index({ from: 10 }));
  const walk = (t, way) => {
    const times = [];
    for (let at = film.step(t, way); at !== null; at = film.step(times.at(-1), way)) times.push(at.at);
    return times;
  };
  assert.deepEqual(walk(10, 1), [11, 12, 12.000001]);
  assert.deepEqual(walk(99, -1), [12.000001, 12, 11]);
});

test("a film in many takes shows and steps like one", () => {
  const frames = Array.from({ length: 3000 }, (_, i) => delta(i + 2, 11 + i));
  const { film } = seen(key(1, 10), ...frames);
  film.index(index({ from: 10 }));
  for (const i of [0, 1, 39, 40, 41, 999, 2000, 2999]) {
    assert.equal(done(film.worldAt(11 + i)), i + 2);
    assert.deepEqual(film.step(11 + i + 0.5, -1), { at: 11 + i });
    assert.deepEqual(film.step(11 + i, -1), i === 0 ? null : { at: 10 + i });
    assert.deepEqual(film.step(10.5 + i, 1), { at: 11 + i });
    assert.deepEqual(film.step(10 + i, 1), { at: 11 + i });
  }
});

test("keyframes that come by themselves are no events and no gaps", () => {
  const { film } = seen(key(1, 10), delta(2, 11), key(2, 15), delta(3, 16));
  assert.deepEqual(
    [14, 15.5, 16].map(t => done(film.worldAt(t))),
    [2, 2, 3],
  );
  assert.deepEqual(film.step(11, 1), { at: 16 });
});

test("what happened while the page was away is asked for, not made up", () => {
  const { film } = seen(key(1, 10), delta(2, 11), key(2, 15), key(9, 30), delta(10, 31));
  film.index(index({ from: 10 }));
  assert.deepEqual(
    [14.9, 15, 20, 30].map(t => done(film.worldAt(t))),
    [2, 2, undefined, 9],
  );
  assert.ok(film.step(11, 1).load >= 15 && film.step(11, 1).load < 30);
  assert.ok(film.step(30, -1).load < 30 && film.step(30, -1).load > 15);
  film.load(
    reel(3, [key(2, 11), delta(3, 16), delta(4, 20), ...[5, 6, 7, 8, 9].map(n => delta(n, 20 + n))], 32),
  );
  assert.equal(done(film.worldAt(20)), 4);
  assert.deepEqual(film.step(11, 1), { at: 16 });
  assert.deepEqual(film.step(31, -1), { at: 29 });
});

test("reels show what was before the page, and join on to each other and to what was seen live", () => {
  const { film } = seen(key(5, 30), delta(6, 31));
  film.index(index());
  assert.equal(film.worldAt(25), null);
  assert.deepEqual(film.step(31, -1), { load: 30 - 2e-6 });
  assert.equal(film.load(reel(2, [key(3, 20), delta(4, 21), delta(5, 29)], 33, { open: true })), true);
  assert.deepEqual(film.step(31, -1), { at: 29 });
  assert.deepEqual(film.step(29, -1), { at: 21 });
  const missing = film.step(21, -1);
  assert.ok(missing.load < 20 && missing.load > 19.9);
  assert.equal(film.load(reel(1, [key(1, 0), delta(2, 5), delta(3, 20)], 20)), true);
  assert.deepEqual(film.step(21, -1), { at: 20 }, "the end of one reel, the beginning of the next");
  assert.deepEqual(film.step(20, -1), { at: 5 });
  assert.equal(film.step(5, -1), null);
  assert.deepEqual(
    [5, 20, 29, 31].map(t => film.step(t - 0.5, 1)),
    [{ at: 5 }, { at: 20 }, { at: 29 }, { at: 31 }],
  );
  assert.equal(film.step(31, 1), null);
});

test("of thin reels each picture is one step", () => {
  const { film } = seen(key(50, 30));
  film.index(index({ from: 0, whole: 20 }));
  film.load(reel(1, [key(1, 0)], 10, { thin: true }));
  film.load(reel(2, [key(20, 10)], 20, { thin: true }));
  film.load(reel(3, [key(40, 20), delta(41, 22)], 31));
  assert.deepEqual(
    [1, 10, 20].map(t => film.step(t, 1)),
    [{ at: 10 }, { at: 20 }, { at: 22 }],
  );
  assert.deepEqual(
    [22, 20, 10].map(t => film.step(t, -1)),
    [{ at: 20 }, { at: 10 }, { at: 0 }],
  );
  assert.deepEqual(
    [5, 15, 22].map(t => done(film.worldAt(t))),
    [1, 20, 41],
  );
});

test("reels of another run, of another version, with a gap, or that are none are not taken", () => {
  const { film } = seen(key(5, 30));
  for (const bad of [
    null,
    undefined,
    42,
    {},
    reel(1, [key(1, 0)], 10, { run: 2 }),
    reel(1, [key(1, 0)], 10, { v: 2 }),
    reel(1, [key(1, 0), delta(3, 5)], 10),
    reel(1, [delta(1, 0)], 10),
    { ...reel(1, [key(1, 0)], 10), frames: "x" },
  ])
    assert.equal(film.load(bad), false);
  assert.equal(film.worldAt(5), null);
});

test("going through a reel leaves few worlds behind", () => {
  const reel0 = reel(1, [key(1, 0), ...Array.from({ length: 900 }, (_, i) => delta(i + 2, i + 1))], 1000);
  const take = fromReel(reel0, 1);
  for (let t = 900; t > 0; t--) assert.equal(done(worldAt(take, t)), t + 1);
  assert.ok(take.known.size < 30, String(take.known.size));
});

test("another run is another film", () => {
  const { film, world } = seen(key(1, 10), delta(2, 11));
  film.index(index({ from: 3, marks: [{ at: 9, what: "stopped", who: "w", why: "" }] }));
  watch(film, world, key(3, 12, { run: 2 }));
  assert.equal(film.worldAt(11), null);
  assert.deepEqual(film.marks, []);
  assert.equal(film.from, 12);
  film.index(index({ from: 3 }));
  assert.equal(film.from, 12, "the index of the old run comes too late");
});

test("who falls gets a mark, once, whether seen live or told by the index", () => {
  const mark = { at: 11, what: "stopped", who: "worker-1", why: "kill -9" };
  const { film } = seen(
    key(1, 10),
    delta(2, 11, { state: "stopped", since: 11, why: "kill -9" }),
    delta(3, 12, { state: "stopped", since: 11, why: "kill -9" }),
    delta(4, 13),
  );
  assert.deepEqual(film.marks, [mark]);
  film.index(index({ marks: [{ ...mark, at: 4 }, mark] }));
  assert.deepEqual(
    film.marks.map(each => each.at),
    [4, 11],
  );
  film.index(index({ from: 5, marks: [mark] }));
  assert.deepEqual(
    film.marks.map(each => each.at),
    [11],
  );
});

test("an hour of frames and a hundred reels: what is kept stays bounded, the newest of it", () => {
  const film = createFilm();
  let world = watch(film, null, key(1, 10));
  let most = 0;
  for (let n = 2; n < 60_000; n++) {
    world = watch(film, world, delta(n, 10 + n / 30));
    most = Math.max(most, film.weight);
  }
  for (let i = 0; i < 100; i++) {
    const frames = Array.from({ length: 900 }, (_, k) => delta(i * 900 + k + 2, i + (k + 1) / 1000));
    film.load(reel(i, [key(i * 900 + 1, i), ...frames], i + 1));
    most = Math.max(most, film.weight);
  }
  assert.ok(most < 80_000, String(most));
  assert.equal(done(film.worldAt(world.at - 60)), world.n - 1800);
  assert.equal(done(film.worldAt(99.5)), 99 * 900 + 501);
});
