import assert from "node:assert/strict";
import { test } from "node:test";
import { merge, WIRE_KEPT } from "../../static/js/core/merge.js";
import { byId, keyframe, queue, task } from "./frames.js";

const start = more => merge(null, keyframe(more)).world;

test("a delta before any keyframe is a gap", () => {
  assert.deepEqual(merge(null, { n: 5 }), { world: null, gap: true });
});

test("a delta changes what it carries and shares the rest", () => {
  const before = start({ tasks: byId([task(1, "ready"), task(2, "ready")]), queues: queue({ ready: 2 }) });
  const { world, gap } = merge(before, { n: 2, at: 11, tasks: { t1: task(1, "done") } });
  assert.equal(gap, false);
  assert.equal(world.tasks.get("t1").state, "done");
  assert.equal(world.tasks.get("t2"), before.tasks.get("t2"));
  assert.equal(world.queues, before.queues);
  assert.equal(before.tasks.get("t1").state, "ready", "worlds are never changed");
});

test("a removed entry is null in the delta and gone from the world", () => {
  const before = start({ tasks: byId([task(1, "ready")]) });
  assert.equal(merge(before, { n: 2, tasks: { t1: null } }).world.tasks.size, 0);
});

test("a frame missing in between is a gap, and the world stays", () => {
  const before = start();
  assert.deepEqual(merge(before, { n: 3 }), { world: before, gap: true });
});

test("a frame seen before is no gap and changes nothing", () => {
  const before = start({ n: 4 });
  assert.deepEqual(merge(before, { n: 3 }), { world: before, gap: false });
});

test("a delta of another run is a gap", () => {
  const before = start();
  assert.equal(merge(before, { n: 2, run: 2 }).gap, true);
});

test("a keyframe is the truth whatever came before, also with a smaller number", () => {
  const before = start({ n: 900, tasks: byId([task(1, "ready")]) });
  const { world, gap } = merge(before, keyframe({ n: 1, run: 2 }));
  assert.equal(gap, false);
  assert.equal(world.n, 1);
  assert.equal(world.run, 2);
  assert.equal(world.tasks.size, 0);
});

test("the wire is appended to, bounded, and every line has its own key", () => {
  const line = seq => ({
    seq,
    at: seq,
    who: "broker",
    to: "w",
    method: "basic.ack",
    detail: "",
    task: null,
    tone: "ok",
  });
  let world = start({ wire: [line(1), line(1)] });
  world = merge(world, { n: 2, wire: [line(1), line(2)] }).world;
  assert.deepEqual(
    world.wire.map(each => each.key),
    ["1.0", "1.1", "1.2", "2.0"],
  );
  const many = Array.from({ length: 1000 }, (_, i) => line(10 + i));
  world = merge(world, { n: 3, wire: many }).world;
  assert.equal(world.wire.length, WIRE_KEPT);
  assert.equal(new Set(world.wire.map(each => each.key)).size, WIRE_KEPT);
});

test("nothing a server sends breaks it", () => {
  const wrong = [
    null,
    7,
    "x",
    [],
    {},
    { n: "1" },
    { key: true },
    { key: true, n: 1, tasks: [1, 2], queues: "no", wire: {} },
  ];
  for (const frame of wrong) assert.doesNotThrow(() => merge(start(), frame));
  const { world } = merge(null, {
    key: true,
    n: 1,
    tasks: { a: null, b: 7, c: { attempts: [null, { end: 5 }], seconds: -4, state: "levitating" } },
    workers: { w: { holding: [1, "c"], state: 9 } },
  });
  assert.equal(world.tasks.get("c").state, "levitating", "an unknown word is kept, to be shown");
  assert.equal(world.tasks.get("c").seconds, 0);
  assert.deepEqual(world.workers.get("w").holding, ["c"]);
  assert.equal(world.ledger.published, 0);
});
