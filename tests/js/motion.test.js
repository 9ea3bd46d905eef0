import assert from "node:assert/strict";
import { test } from "node:test";
import { ackComing, along, coming, DURATION, ease, legs, trail } from "../../static/js/core/motion.js";
import { attempt, task } from "./frames.js";

const kinds = it => legs(it).map(leg => `${leg.kind} ${leg.from}>${leg.to}`);

test("published, delivered, acked: out as a chip, back as an ack", () => {
  assert.deepEqual(kinds(task(1, "done", [attempt("worker-1", 2, 5, "acked")])), [
    "publish producer>ready",
    "deliver ready>lane:worker-1",
    "ack lane:worker-1>ghost",
  ]);
});

test("a leg begins at its event, or when the one before it has been seen", () => {
  const fast = legs(task(1, "done", [attempt("worker-1", 1.001, 1.002, "acked")]));
  assert.equal(fast[0].start, 1);
  assert.equal(fast[1].start, fast[0].end);
  assert.equal(fast[2].start, fast[1].end);
  assert.equal(fast[2].at, 1.002, "the truth is kept");
  const slow = legs(task(1, "done", [attempt("worker-1", 2, 5, "acked")]));
  assert.equal(slow[2].start, 5);
});

test("the worker dies and another has it at once: the copy flies on", () => {
  const it = task(19, "unacked", [
    attempt("worker-2", 2, 6, "connection_closed"),
    attempt("worker-3", 6.003),
  ]);
  assert.deepEqual(kinds(it).slice(2), ["fall lane:worker-2>ghost", "redeliver ghost>lane:worker-3"]);
  const way = trail(it, 6.3);
  assert.equal(way.from, "worker-2");
  assert.equal(way.to, "worker-3");
  assert.ok(Math.abs(way.gap - 0.003) < 1e-9, "the measured gap, not the stretched one");
  assert.equal(trail(it, 5.9), null);
  assert.equal(trail(it, 60), null, "it does not stay for ever");
});

test("the worker dies and nobody is free: back to Ready, and out from there later", () => {
  const waiting = task(3, "ready", [attempt("worker-2", 2, 6, "connection_closed")]);
  assert.deepEqual(kinds(waiting).slice(2), ["fall lane:worker-2>ghost", "requeue ghost>ready"]);
  const later = task(3, "unacked", [attempt("worker-2", 2, 6, "connection_closed"), attempt("worker-1", 9)]);
  assert.deepEqual(kinds(later).slice(3), ["requeue ghost>ready", "redeliver ready>lane:worker-1"]);
});

test("under auto-ack nothing goes back to the broker", () => {
  const auto = { auto_ack: true };
  assert.deepEqual(kinds(task(1, "lost", [attempt("worker-1", 2, 3, "connection_closed", auto)])).slice(2), [
    "bury lane:worker-1>lost",
  ]);
  assert.deepEqual(kinds(task(1, "done", [attempt("worker-1", 2, 3, "result", auto)])).slice(2), [
    "finish lane:worker-1>tally:worker-1",
  ]);
  assert.equal(trail(task(1, "lost", [attempt("worker-1", 2, 3, "connection_closed", auto)]), 3.1), null);
});

test("a chip is on its way until its leg has landed; then it is there", () => {
  const it = task(1, "unacked", [attempt("worker-1", 5)]);
  assert.equal(coming(it, 5.1)?.kind, "deliver");
  assert.equal(coming(it, 5 + DURATION.deliver + 0.01), null);
  assert.equal(coming(it, 500), null);
});

test("the ack is on its way until it lands", () => {
  const it = task(1, "done", [attempt("worker-1", 2, 5, "acked")]);
  assert.equal(ackComing(it, 5.1)?.kind, "ack");
  assert.equal(ackComing(it, 5 + DURATION.ack), null);
});

test("a task whose publish was never seen, and one with attempts no longer kept", () => {
  assert.deepEqual(kinds(task(1, "unacked", [attempt("guest", 2)], { published_at: null })), [
    "deliver ready>lane:guest",
  ]);
  const old = task(1, "unacked", [attempt("worker-1", 50)], { skipped: 20, published_at: null });
  assert.equal(legs(old)[0].attempt, 21);
  assert.equal(legs(old)[0].kind, "redeliver");
});

test("an end nobody knows is a way back, not an error", () => {
  assert.deepEqual(kinds(task(1, "ready", [attempt("w", 2, 3, "abducted")])).slice(2), [
    "fall lane:w>ghost",
    "requeue ghost>ready",
  ]);
});

test("a flight begins and ends where it should", () => {
  const a = { x: 0, y: 0 };
  const b = { x: 100, y: 50 };
  assert.deepEqual(along(a, b, 0), a);
  assert.deepEqual(along(a, b, 1), b);
  assert.equal(ease(0), 0);
  assert.equal(ease(1), 1);
  assert.equal(ease(0.5), 0.5);
});
