import assert from "node:assert/strict";
import { test } from "node:test";
import { density } from "../../static/js/core/density.js";
import { clear, rows, segments, span } from "../../static/js/core/life.js";
import { merge } from "../../static/js/core/merge.js";
import { attempt, byId, keyframe, queue, task, worker } from "./frames.js";

test("a life: waiting, an attempt that ended badly, one that goes on", () => {
  const it = task(19, "unacked", [
    attempt("worker-2", 2, 6, "connection_closed"),
    attempt("worker-3", 6.003),
  ]);
  assert.deepEqual(
    segments(it).map(each => [each.kind, each.from, each.to, each.worker]),
    [
      ["wait", 1, 2, ""],
      ["bad", 2, 6, "worker-2"],
      ["wait", 6, 6.003, ""],
      ["again", 6.003, null, "worker-3"],
    ],
  );
});

test("a task that waits goes on waiting; one under auto-ack is at risk", () => {
  assert.deepEqual(
    segments(task(1, "ready")).map(each => [each.kind, each.to]),
    [["wait", null]],
  );
  const auto = task(1, "at_risk", [attempt("w", 2, null, null, { auto_ack: true })]);
  assert.equal(segments(auto).at(-1).kind, "risk");
});

test("a task that went with its broker has waited until then, and says so at the end", () => {
  const shown = more =>
    segments(task(1, "lost", more, { settled_at: 9, published_at: 1 })).map(each => [
      each.kind,
      each.from,
      each.to,
      each.end,
    ]);
  const end = ["bad", 9, 9, "lost"];
  assert.deepEqual(shown([]), [["wait", 1, 9, null], end]);
  assert.deepEqual(shown([attempt("worker-2", 2, 6, "connection_closed")]), [
    ["wait", 1, 2, null],
    ["bad", 2, 6, "connection_closed"],
    ["wait", 6, 9, null],
    end,
  ]);
  const auto = attempt("worker-2", 2, 9, "connection_closed", { auto_ack: true });
  assert.equal(shown([auto]).length, 2, "its worker's death was the end of it");
});

test("rows: the pinned, grief, work under way, the latest done; by number", () => {
  const tasks = [
    ...Array.from({ length: 10 }, (_, i) =>
      task(i + 1, "done", [attempt("w", 2, 3, "acked")], { settled_at: 3 }),
    ),
    task(20, "unacked", [attempt("worker-1", 4)]),
    task(21, "ready", [attempt("worker-2", 4, 5, "connection_closed")]),
    task(22, "ready"),
  ];
  const { world } = merge(
    null,
    keyframe({
      tasks: byId(tasks),
      queues: queue({ ready: 2, window: ["t21", "t22"] }),
      workers: worker("worker-1", { state: "working", holding: ["t20"], held: 1 }),
    }),
  );
  const numbers = (room, pin = null) => rows(world, 6, room, pin).map(each => each.n);
  assert.deepEqual(numbers(2), [20, 21]);
  assert.deepEqual(numbers(4), [9, 10, 20, 21]);
  assert.deepEqual(numbers(3, 1), [1, 20, 21]);
  assert.deepEqual(numbers(0), []);
  assert.equal(numbers(50).length, 13);
});

test("rows: what is over and out of sight leaves its row to what is in hand and to what waits", () => {
  const done = (n, at) => task(n, "done", [attempt("w", at - 2, at, "acked")], { settled_at: at });
  const inHand = n => task(n, "unacked", [attempt("worker-1", 98.5)]);
  const at = (t, ...more) => {
    const { world } = merge(
      null,
      keyframe({
        tasks: byId([
          ...[60, 62, 64, 82, 86, 88].map((at, i) => done(i + 1, at)),
          ...[10, 11, 12].map(inHand),
          ...more,
          ...[20, 21, 22].map(n => task(n, "ready")),
        ]),
        queues: queue({ ready: 3, window: ["t20", "t21", "t22"] }),
        workers: worker("worker-1", { state: "working", holding: ["t10", "t11", "t12"], held: 3 }),
      }),
    );
    return rows(world, t, 7, null).map(each => each.n);
  };
  assert.deepEqual(at(100), [5, 6, 10, 11, 12, 20, 21], "#4 ended more than fifteen seconds ago");
  assert.deepEqual(at(101.5), [6, 10, 11, 12, 20, 21, 22]);
  const late = task(9, "done", [attempt("w", 50, 60, "connection_closed", { result_at: 95 })], {
    settled_at: 60,
    results: 2,
  });
  assert.deepEqual(at(101.5, late), [6, 9, 10, 11, 12, 20, 21], "a late result is seen");
});

test("words go where most room is between the marks", () => {
  assert.deepEqual(clear(10, 20, []), { from: 10, to: 20 });
  assert.deepEqual(clear(10, 20, [14]), { from: 14, to: 20 });
  assert.deepEqual(clear(10, 20, [5, 16, 18, 25]), { from: 10, to: 16 });
  assert.deepEqual(clear(10, 20, [11, 18]), { from: 11, to: 18 });
  assert.deepEqual(clear(10, 20, [10, 15, 20]), { from: 10, to: 15 });
});

test("the strips show all that is in somebody's hands, from fifteen seconds up", () => {
  assert.equal(span([], 100, null), 15);
  assert.equal(span([task(1, "unacked", [attempt("w", 70)])], 100, null), 45);
  assert.equal(span([task(1, "unacked", [attempt("w", -9e9)])], 100, null), 600);
});

test("lanes: generous for four, one column for eight, two for sixteen, scrolled beyond", () => {
  assert.equal(density(3, 23.9, 48).mode, "roomy");
  assert.equal(density(1, 23.9, 48).height, density(4, 23.9, 48).height, "adding the second moves nothing");
  assert.deepEqual([density(8, 23.9, 48).columns, density(8, 23.9, 48).mode], [1, "compact"]);
  assert.deepEqual([density(16, 23.9, 48).columns, density(16, 23.9, 48).mode], [2, "dense"]);
  assert.deepEqual([density(8, 19, 26).columns, density(8, 19, 26).mode], [1, "dense"]); // big type
  assert.equal(density(16, 23.9, 30).columns, 1, "a narrow column is not split");
  assert.ok(density(60, 23.9, 48).height > 2);
  for (const n of [0, 1, 5, 9, 200]) assert.ok(density(n, 0, 0).height > 0);
});
