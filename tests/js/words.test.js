import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, dots, gap, held, ordinal } from "../../static/js/core/format.js";
import { addsUp, shares, shown } from "../../static/js/core/ledger.js";

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
