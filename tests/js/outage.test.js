import assert from "node:assert/strict";
import { test } from "node:test";
import { merge } from "../../static/js/core/merge.js";
import { blamed, news, outage } from "../../static/js/core/outage.js";
import { scene } from "../../static/js/core/scene.js";
import { attempt, byId, keyframe, queue, task, worker } from "./frames.js";

const line = (seq, at, method, tone) => ({
  seq,
  at,
  who: "broker",
  to: "",
  method,
  detail: "",
  task: null,
  tone,
});
const STOP = line(7, 6.02, "broker stopped", "bad");
const START = line(9, 6.4, "broker started", "ok");
const world = (wire, up = true, at = 8) => merge(null, keyframe({ wire, broker: { up }, at })).world;
const look = (world, t) =>
  scene(world, t, { pin: null, queue: null, still: false, room: { ready: 9, ghosts: 9 } });

test("a broker that never went away has no outage", () => {
  assert.equal(outage(world([])), null);
  assert.equal(news(outage(world([])), 8), null);
  assert.equal(blamed(null, 8), false);
});

test("it is down while it is down, back for a while, and then it is no news", () => {
  const down = outage(world([STOP], false, 6.1));
  assert.deepEqual(down, { since: 6.02, until: null });
  assert.equal(news(down, 6.1), "down");
  const over = outage(world([STOP, START]));
  assert.deepEqual(over, { since: 6.02, until: 6.4 });
  assert.equal(news(over, 6.2), "down"); // a picture of then shows what was then
  assert.equal(news(over, 8), "back");
  assert.equal(news(over, 60), null);
  assert.equal(news(over, 3), null);
});

test("only what happened around it is the broker's doing", () => {
  const over = outage(world([STOP, START]));
  assert.deepEqual(
    [4, 6, 6.2, 7, 20].map(at => blamed(over, at)),
    [false, true, true, true, false],
  );
});

test("an outage of which the log has gone is still one", () => {
  assert.equal(news(outage(world([], false)), 8), "down");
});

const GIVEN_BACK = {
  at: 8,
  tasks: byId([task(1, "ready", [attempt("worker-1", 2, 6, "connection_closed")])]),
  queues: queue({ ready: 1, next: "t1", window: ["t1"] }),
  workers: worker("worker-1", { state: "stopped", why: "exit code 1", dropped: ["t1"], since: 6.1 }),
};

test("when the broker goes no worker is blamed for what came back", () => {
  const its = look(merge(null, keyframe({ ...GIVEN_BACK, wire: [STOP, START] })).world, 6.7);
  assert.equal(its.outage, "back");
  assert.deepEqual(its.trails, []);
  assert.deepEqual(its.bundles, []);
  assert.deepEqual(
    its.flights.filter(flight => flight.kind === "fall"),
    [],
  );
  assert.equal(its.lanes[0].excused, true);
  const worker = look(merge(null, keyframe(GIVEN_BACK)).world, 6.7);
  assert.equal(worker.trails.length, 1);
  assert.equal(worker.lanes[0].excused, false);
});

test("a worker that was killed while the broker was away was killed", () => {
  const workers = worker("worker-1", { state: "stopped", why: "kill -9", since: 6.1 });
  const it = look(merge(null, keyframe({ ...GIVEN_BACK, workers, wire: [STOP, START] })).world, 6.7);
  assert.equal(it.lanes[0].excused, false);
});
