import assert from "node:assert/strict";
import { test } from "node:test";
import { counted } from "../../static/js/core/counted.js";
import { merge } from "../../static/js/core/merge.js";
import { screen } from "../../static/js/core/output.js";
import { away, knownSince, LINES, lastTouched, stints } from "../../static/js/core/stints.js";
import { attempt, byId, keyframe, task, worker } from "./frames.js";

const world = more => merge(null, keyframe(more)).world;
const of = (tasks, since = 0) => stints(world({ tasks: byId(tasks) }), since);
const times = mine => mine.map(each => [each.task.n, each.from, each.began, each.to, each.kind]);

test("a worker works on one at a time; what else it holds waits until then", () => {
  const tasks = [
    task(1, "done", [attempt("w", 1, 4, "acked")]),
    task(2, "unacked", [attempt("w", 1)]),
    task(3, "unacked", [attempt("w", 2)]),
  ];
  assert.deepEqual(times(of(tasks).get("w")), [
    [1, 1, 1, 4, "done"],
    [2, 1, 4, null, "held"],
    [3, 2, null, null, "held"],
  ]);
});

test("what a dead worker had never begun is told from what it was at", () => {
  const tasks = [
    task(1, "ready", [attempt("w", 1, 5, "connection_closed")]),
    task(2, "unacked", [attempt("w", 1, 5, "connection_closed"), attempt("v", 5.003)]),
  ];
  const all = of(tasks);
  assert.deepEqual(times(all.get("w")), [
    [1, 1, 1, 5, "bad"],
    [2, 1, null, 5, "bad"],
  ]);
  assert.deepEqual(times(all.get("v")), [[2, 5.003, 5.003, null, "again"]]);
});

test("those that wait together lie below each other, too many share the last line; the past is left out", () => {
  const tasks = Array.from({ length: 6 }, (_, i) => task(i + 1, "unacked", [attempt("w", 1)]));
  assert.deepEqual(
    of(tasks)
      .get("w")
      .map(each => each.line),
    [0, 0, 1, 2, 2, 2],
  );
  assert.equal(LINES, 3);
  const past = [task(1, "done", [attempt("w", 1, 4, "acked")])];
  assert.equal(of(past, 3).get("w").length, 1);
  assert.equal(of(past, 4).get("w").length, 0);
  const many = Array.from({ length: 200 }, (_, i) => task(i, "done", [attempt("w", i, i + 1, "acked")]));
  assert.deepEqual([of(many).get("w").length, of(many).get("w").at(-1).task.n], [60, 199]);
});

test("a worker that takes no work now is away until further notice", () => {
  const over = { state: "stopped", since: 1, until: 2, why: "kill -9" };
  const lane = more => [...world({ workers: worker("w", { away: [over], ...more }) }).workers.values()][0];
  assert.deepEqual(away(lane({ state: "idle" })), [over]);
  assert.deepEqual(away(lane({ state: "frozen", since: 5, why: "SIGSTOP" })), [
    over,
    { state: "frozen", since: 5, until: null, why: "SIGSTOP" },
  ]);
});

test("where done tasks are not known by name any more, it says since when they are", () => {
  const done = [3, 5].map(n => task(n, "done", [attempt("w", 1, n, "acked")], { settled_at: n }));
  assert.equal(knownSince(world({ tasks: byId(done), ledger: { done: 2 } })), null);
  assert.equal(knownSince(world({ tasks: byId(done), ledger: { done: 90 } })), 3);
});

test("the worker to look at is the one that was stopped, frozen or cut last; else the first", () => {
  const workers = { ...worker("worker-2"), ...worker("worker-1") };
  assert.equal(lastTouched(world({ workers })).name, "worker-1");
  const frozen = worker("worker-2", { state: "frozen", since: 8 });
  assert.equal(lastTouched(world({ workers: { ...workers, ...frozen } })).name, "worker-2");
  const back = worker("worker-3", { away: [{ state: "cut", since: 9, until: 9.5, why: "" }] });
  assert.equal(lastTouched(world({ workers: { ...workers, ...frozen, ...back } })).name, "worker-3");
  assert.equal(lastTouched(world({ workers: worker("laptop", { kind: "guest" }) })), null);
});

test("the tasks behind a number of the ledger", () => {
  const tasks = [
    task(1, "done", [attempt("w", 1, 2, "acked")], { results: 2 }),
    task(2, "unacked", [attempt("w", 1, 2, "connection_closed"), attempt("v", 3)], { results: 1 }),
    task(3, "ready"),
  ];
  const numbers = what => counted(world({ tasks: byId(tasks) }), what).map(each => each.n);
  assert.deepEqual(numbers("published"), [1, 2, 3]);
  assert.deepEqual(numbers("unacked"), [2]);
  assert.deepEqual(numbers("redelivered"), [2]);
  assert.deepEqual(numbers("done_twice"), [1]);
  assert.deepEqual(numbers("lost"), []);
});

// -- output -------------------------------------------------------------------------------------------------------

const shown = more =>
  screen([...world({ workers: worker("w", more) }).workers.values()][0]).map(each =>
    each.kind === "prompt" ? "$" : `${each.kind === "line" ? "" : `${each.kind}: `}${each.text}`,
  );

test("a terminal: the prompt, what was printed, how it ended, and the next life below", () => {
  const output = ["[*] Waiting", "[x] Received", "[*] Waiting"];
  const exits = [{ printed: 2, why: "kill -9" }];
  assert.deepEqual(shown({ output, printed: 3, exits }), [
    "$",
    "[*] Waiting",
    "[x] Received",
    "exit: kill -9",
    "$",
    "[*] Waiting",
  ]);
  const gone = { state: "stopped", pid: null };
  assert.deepEqual(
    shown({ ...gone, output: ["[*] Waiting"], printed: 1, exits: [{ printed: 1, why: "SIGTERM" }] }),
    ["$", "[*] Waiting", "exit: SIGTERM"],
  );
  assert.deepEqual(shown({ ...gone, exits: [{ printed: 0, why: "kill -9" }] }), ["$", "exit: kill -9"]);
});

test("a terminal says how many lines are not kept, and forgets the ends of what they told", () => {
  const exits = [
    { printed: 3, why: "kill -9" },
    { printed: 7, why: "exit code 1" },
    { printed: 8, why: "exit code 2" },
  ];
  assert.deepEqual(shown({ output: ["a", "b"], printed: 9, exits }), [
    "note: 7",
    "a",
    "exit: exit code 2",
    "$",
    "b",
  ]);
});

test("a frozen one says so last", () => {
  assert.deepEqual(shown({ state: "frozen", why: "SIGSTOP", output: ["a"], printed: 1 }), [
    "$",
    "a",
    "exit: SIGSTOP",
  ]);
});
