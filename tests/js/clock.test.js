import assert from "node:assert/strict";
import { test } from "node:test";
import { BEHIND, createClock } from "../../static/js/core/clock.js";

const near = (a, b) => assert.ok(Math.abs(a - b) < 0.02, `${a} is not about ${b}`);

test("the engine's time, a little behind", () => {
  const clock = createClock();
  clock.observe(100, 5);
  near(clock.read(6), 101 - BEHIND);
});

test("a late frame does not turn the clock back", () => {
  const clock = createClock();
  clock.observe(100, 5);
  clock.observe(101, 6.4);
  near(clock.read(6.4), 101.4 - BEHIND);
});

test("the least delayed frame is the best guess", () => {
  const clock = createClock();
  clock.observe(100, 5.5);
  clock.observe(101, 6);
  near(clock.read(6), 101 - BEHIND);
});

test("it never runs backwards, however the guesses go", () => {
  const clock = createClock();
  let before = 0;
  for (let i = 0; i < 200; i++) {
    clock.observe(100 + i * 0.1, i * 0.1 + (i % 7) * 0.05);
    const now = clock.read(i * 0.1);
    assert.ok(now >= before || i === 0);
    before = now;
  }
});

test("a jump of the engine's clock is followed, in both directions", () => {
  const clock = createClock();
  clock.observe(100, 5);
  clock.read(5);
  clock.observe(3, 6); // a new engine
  near(clock.read(6), 3 - BEHIND);
  clock.observe(700, 7); // a laptop that slept
  near(clock.read(7), 700 - BEHIND);
});

test("after a reset it begins anew", () => {
  const clock = createClock();
  clock.observe(100, 5);
  clock.read(5);
  clock.reset();
  clock.observe(1, 6);
  near(clock.read(6.5), 1.5 - BEHIND);
});

test("a machine that slept with its clock going, or whose clock was set: it waits for a frame, and then it is right", () => {
  const clock = createClock();
  clock.observe(100, 5);
  near(clock.read(8), 103 - BEHIND);
  const asleep = clock.read(8 + 3600);
  assert.ok(asleep < 120, `${asleep} is more than anybody has said`);
  clock.observe(101, 8 + 3600); // the engine slept too
  near(clock.read(8 + 3600), 101 - BEHIND);
  clock.observe(3701, 8 + 7200); // it did not
  near(clock.read(8 + 7200), 3701 - BEHIND);
  clock.observe(3702, 9); // back again, by hours
  near(clock.read(9), 3702 - BEHIND);
  near(clock.read(10), 3703 - BEHIND);
});
