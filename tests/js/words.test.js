import assert from "node:assert/strict";
import { test } from "node:test";
import { changes } from "../../static/js/core/announce.js";
import { cut, dots, gap, held, ordinal } from "../../static/js/core/format.js";
import { addsUp, shares, shown } from "../../static/js/core/ledger.js";
import { merge } from "../../static/js/core/merge.js";
import { say } from "../../static/js/text.js";
import { attempt, byId, keyframe, queue, task, worker } from "./frames.js";

const LEDGER = {
  published: 24,
  done: 17,
  ready: 4,
  unacked: 3,
  at_risk: 0,
  lost: 0,
  dead: 0,
  redelivered: 2,
  done_twice: 0,
};

test("times as people read them", () => {
  assert.equal(held(1.27), "1.2 s");
  assert.equal(held(-3), "0.0 s");
  assert.equal(held(42.9), "42 s");
  assert.equal(held(185), "3:05 min");
  assert.equal(gap(0.003), "3 ms");
  assert.equal(gap(0.00035), "0.4 ms");
  assert.equal(gap(5.64), "5.6 s");
});

test("a second a dot, ordinals, and cutting without halving an emoji", () => {
  assert.equal(dots("photo..."), 3);
  assert.equal(dots(""), 0);
  assert.deepEqual([1, 2, 3, 4, 11, 12, 13, 21, 102].map(ordinal), [
    "1st",
    "2nd",
    "3rd",
    "4th",
    "11th",
    "12th",
    "13th",
    "21st",
    "102nd",
  ]);
  assert.equal(cut("📷📷📷", 2), "📷…");
});

test("the ledger adds up, and says so when it does not", () => {
  assert.equal(addsUp(LEDGER), true);
  assert.equal(addsUp({ ...LEDGER, lost: 1 }), false);
});

test("terms that mean nothing now are left out, and stay once they were there", () => {
  assert.deepEqual(shown(LEDGER, "manual"), ["done", "ready", "unacked", "lost"]);
  assert.deepEqual(shown(LEDGER, "auto"), ["done", "ready", "unacked", "at_risk", "lost"]);
  assert.deepEqual(shown({ ...LEDGER, dead: 1 }, "manual").at(-1), "dead");
  assert.ok(shown(LEDGER, "manual", new Set(["at_risk"])).includes("at_risk"));
});

test("the bar: shares add up to one, and one lost task among a million is seen", () => {
  const all = shares({ ...LEDGER, published: 1e6, done: 999_999, ready: 0, unacked: 0, lost: 1 });
  assert.ok(Math.abs(all.reduce((sum, each) => sum + each.share, 0) - 1) < 1e-9);
  assert.ok(all.find(each => each.key === "lost").share > 0.005);
  assert.ok(
    shares({ ...LEDGER, published: 0, done: 0, ready: 0, unacked: 0 }).every(each => each.share === 0),
  );
});

test("a death in words, as one sentence", () => {
  const before = merge(
    null,
    keyframe({
      tasks: byId([task(19, "unacked", [attempt("worker-2", 2)])]),
      queues: queue(),
      workers: { ...worker("worker-2", { state: "working" }), ...worker("worker-3") },
    }),
  ).world;
  const died = merge(before, {
    n: 2,
    tasks: byId([task(19, "ready", [attempt("worker-2", 2, 6, "connection_closed")])]),
    workers: worker("worker-2", { state: "stopped", why: "kill -9" }),
  }).world;
  const taken = merge(died, {
    n: 3,
    tasks: byId([
      task(19, "unacked", [attempt("worker-2", 2, 6, "connection_closed"), attempt("worker-3", 6.003)]),
    ]),
  }).world;
  assert.equal(
    say([...changes(before, died), ...changes(died, taken)]),
    "worker-2 was stopped, kill -9; task 19 is back in the queue; worker-3 has task 19, second attempt.",
  );
});

test("what is lost is said; deliveries and acks are not", () => {
  const auto = { auto_ack: true };
  const held2 = byId([
    task(1, "at_risk", [attempt("w", 2, null, null, auto)]),
    task(2, "at_risk", [attempt("w", 2, null, null, auto)]),
  ]);
  const gone = byId([
    task(1, "lost", [attempt("w", 2, 6, "connection_closed", auto)]),
    task(2, "lost", [attempt("w", 2, 6, "connection_closed", auto)]),
  ]);
  const before = merge(null, keyframe({ tasks: held2 })).world;
  assert.equal(say(changes(before, merge(before, { n: 2, tasks: gone }).world)), "tasks 1 and 2 are lost.");
  const done = merge(before, {
    n: 2,
    tasks: byId([task(1, "done", [attempt("w", 2, 6, "result", auto)])]),
  }).world;
  assert.equal(say(changes(before, done)), "");
  assert.equal(say(changes(null, before)), "");
});

test("another run, and an unknown change, are no trouble", () => {
  const before = merge(null, keyframe()).world;
  const after = merge(before, keyframe({ run: 2 })).world;
  assert.equal(say(changes(before, after)), "A fresh run has begun.");
  assert.equal(say([{ kind: "something" }]), "");
});
