import assert from "node:assert/strict";
import { test } from "node:test";
import {
  able,
  choices,
  DELAYS,
  KEYED,
  marks,
  meant,
  patience,
  ticking,
} from "../../static/js/core/faults.js";
import { merge } from "../../static/js/core/merge.js";
import { legs } from "../../static/js/core/motion.js";
import { scene } from "../../static/js/core/scene.js";
import { actions, methodNotes } from "../../static/js/text/faults.js";
import { attempt, byId, keyframe, task, worker } from "./frames.js";

const faults = (more = {}) => ({ blackholed: null, delay: 0, armed: [], held: [], ...more });
const hung = (more = {}) => ({
  method: "basic.ack",
  channel: 1,
  tag: 1,
  by: "client",
  task: "t1",
  at: 8,
  ...more,
});
/** A world with worker-1, which is like this, and these tasks. */
const world = (more = {}, tasks = []) =>
  merge(
    null,
    keyframe({ workers: worker("worker-1", { state: "working", pid: 7, ...more }), tasks: byId(tasks) }),
  ).world;
const lane = (more = {}) => world(more).workers.get("worker-1");
const says = (more = {}) => choices(lane(more)).map(each => each.says);

test("a stopped worker whose cable is out can have it back", () => {
  assert.deepEqual(says({ state: "stopped", pid: null, faults: faults({ blackholed: 5 }) }), [
    "start",
    "restore",
  ]);
  assert.deepEqual(says({ state: "stopped", pid: null }), ["start"]);
});

test("a worker that runs can be hurt in every way; one that is down can be started, and no more", () => {
  assert.deepEqual(says(), [
    "stop",
    "finish",
    "freeze",
    "stick",
    "cut",
    "blackhole",
    "delay",
    "hold-ack",
    "hold",
  ]);
  assert.deepEqual(says({ state: "stopped", pid: null }), ["start"]);
  assert.deepEqual(says({ state: "frozen" }).slice(0, 3), ["stop", "thaw", "cut"]);
});

test("what hangs in the tap comes first; while it does nothing else can be held", () => {
  assert.deepEqual(says({ faults: faults({ held: [hung()] }) }).slice(0, 3), ["release", "drop", "stop"]);
  assert.ok(!says({ faults: faults({ held: [hung()] }) }).includes("hold"));
  assert.equal(says({ faults: faults({ armed: ["basic.ack"] }) })[0], "disarm");
});

test("each way to hurt it has its way back", () => {
  assert.ok(says({ faults: faults({ blackholed: 3 }) }).includes("restore"));
  assert.ok(says({ faults: faults({ delay: 200 }) }).includes("undelay"));
  assert.ok(says({ stuck: true }).includes("unstick"));
});

test("a guest's process is its own, its connection can be hurt", () => {
  assert.deepEqual(says({ kind: "guest", pid: null }), ["cut", "blackhole", "delay", "hold-ack", "hold"]);
  assert.deepEqual(says({ kind: "guest", pid: null, state: "cut" }), []);
  assert.ok(
    says({ kind: "guest", pid: null, state: "cut", faults: faults({ blackholed: 3 }) }).includes("restore"),
  );
});

test("a key does a thing or undoes it, or means nothing", () => {
  const hold = { action: "hold", method: "basic.ack" };
  assert.deepEqual(meant(lane(), "hold"), hold);
  assert.deepEqual(meant(lane({ faults: faults({ armed: ["basic.ack"] }) }), "hold"), { action: "release" });
  assert.deepEqual(meant(lane({ faults: faults({ held: [hung()] }) }), "hold"), { action: "release" });
  assert.deepEqual(meant(lane({ faults: faults({ held: [hung()] }) }), "drop"), { action: "drop" });
  assert.equal(meant(lane(), "drop"), null);
  assert.deepEqual(meant(lane(), "freeze"), { action: "freeze" });
  assert.deepEqual(meant(lane({ state: "frozen" }), "freeze"), { action: "thaw" });
  assert.deepEqual(meant(lane({ stuck: true }), "stick"), { action: "start" });
  assert.deepEqual(meant(lane(), "delay"), { action: "delay", ms: DELAYS[1] });
  assert.deepEqual(meant(lane({ faults: faults({ delay: 200 }) }), "delay"), { action: "delay", ms: 0 });
  assert.equal(meant(lane({ state: "stopped", pid: null }), "stop"), null);
  assert.deepEqual(meant(lane({ state: "stopped", pid: null }), "start"), { action: "start" });
  assert.equal(meant(lane(), "start"), null);
  assert.equal(meant(lane({ kind: "guest", pid: null }), "stop"), null);
  assert.equal(meant(lane(), "no such key"), null);
  for (const key of KEYED) assert.doesNotThrow(() => meant(lane({ state: "cut", pid: null }), key));
});

test("everything that can be chosen has its words", () => {
  const states = [{}, { state: "frozen" }, { state: "stopped", pid: null }, { stuck: true }];
  const all = states.flatMap(each => says(each));
  const held = says({ faults: faults({ held: [hung()], delay: 5, blackholed: 1 }) });
  for (const each of [...all, ...held, "disarm"]) assert.ok(actions[each], each);
  for (const method of Object.keys(methodNotes)) assert.match(method, /^[a-z]+\.[a-z-]+$/);
  assert.ok(able(lane()).has("hold"));
});

test("marks at the tap: what hangs there before what is to, and no more than a lane has room for", () => {
  const shown = marks(
    lane({ faults: faults({ held: [hung()], delay: 200, armed: ["basic.publish"], blackholed: 2 }) }),
    world(),
  );
  assert.deepEqual(
    shown.map(each => each.kind),
    ["held", "hole", "delay"],
  );
  assert.deepEqual(
    shown.map(each => [each.place, each.of]),
    [
      [0, 3],
      [1, 3],
      [2, 3],
    ],
  );
  const t1 = task(1, "unacked", [attempt("worker-1", 5)]);
  const [mark] = marks(lane({ faults: faults({ held: [hung()] }) }), world({}, [t1]));
  assert.deepEqual([mark.method, mark.n, mark.by], ["basic.ack", 1, "client"]);
});

test("what ticks: the newest of what hangs, is dropped, is silent, or is never acknowledged", () => {
  assert.equal(ticking(world()), null);
  const last = (more = {}) => [
    task(1, "unacked", [attempt("worker-1", 5, null, null, { deadline: 65, ...more })]),
  ];
  const holds = { holding: ["t1"], held: 1 };
  const held = ticking(world({ ...holds, faults: faults({ held: [hung()] }) }, last()));
  assert.deepEqual([held.kind, held.n, held.deadline], ["held", 1, 65]);
  const silence = { since: 9, heartbeat: 4, earliest: 15, latest: 21 };
  const silent = ticking(world({ ...holds, silence, faults: faults({ held: [hung()] }) }, last()));
  assert.deepEqual([silent.kind, silent.from, silent.to], ["silent", 15, 21]);
  const fault = { kind: "drop", at: 8 };
  assert.equal(ticking(world(holds, last({ fault, stopped: "basic.ack" }))).kind, "dropped");
  assert.equal(ticking(world({ ...holds, stuck: true }, last())), null, "it still works");
  assert.equal(ticking(world({ ...holds, stuck: true }, last({ result_at: 9 }))).kind, "stuck");
});

test("the ack timeout is counted down where something is the matter, or where it is near", () => {
  const t1 = (more = {}) =>
    world({}, [
      task(1, "unacked", [attempt("worker-1", 5, null, null, { deadline: 65, ...more })]),
    ]).tasks.get("t1");
  assert.equal(patience(t1(), lane(), 10), null);
  assert.equal(patience(t1(), lane(), 51), 65);
  assert.equal(patience(t1(), lane({ stuck: true }), 10), 65);
  assert.equal(patience(t1({ fault: { kind: "hold", at: 6 } }), lane(), 10), 65);
  assert.equal(patience(t1({ deadline: null }), lane({ stuck: true }), 10), null);
});

test("a delivery that hangs flies to the tap, and on from there when it is let go", () => {
  const stopped = { stopped: "basic.deliver", fault: { kind: "hold", at: 5 } };
  const held = task(1, "unacked", [attempt("worker-1", 5, null, null, stopped)]);
  assert.equal(legs(held).at(-1).to, "tap:worker-1");
  const gone = task(2, "unacked", [attempt("worker-1", 5, null, null, { arrived_at: 9 })]);
  assert.deepEqual(
    legs(gone)
      .slice(-2)
      .map(leg => [leg.from, leg.to]),
    [
      ["ready", "tap:worker-1"],
      ["tap:worker-1", "lane:worker-1"],
    ],
  );
  const acked = task(3, "done", [attempt("worker-1", 5, 9, "acked", { released_at: 9 })]);
  assert.deepEqual([legs(acked).at(-1).from, legs(acked).at(-1).to], ["tap:worker-1", "ghost"]);
});

test("what has not come to a worker is not in its lane, and its work begins when it comes", () => {
  const choice = {
    pin: null,
    queue: null,
    tab: null,
    lane: null,
    still: true,
    room: { ready: 9, ghosts: 9 },
  };
  const t1 = task(1, "unacked", [attempt("worker-1", 5)]);
  const away = scene(world({ holding: ["t1"], held: 1, on_the_wire: ["t1"] }, [t1]), 10, choice).lanes[0];
  assert.deepEqual([away.running, away.onTheWire, away.more], [null, 1, 0]);
  const came = task(1, "unacked", [attempt("worker-1", 5, null, null, { arrived_at: 9 })]);
  const here = scene(world({ holding: ["t1"], held: 1 }, [came]), 10, choice).lanes[0];
  assert.deepEqual([here.running.task.n, here.began], [1, 9]);
});
