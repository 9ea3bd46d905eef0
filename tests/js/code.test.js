import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  acting,
  behind,
  changed,
  FLASH,
  freeName,
  inForce,
  PATTERNS,
  parse,
} from "../../static/js/core/code.js";
import { merge } from "../../static/js/core/merge.js";
import { tokens } from "../../static/js/core/python.js";
import { scene } from "../../static/js/core/scene.js";
import { tapUrl } from "../../static/js/core/tap.js";
import { attempt, byId, keyframe, queue, task, worker } from "./frames.js";

const SOURCE = readFileSync(new URL("../../workers/worker.py", import.meta.url), "utf8");
const CHOICE = {
  pin: null,
  queue: null,
  still: false,
  tab: "code",
  lane: null,
  room: { ready: 9, ghosts: 9 },
};

/** The line that worker-1 is at, and how. */
function at(t, tasks, more = {}) {
  const { world } = merge(
    null,
    keyframe({ at: t, tasks: byId(tasks), queues: queue(), workers: worker("worker-1", more) }),
  );
  const it = acting(scene(world, t, CHOICE).lanes[0], world, t);
  return [it.line, it.how, it.task];
}

const WORKING = { state: "working", holding: ["t1"], held: 1 };

test("every line that matters is on exactly one line of the real worker.py", () => {
  const { lines, at: where, known } = parse(SOURCE);
  for (const [name, pattern] of Object.entries(PATTERNS)) {
    const found = lines.filter(line => pattern.test(line));
    assert.equal(found.length, 1, `${name} is on ${found.length} lines`);
  }
  assert.equal(known, true);
  assert.ok(where.received < where.work && where.work < where.result && where.result < where.ack);
  assert.ok(where.prefetch < where.consume && where.consume < where.wait);
});

test("another program is known to be another", () => {
  assert.equal(parse("print('hello')\n").known, false);
  assert.equal(parse(`${SOURCE}\n${SOURCE}`).known, false);
});

test("a delivery: received, worked on, its result published, acknowledged, and waiting again", () => {
  const open = [task(1, "unacked", [attempt("worker-1", 2)])];
  assert.deepEqual(at(2.1, open, WORKING), ["received", "acting", 1]);
  assert.deepEqual(at(2.6, open, WORKING), ["work", "acting", 1]);
  const done = [task(1, "done", [attempt("worker-1", 2, 5.001, "acked", { result_at: 5 })])];
  assert.deepEqual(at(4.9, done), ["work", "acting", 1], "the frame is ahead of the picture");
  assert.deepEqual(at(5.1, done), ["result", "acting", 1]);
  assert.deepEqual(at(5.6, done), ["ack", "acting", 1]);
  assert.deepEqual(at(6.3, done), ["wait", "acting", null]);
  assert.deepEqual(at(1, []), ["wait", "acting", null]);
});

test("the next task has its lines after the ack of the one before has been seen", () => {
  const tasks = [
    task(2, "done", [attempt("worker-1", 1, 5.001, "acked", { result_at: 5 })]),
    task(1, "unacked", [attempt("worker-1", 1)]), // prefetched: begun when the one before was settled
  ];
  assert.deepEqual(at(5.7, tasks, WORKING), ["ack", "acting", 2]);
  assert.deepEqual(at(6.4, tasks, WORKING), ["received", "acting", 1]);
  assert.deepEqual(at(7, tasks, WORKING), ["work", "acting", 1]);
});

test("it says when it changes by itself, so that nobody has to look all the time", () => {
  const { world } = merge(
    null,
    keyframe({
      tasks: byId([task(1, "done", [attempt("worker-1", 2, 5.001, "acked", { result_at: 5 })])]),
      workers: worker("worker-1"),
    }),
  );
  const next = t => acting(scene(world, t, CHOICE).lanes[0], world, t).next;
  assert.equal(next(5.1), 5.5);
  assert.equal(next(5.6), 6.2);
  assert.equal(next(6.3), Number.POSITIVE_INFINITY);
});

test("a killed worker stays at the line it died in: at once at work, though the eye still saw it receive", () => {
  const tasks = [task(1, "ready", [attempt("worker-1", 2, 2.2, "connection_closed")])];
  const dead = { state: "stopped", why: "kill -9", pid: null, since: 2.2, dropped: ["t1"] };
  assert.deepEqual(at(9, tasks, dead), ["work", "died", 1]);
  assert.deepEqual(at(9, [], { ...dead, dropped: [] }), ["wait", "died", null]);
});

test("a frozen one stands still, also when its task has gone to another", () => {
  const frozen = { ...WORKING, state: "frozen", why: "SIGSTOP", since: 3 };
  assert.deepEqual(at(9, [task(1, "unacked", [attempt("worker-1", 2)])], frozen), ["work", "frozen", 1]);
});

test("one that left by itself, one that lost its broker, one that fell over otherwise, one not yet there", () => {
  const gone = { state: "stopped", pid: null };
  assert.deepEqual(at(9, [], { ...gone, why: "SIGTERM" }), ["left", "left", null]);
  const lost = { ...gone, why: "exit code 1", output: [" [!] No broker: StreamLostError()"] };
  assert.deepEqual(at(9, [], lost), ["failed", "failed", null]);
  assert.deepEqual(at(9, [], { ...gone, why: "exit code 1" }), [null, "failed", null]);
  assert.deepEqual(at(9, [], { state: "starting" }), ["connect", "acting", null]);
  assert.deepEqual(at(9, [], { state: "starting", pid: null }), [null, "off", null]);
});

test("under auto-ack the result ends it: no line acknowledges", () => {
  const done = [task(1, "done", [attempt("worker-1", 2, 5, "result", { auto_ack: true, result_at: 5 })])];
  const auto = { ack: "auto" };
  assert.deepEqual(at(5.1, done, auto), ["result", "acting", 1]);
  assert.deepEqual(at(5.6, done, auto), ["wait", "acting", null]);
});

test("a moved switch marks its lines for a while, and again when the worker has started with it", () => {
  const it = { ...worker("w").w, away: [{ state: "starting", since: 19, until: 20, why: "" }] };
  const settings = { ack: "auto", prefetch: 1, queue: "q", moved: { ack: 10 } };
  const lines = t => [...changed(it, settings, t).lines].sort();
  assert.deepEqual(lines(9.9), [], "not before it was moved");
  assert.deepEqual(lines(10), ["ack", "consume", "mode", "prefetch"]);
  assert.deepEqual(lines(10 + FLASH), []);
  assert.deepEqual(lines(20.5), ["ack", "consume", "mode", "prefetch"]);
  assert.equal(changed(it, settings, 20.5).next, 20 + FLASH);
  assert.deepEqual([...changed(it, { ...settings, moved: { prefetch: 30 } }, 30).lines], ["prefetch"]);
  assert.equal(behind(it, settings), true);
  assert.equal(behind({ ...it, ack: "auto" }, settings), false);
});

test("what is copied has the values in force as defaults, and is the file otherwise", () => {
  const values = {
    AMQP_URL: "amqp://guest:guest@localhost:5673/",
    WORKER_NAME: "my-worker",
    WORKER_ACK: "auto",
    WORKER_PREFETCH: "5",
    WORKER_QUEUE: 'a "queue" \\ of mine',
  };
  const copied = inForce(SOURCE, values).split("\n");
  const original = SOURCE.split("\n");
  const differ = copied.filter((line, i) => line !== original[i]);
  assert.equal(copied.length, original.length);
  assert.equal(differ.length, Object.keys(values).length + 1);
  assert.ok(differ.some(line => line.startsWith('ack = os.environ.get("WORKER_ACK", "auto")')));
  assert.ok(!copied.includes("import once"));
  assert.ok(
    copied.some(line => line === 'queue = os.environ.get("WORKER_QUEUE", "a \\"queue\\" \\\\ of mine")'),
  );
  for (const value of ["5673", "my-worker", '"5"'])
    assert.equal(differ.filter(line => line.includes(value)).length, 1, value);
});

test("its name is one that nobody has", () => {
  const taken = keyframe({
    workers: { ...worker("my-worker"), ...worker("my-worker-2") },
    producers: { "my-worker-3": {} },
  });
  assert.equal(freeName("my-worker", merge(null, taken).world), "my-worker-4");
});

test("the tap's URL: our host and port, the broker's user and virtual host, never a password that is not public", () => {
  const url = from => tapUrl({ url: from, amqp_port: 5673 }, "10.0.0.7");
  assert.equal(url("amqp://guest@localhost:5672/%2F"), "amqp://guest:guest@10.0.0.7:5673/");
  assert.equal(url("amqp://eva@rabbit:5672/class%2Fa"), "amqp://eva:PASSWORD@10.0.0.7:5673/class%2Fa");
  assert.equal(url(""), "amqp://guest:guest@10.0.0.7:5673/");
});

test("Python in words, strings and comments, and put together the same line", () => {
  const kinds = line =>
    tokens(line)
      .filter(each => each.kind !== "")
      .map(each => [each.kind, each.text]);
  assert.deepEqual(kinds(`    print(f" [x] {body.decode(errors='replace')}", flush=True)`), [
    ["string", `f" [x] {body.decode(errors='replace')}"`],
    ["word", "True"],
  ]);
  assert.deepEqual(kinds(`if not x:  # "why"`), [
    ["word", "if"],
    ["word", "not"],
    ["comment", `# "why"`],
  ]);
  assert.deepEqual(kinds(`notable = "# no comment"`), [["string", `"# no comment"`]]);
  for (const line of SOURCE.split("\n"))
    assert.equal(
      tokens(line)
        .map(each => each.text)
        .join(""),
      line,
    );
});
