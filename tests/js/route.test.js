import assert from "node:assert/strict";
import { test } from "node:test";
import { back, draw, rounded, route, walk } from "../../static/js/core/route.js";

const GROUND = { left: 520, right: 592, margin: null };
/** Points along a path, and those of them that lie in a box. */
const trace = path => Array.from({ length: 201 }, (_, i) => walk(path)(i / 200));
const inside = (path, { left, right, top, bottom }) =>
  trace(path).filter(at => at.x > left && at.x < right && at.y > top && at.y < bottom);

test("from a lane of the first column: level out, one curve in the gutter, level in", () => {
  const path = route({ x: 600, y: 400 }, { x: 380, y: 328 }, GROUND);
  const at = trace(path);
  assert.deepEqual(at[0], { x: 600, y: 400 });
  assert.deepEqual(at.at(-1), { x: 380, y: 328 });
  for (const point of at) {
    if (point.x > GROUND.right) assert.ok(Math.abs(point.y - 400) < 0.01);
    if (point.x < GROUND.left) assert.ok(Math.abs(point.y - 328) < 0.01);
  }
});

test("from the second column it crosses no lane of the first, only the gap between two", () => {
  const dead = { x: 935, y: 190, inner: 925, above: 161, below: 218 };
  const lanes = [
    { left: 592, right: 917, top: 165, bottom: 214 },
    { left: 592, right: 917, top: 222, bottom: 271 },
  ];
  const down = route(dead, { x: 380, y: 384 }, GROUND);
  const up = route(dead, { x: 300, y: 120 }, GROUND);
  for (const lane of lanes)
    for (const path of [down, up]) assert.deepEqual(inside(path, lane), [], JSON.stringify(lane));
  assert.ok(trace(down).some(at => at.y === 218 && at.x > 700));
  assert.ok(trace(up).some(at => at.y === 161 && at.x > 700));
});

test("where lanes lie under the queue, the way is the margin", () => {
  const path = route({ x: 30, y: 900 }, { x: 25, y: 120 }, { left: 370, right: 10, margin: 7 });
  assert.ok(
    trace(path).every(at => at.x >= 7 - 1e-9 && at.x <= 30 && (at.x < 26 || at.y > 890 || at.y < 130)),
  );
});

test("a way walked back is the same way", () => {
  const there = route({ x: 935, y: 190, inner: 925, above: 161, below: 218 }, { x: 380, y: 384 }, GROUND);
  const again = walk(back(there));
  for (const p of [0, 0.25, 0.5, 1]) {
    const [a, b] = [walk(there)(p), again(1 - p)];
    assert.ok(Math.hypot(a.x - b.x, a.y - b.y) < 0.01);
  }
});

test("a walk keeps an even pace, stays between its ends, and stands where there is no way", () => {
  const path = rounded([
    { x: 0, y: 0 },
    { x: 100, y: 0 },
    { x: 100, y: 300 },
  ]);
  const at = walk(path);
  const steps = Array.from({ length: 50 }, (_, i) => {
    const [a, b] = [at(i / 50), at((i + 1) / 50)];
    return Math.hypot(a.x - b.x, a.y - b.y);
  });
  assert.ok(Math.max(...steps) - Math.min(...steps) < 2, `${Math.min(...steps)} to ${Math.max(...steps)}`);
  assert.deepEqual(at(-1), { x: 0, y: 0 });
  assert.deepEqual(at(9), { x: 100, y: 300 });
  assert.deepEqual(walk([])(0.5), { x: 0, y: 0 });
  assert.equal(draw([]), "");
  assert.match(draw(path), /^M0\.0 0\.0C/);
});
