import assert from "node:assert/strict";
import { test } from "node:test";
import { clientOf, kindOf, narrows, select, speakerOf, speakers } from "../../static/js/core/filter.js";

const line = (who, to, method, detail = "", task = null) => ({
  key: "",
  seq: 0,
  at: 0,
  who,
  to,
  method,
  detail,
  task,
  tone: "",
});
const LINES = [
  line("producer", "broker", "basic.publish", "task_queue", "t1"),
  line("broker", "producer", "basic.ack", "confirm", "t1"),
  line("broker", "worker-2", "basic.deliver", "tag=1", "t1"),
  line("", "", "…", "44 more"),
  line("worker-2", "broker", "basic.ack", "tag=1", "t1"),
  line("unacked", "worker-10", "kill -9"),
  line("worker-10", "broker", "tcp closed"),
];
const ALL = { task: null, who: "", kinds: new Set() };
const of = filter => select(LINES, { ...ALL, ...filter }).shown.map(each => `${each.who} ${each.method}`);

test("nothing asked for: every line, also those that say what was left out", () => {
  const { shown, fit, of, left } = select(LINES, ALL);
  assert.deepEqual([shown.length, fit, of, left], [7, 6, 6, 44]);
  assert.equal(narrows(ALL), false);
});

test("by task, by who took part, by kind, and all of it together", () => {
  assert.equal(of({ task: "t1" }).length, 4);
  assert.deepEqual(of({ who: "worker-2" }), ["broker basic.deliver", "worker-2 basic.ack"]);
  assert.deepEqual(of({ who: "broker" }), ["broker basic.ack", "broker basic.deliver"]);
  assert.deepEqual(of({ who: "worker-10" }), ["unacked kill -9", "worker-10 tcp closed"]);
  assert.deepEqual(of({ kinds: new Set(["ack", "deliver"]) }), [
    "broker basic.deliver",
    "worker-2 basic.ack",
  ]);
  assert.deepEqual(of({ task: "t1", who: "worker-2", kinds: new Set(["ack"]) }), ["worker-2 basic.ack"]);
  assert.deepEqual(of({ task: "gone" }), []);
  const { fit, of: all, left } = select(LINES, { ...ALL, who: "worker-2" });
  assert.deepEqual([fit, all, left], [2, 6, 44]);
});

test("a confirm is the broker's ack, and no worker's", () => {
  assert.deepEqual(
    LINES.map(kindOf).filter(kind => kind !== "process"),
    ["publish", "confirm", "deliver", "ack", "close"],
  );
  assert.equal(kindOf(line("w", "broker", "basic.reject")), "nack");
  assert.equal(kindOf(line("broker", "producer", "basic.nack", "confirm")), "confirm");
  assert.equal(kindOf(line("w", "broker", "queue.declare")), "queue");
  assert.equal(kindOf(line("w", "broker", "something.new")), "process");
});

test("who spoke, and whom it is about", () => {
  assert.deepEqual(LINES.map(speakerOf), [
    "client",
    "broker",
    "broker",
    "client",
    "client",
    "engine",
    "client",
  ]);
  assert.deepEqual(LINES.map(clientOf), [
    "producer",
    "producer",
    "worker-2",
    "",
    "worker-2",
    "worker-10",
    "worker-10",
  ]);
  assert.deepEqual(speakers(LINES), ["broker", "producer", "worker-2", "worker-10"]);
});
