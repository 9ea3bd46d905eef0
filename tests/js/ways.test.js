import assert from "node:assert/strict";
import { test } from "node:test";
import { changes } from "../../static/js/core/announce.js";
import { counted, goneWithBroker, lostWithBroker } from "../../static/js/core/counted.js";
import { effects } from "../../static/js/core/effects.js";
import { segments } from "../../static/js/core/life.js";
import { merge } from "../../static/js/core/merge.js";
import { timeout } from "../../static/js/core/patience.js";
import { createPulse, LOOK, PATIENCE } from "../../static/js/core/pulse.js";
import { stopwatch } from "../../static/js/core/stopwatch.js";
import { say } from "../../static/js/text/announce.js";
import { endWords, goneWords, lostWords, queueWords, story, ways } from "../../static/js/text/ways.js";
import { attempt, byId, keyframe, task, worker } from "./frames.js";

/** A world of these tasks, as it comes over the wire. */
const world = (tasks, more = {}) => merge(null, keyframe({ at: 100, tasks: byId(tasks), ...more })).world;
/** An attempt made whole, as the page has it. */
const whole = each => [...world([task(1, "ready", [each])]).tasks.values()][0].attempts[0];
const ended = (noticed, fault, at = 20, more = {}) =>
  whole(attempt("worker-1", 5, at, "connection_closed", { noticed, fault, ...more }));

test("how the broker noticed, and how long after what", () => {
  const said = (...of) => endWords(ended(...of)).full;
  assert.equal(
    said("connection_closed", { kind: "stop", at: 19.997 }),
    "connection closed, 3 ms after the kill",
  );
  assert.equal(
    said("connection_closed", { kind: "cut", at: 19.5 }),
    "connection closed, 500 ms after the cut",
  );
  assert.equal(said("heartbeat", { kind: "freeze", at: 8.2 }), "heartbeat, 11.8 s after the freeze");
  assert.equal(said("heartbeat", { kind: "blackhole", at: 8.3 }), "heartbeat, 11.7 s after the black hole");
  assert.equal(said("heartbeat", { kind: "delay", at: 10 }), "heartbeat, 10.0 s after the delay");
  assert.equal(said("nack", { kind: "finish", at: 19.9 }), "given back, 100 ms after SIGTERM");
  assert.equal(said("channel_closed", null), "channel closed");
  assert.equal(said("broker_restart", { kind: "broker", at: 20 }), "the broker was gone");
  assert.equal(said("engine_restart", { kind: "engine", at: 18 }), "the engine was gone");
});

test("the ack timeout is counted from the delivery, as the broker does, whatever was the matter", () => {
  for (const fault of [null, { kind: "stuck", at: 5 }, { kind: "hold", at: 17 }])
    assert.equal(
      endWords(ended("ack_timeout", fault, 65.2)).full,
      "ack timeout, 60.2 s after delivery",
      fault?.kind,
    );
  assert.equal(endWords(ended("ack_timeout", null, 1805)).full, "ack timeout, 30:00 min after delivery");
});

test("nothing is said that is not known", () => {
  assert.equal(endWords(ended("", null)), null);
  assert.equal(stopwatch(whole(attempt("worker-1", 5))), null);
  assert.equal(stopwatch(whole(attempt("worker-1", 5, 9, "acked"))), null);
  assert.deepEqual(stopwatch(ended("heartbeat", { kind: "freeze", at: 21 })), {
    noticed: "heartbeat",
    since: "",
    after: null,
  });
  assert.equal(
    endWords(ended("vanished", { kind: "meteor", at: 19 })).full,
    "vanished, 1.0 s after meteor",
    "a word the page has not learnt is shown as it is",
  );
});

test("the story of a task names the last three attempts that ended so", () => {
  const fault = { kind: "stop", at: 8.997 };
  const bad = n => attempt(`worker-${n}`, n, 9, "connection_closed", { noticed: "connection_closed", fault });
  const all = [1, 2, 3, 4].map(bad);
  const [it] = world([
    task(1, "done", [...all, attempt("worker-5", 10, 11, "acked", { known: true })]),
  ]).tasks.values();
  assert.equal(
    story(it),
    "worker-3: connection closed, 3 ms after the kill · worker-4: connection closed, 3 ms after the kill · worker-5: skipped: the result was known",
  );
  assert.equal(story([...world([task(1, "ready")]).tasks.values()][0]), "");
});

test("done twice: a result each time, in order of time, and drawn on the strip; done once, nothing is drawn", () => {
  const late = attempt("worker-1", 2, 6, "connection_closed", { result_at: 12 });
  const again = attempt("worker-2", 6.1, 9, "acked", { result_at: 8.9 });
  const of = results => [...world([task(1, "done", [late, again], { results })]).tasks.values()][0];
  assert.deepEqual(effects(of(2)), [
    { at: 8.9, worker: "worker-2", nth: 1 },
    { at: 12, worker: "worker-1", nth: 2 },
  ]);
  assert.deepEqual(
    effects(of(5)).map(each => each.nth),
    [4, 5],
    "those of attempts that are not kept came before",
  );
  const drawn = segments(of(2)).filter(each => each.kind === "effect");
  assert.deepEqual(
    drawn.map(each => [each.from, each.worker, ways.effect(each.attempt, each.worker)]),
    [
      [8.9, "worker-2", "worker-2 has done it: the first effect"],
      [12, "worker-1", "worker-1 has done it again: effect 2"],
    ],
  );
  assert.ok(segments(of(1)).every(each => each.kind !== "effect"));
  assert.deepEqual(counted(world([task(1, "done", [late, again], { results: 2 })]), "done_twice").length, 1);
});

const WORDS =
  "406 PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 15000 ms.";
const line = (at, to, detail, more = {}) => ({
  seq: 5,
  at,
  who: "broker",
  to,
  method: "channel.close",
  detail,
  task: null,
  tone: "bad",
  ...more,
});
const timed = (name, from, to) =>
  attempt(name, from, to, "channel_closed", { noticed: "ack_timeout", fault: null });

test("the last ack timeout: whose, what it held, and the broker's own words without our sum", () => {
  const tasks = [
    task(1, "ready", [timed("worker-1", 1, 16)]),
    task(4, "ready", [timed("worker-2", 31, 46.5)]),
    task(3, "unacked", [timed("worker-2", 30, 46.5), attempt("worker-1", 46.6)]),
  ];
  const wire = [
    line(16, "worker-1", `${WORDS} 1 unacked`),
    line(46.5, "worker-2", `${WORDS} 2 unacked 1 lost`),
    line(47, "worker-2", "something", { who: "worker-2", to: "broker" }),
  ];
  assert.deepEqual(timeout(world(tasks, { wire })), {
    at: 46.5,
    worker: "worker-2",
    tasks: [3, 4],
    after: 16.5,
    words: WORDS,
  });
  assert.equal(
    timeout(world(tasks, { wire: wire.slice(0, 1) })).words,
    "",
    "a line that has gone by is not replaced",
  );
  assert.equal(timeout(world([task(1, "ready", [attempt("w", 1, 2, "channel_closed")])])), null);
});

test("what the banner says of this broker is what the frame says of it", () => {
  const broker = { product: "RabbitMQ", version: "3.10.8", ack_timeout: 15 };
  assert.match(
    ways.timeoutHere(broker),
    /^RabbitMQ 3\.10\.8 closes the channel after 15 seconds: .*30 minutes/,
  );
  assert.match(ways.timeoutHere({ ...broker, ack_timeout: 0 }), /^RabbitMQ 3\.10\.8 closes the channel: /);
  assert.match(
    ways.timeoutHere({ product: "", version: "", ack_timeout: 1800 }),
    /^The broker .* 30 minutes:/,
  );
});

test("what went with the broker: never what auto-ack lost", () => {
  const auto = attempt("worker-1", 5, 40, "connection_closed", { auto_ack: true });
  const hand = attempt("worker-1", 5, 40, "broker_gone", { noticed: "broker_restart" });
  const tasks = [
    task(1, "lost", [], { persistent: false, settled_at: 40 }),
    task(2, "lost", [hand], { persistent: true, settled_at: 40 }),
    task(3, "lost", [auto], { persistent: false, settled_at: 40 }),
    task(4, "lost", [], { persistent: false, settled_at: 7 }),
    task(5, "done", [attempt("worker-1", 5, 6, "acked")], { persistent: false }),
  ];
  const wire = [
    line(40, "", "kill -9", { method: "broker stopped" }),
    line(42, "", "", { method: "broker started" }),
  ];
  const here = world(tasks, {
    lost: ["t1", "t2", "t3", "t4"],
    wire,
    broker: { ...keyframe().broker, up: true },
  });
  const [ready, held, byAuto, before] = [...here.tasks.values()];
  assert.deepEqual([...here.tasks.values()].map(lostWithBroker), [true, true, false, true, false]);
  assert.deepEqual(
    goneWithBroker(here).map(each => each.n),
    [1, 2],
  );
  assert.equal(lostWords(ready), "transient: gone with the broker");
  assert.equal(lostWords(held), "transient queue: gone with the broker");
  assert.equal(goneWords([held, ready]), "#1 and #2 were transient: gone with the broker.");
  assert.equal(goneWords([before]), "#4 was transient: gone with the broker.");
  assert.match(goneWords([ready, held, byAuto, before]), /^4 tasks were /);
  const unconfirmed = task(6, "lost", [], { confirmed_at: null });
  assert.equal(lostWords(unconfirmed), "never confirmed: gone with the broker");
});

test("a queue in its heading's words", () => {
  assert.equal(queueWords({ kind: "classic", durable: false }), "classic queue, transient");
  assert.equal(queueWords({ kind: "quorum", durable: true }), "quorum queue");
  assert.equal(queueWords({ kind: "", durable: true }), "classic queue");
});

test("who listens hears how it was noticed where that took a while, and not where it took none", () => {
  const heard = (noticed, fault) => {
    const before = world([task(19, "unacked", [attempt("worker-2", 5)])], { workers: worker("worker-2") });
    const end = attempt("worker-2", 5, 20, "connection_closed", { noticed, fault });
    return say(changes(before, merge(before, { n: 2, tasks: byId([task(19, "ready", [end])]) }).world));
  };
  assert.equal(
    heard("heartbeat", { kind: "freeze", at: 8.2 }),
    "Task 19 is back in the queue (heartbeat, 11.8 s after the freeze).",
  );
  assert.equal(heard("connection_closed", { kind: "stop", at: 19.9 }), "Task 19 is back in the queue.");
});

test("silence: the page asks, waits, and says within two seconds that nobody is there", () => {
  for (const late of [0, 0.1, LOOK - 0.01]) {
    const pulse = createPulse();
    const seen = [];
    pulse.heard(0);
    for (let now = late; now <= 3; now += LOOK) {
      const next = pulse.look(now);
      if (next !== null) seen.push(next);
      if (next === "gone") assert.ok(now < 2, `${now}`);
    }
    assert.deepEqual(seen, ["ask", "gone"]);
    assert.equal(pulse.heard(9), true, "it is back");
    assert.equal(pulse.heard(9.1), false);
    assert.equal(pulse.look(9.2), null);
  }
});

test("an answer in time is no news, and whoever speaks is not asked", () => {
  const pulse = createPulse();
  for (let now = 0; now < 30; now += 0.3) {
    assert.equal(pulse.heard(now), false);
    assert.equal(pulse.look(now + 0.25), null);
  }
  assert.equal(pulse.look(40), "ask");
  assert.equal(pulse.look(40 + PATIENCE - 0.01), null);
  assert.equal(pulse.heard(41.3), false);
});
