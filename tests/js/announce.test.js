import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { COLLECT, changes, gather, pause } from "../../static/js/core/announce.js";
import { merge } from "../../static/js/core/merge.js";
import { say } from "../../static/js/text/announce.js";
import { mountLive } from "../../static/js/view/live.js";
import { attempt, byId, keyframe, queue, task, worker } from "./frames.js";

/** A world, then those that these deltas make of it one by one: the last is what is said of them all. */
function tell(first, ...deltas) {
  const worlds = [merge(null, keyframe(first)).world];
  for (const [i, delta] of deltas.entries()) worlds.push(merge(worlds.at(-1), { n: i + 2, ...delta }).world);
  return say(worlds.slice(1).reduce((all, world, i) => gather(all, changes(worlds[i], world)), []));
}

const GONE = [6, "connection_closed"];
const AUTO = [null, null, { auto_ack: true }];
const working = (name, ...numbers) =>
  worker(name, { state: "working", holding: numbers.map(n => `t${n}`), held: numbers.length, heartbeat: 4 });
const THREE = {
  queues: queue({ consumers: 3 }),
  workers: { ...worker("worker-1"), ...working("worker-2", 19), ...worker("worker-3") },
};
const HELD = { ...THREE, tasks: byId([task(19, "unacked", [attempt("worker-2", 2)])]) };
const dead = (more = {}) => worker("worker-2", { state: "stopped", why: "kill -9", ...more });
const back = (n, ...more) => task(n, "ready", [attempt("worker-2", 2, ...GONE), ...more]);
const again = (n, to) => ({ ...back(n, attempt(to, 6.003)), state: "unacked", worker: to });

test("a death in words, as one sentence", () => {
  assert.equal(
    tell(HELD, { workers: dead(), tasks: byId([back(19)]) }, { tasks: byId([again(19, "worker-3")]) }),
    "worker-2 was stopped; task 19 is back in the queue; worker-3 has it, second attempt.",
  );
});

test("several tasks are one clause, and so are those that one worker has", () => {
  const numbers = [3, 4, 9];
  const tasks = byId(numbers.map(n => task(n, "unacked", [attempt("worker-2", 2)])));
  const first = { ...THREE, tasks, workers: { ...THREE.workers, ...working("worker-2", ...numbers) } };
  assert.equal(
    tell(
      first,
      { workers: dead(), tasks: byId(numbers.map(n => back(n))) },
      { tasks: byId([again(3, "worker-1"), again(4, "worker-3")]) },
      { tasks: byId([again(9, "worker-1")]) },
    ),
    "worker-2 was stopped; tasks 3, 4 and 9 are back in the queue; worker-1 has tasks 3 and 9, second attempt; worker-3 has task 4, second attempt.",
  );
  assert.match(
    tell(
      first,
      { workers: dead(), tasks: byId(numbers.map(n => back(n))) },
      { tasks: byId(numbers.map(n => again(n, "worker-1"))) },
    ),
    /worker-1 has them, second attempt\.$/,
  );
});

test("forty tasks are a number, and those that no frame names are counted with them", () => {
  const numbers = Array.from({ length: 40 }, (_, i) => i + 1);
  const first = { ...THREE, tasks: byId(numbers.map(n => task(n, "unacked", [attempt("worker-2", 2)]))) };
  const died = (fallen, dropped = numbers) => ({
    workers: dead({ dropped: dropped.map(n => `t${n}`), fallen }),
    tasks: byId(numbers.map(n => back(n))),
  });
  assert.equal(tell(first, died(40)), "worker-2 was stopped; 40 tasks are back in the queue.");
  assert.equal(tell(first, died(100)), "worker-2 was stopped; 100 tasks are back in the queue.");
});

test("what is lost under auto-ack, and why", () => {
  const first = {
    ...THREE,
    ledger: { lost: 0 },
    tasks: byId([task(19, "at_risk", [attempt("worker-2", 2, ...AUTO)])]),
  };
  const lost = n => task(n, "lost", [attempt("worker-2", 2, ...GONE, { auto_ack: true })]);
  assert.equal(
    tell(first, { workers: dead(), tasks: byId([lost(19)]), ledger: { lost: 1 } }),
    "worker-2 was stopped; task 19 is lost: it was acknowledged when it was sent.",
  );
  assert.equal(
    tell(first, { workers: dead(), tasks: byId([lost(19)]), ledger: { lost: 80 } }),
    "worker-2 was stopped; 80 tasks are lost: they were acknowledged when they were sent.",
  );
});

test("finish, freeze and thaw, cut, an end of its own", () => {
  const now = (...states) => tell(THREE, ...states.map(state => ({ workers: worker("worker-2", state) })));
  const at = { state: "working", heartbeat: 4 };
  assert.equal(now({ ...at, leaving: true }), "worker-2 finishes and then leaves.");
  assert.equal(now({ state: "stopped", why: "SIGTERM" }), "worker-2 has finished and left.");
  assert.equal(now({ ...at, state: "frozen" }), "worker-2 is frozen.");
  assert.equal(now({ ...at, state: "frozen" }, at), "worker-2 is frozen; worker-2 goes on.");
  assert.equal(now({ state: "cut" }), "worker-2 was cut off.");
  assert.equal(now({ state: "stopped", why: "exit code 1" }), "worker-2 has ended, exit code 1.");
  assert.equal(now({ state: "cut" }, { state: "idle" }), "worker-2 was cut off; worker-2 is back.");
});

test("a missed heartbeat is the broker's doing, and what it gave back goes on", () => {
  const frozen = more => ({ workers: worker("worker-2", { state: "frozen", ...more }) });
  assert.equal(
    tell(
      { ...HELD, workers: { ...HELD.workers, ...frozen({ heartbeat: 4, holding: ["t19"] }).workers } },
      { ...frozen({ heartbeat: 0 }), tasks: byId([again(19, "worker-1")]) },
    ),
    "The broker has missed the heartbeats of worker-2; task 19 is back in the queue; worker-1 has it, second attempt.",
  );
});

test("a task that nobody wants is dead, and said to be rejected where it was", () => {
  const end = (n, how) => task(n, "dead", [attempt("worker-2", 2, 6, how)]);
  const first = {
    ...THREE,
    tasks: byId([1, 2].map(n => task(n, "unacked", [attempt("worker-2", 2)]))),
  };
  assert.equal(
    tell(first, { tasks: byId([end(1, "rejected"), end(2, "nacked")]), ledger: { dead: 2 } }),
    "Task 1 is dead: rejected; task 2 is dead.",
  );
});

test("the broker goes and comes back: that is said, and not what it does to everybody", () => {
  const everybody = more =>
    Object.assign({}, ...[1, 2, 3].map(n => worker(`worker-${n}`, { state: "stopped", ...more })));
  const broker = up => ({ kind: "embedded", up });
  assert.equal(
    tell(
      HELD,
      { workers: everybody({ why: "exit code 1" }), tasks: byId([back(19)]) },
      { broker: broker(false) },
    ),
    "The broker is down; nothing is delivered until it is back.",
  );
  assert.equal(
    tell(
      { ...HELD, broker: broker(false) },
      { broker: broker(true) },
      { workers: everybody({ state: "idle" }) },
    ),
    "The broker is back; what is durable is still there.",
  );
  // Both within one breath: only where it stands now is true.
  assert.match(tell(HELD, { broker: broker(false) }, { broker: broker(true) }), /^The broker is back/);
});

test("settings that were moved, the last of several moves", () => {
  const settings = (ack, prefetch) => ({ settings: { ack, prefetch, queue: "task_queue" } });
  assert.equal(
    tell(THREE, settings("auto", 1), settings("manual", 1), settings("manual", 0)),
    "Manual ack is on: the broker keeps a copy until the ack; prefetch is no limit.",
  );
  assert.match(tell(THREE, settings("auto", 1)), /^Auto-ack is on/);
});

test("what is in the way now is said once, as it is shown", () => {
  const all = state => Object.assign({}, ...[1, 2, 3].map(n => worker(`worker-${n}`, state)));
  const down = { workers: all({ state: "stopped", why: "kill -9" }), queues: queue({ ready: 0 }) };
  assert.equal(
    tell(THREE, down),
    "worker-1, worker-2 and worker-3 were stopped; every worker is stopped: nothing will be delivered. Press Start again on one.",
  );
  assert.equal(tell({ ...THREE, ...down }, { ledger: { published: 1 } }), "");
  assert.equal(tell({ ...THREE, ...down }, { workers: worker("worker-1") }), "worker-1 is back.");
  assert.doesNotMatch(tell(THREE, down, { workers: worker("worker-1") }), /Every worker/);
});

test("deliveries, acks and results are no news", () => {
  const tasks = (state, ...more) => byId([task(1, state, [attempt("worker-1", 2, ...more)])]);
  assert.equal(
    tell(
      { ...THREE, tasks: byId([task(1, "ready")]) },
      { tasks: tasks("unacked") },
      { tasks: tasks("done", 5, "acked") },
    ),
    "",
  );
  const first = { ...THREE, tasks: tasks("at_risk", ...AUTO) };
  assert.equal(tell(first, { tasks: tasks("done", 5, "result", { auto_ack: true }) }), "");
  assert.deepEqual(changes(null, merge(null, keyframe()).world), []);
});

test("another run makes the old news void, and an unknown change is no trouble", () => {
  const old = merge(null, keyframe(HELD)).world;
  const waiting = [{ kind: "worker_stopped", who: ["worker-2"] }];
  const fresh = changes(old, merge(old, keyframe({ run: 2 })).world);
  assert.equal(say(gather(waiting, fresh)), "A fresh run has begun.");
  assert.equal(say([{ kind: "something" }]), "");
});

test("more than a few changes are counted, so that a sentence ends", () => {
  const many = Array.from({ length: 9 }, (_, i) => ({
    kind: "taken",
    who: [`worker-${i}`],
    tasks: [i],
    attempt: 2,
  }));
  assert.match(say(gather([], many)), /; and 4 more changes\.$/);
});

test("a storm is not read out word by word: a sentence is heard before the next, which has all of the news", () => {
  assert.ok(pause("a".repeat(150)) >= 7500, "people hear about fifteen characters a second");
  mock.timers.enable({ apis: ["setTimeout"] });
  const said = [];
  const live = mountLive({
    set textContent(value) {
      said.push(value);
    },
  });
  let world = merge(null, keyframe(THREE)).world;
  live.update(world, false);
  const STEP = 100;
  for (let i = 0; i < 300; i++) {
    const name = `worker-${(i % 3) + 1}`;
    const state = Math.floor(i / 3) % 2 ? "idle" : "frozen";
    world = merge(world, { n: i + 2, workers: worker(name, { state, heartbeat: 4 }) }).world;
    live.update(world, false);
    mock.timers.tick(STEP);
  }
  const heard = said.reduce((ms, each) => ms + pause(each), 0);
  assert.ok(said.length >= 2, `${said.length} sentences`);
  assert.ok(heard - pause(said.at(-1)) <= 300 * STEP, `${heard} ms of speech in ${300 * STEP} ms`);
  mock.timers.tick(60_000);
  const last = said.length;
  live.update(merge(world, { n: 302, workers: dead() }).world, true); // the picture shows the past
  mock.timers.tick(60_000);
  assert.equal(said.length, last);
  live.update(merge(world, { n: 302, workers: worker("worker-4") }).world, false);
  mock.timers.tick(COLLECT);
  assert.match(said.at(-1), /worker-4 has joined/);
  mock.timers.reset();
});

const NONE = { blackholed: null, delay: 0, armed: [], held: [] };
const hung = { method: "basic.ack", channel: 1, tag: 1, by: "client", task: "t19", at: 5 };
const hurt = (more, at = {}) => ({
  ...THREE.workers,
  ...worker("worker-2", {
    state: "working",
    holding: ["t19"],
    held: 1,
    heartbeat: 4,
    faults: { ...NONE, ...more },
    ...at,
  }),
});

test("an ack that is held, and what becomes of it", () => {
  const held = { workers: hurt({ held: [hung] }) };
  assert.equal(
    tell(HELD, { workers: hurt({ armed: ["basic.ack"] }) }),
    "The next ack of worker-2 will be held.",
  );
  assert.equal(tell(HELD, held), "The ack of worker-2 for task 19 hangs in the tap.");
  assert.equal(
    tell({ ...HELD, ...held }, { workers: hurt({}) }),
    "The ack of worker-2 for task 19 was let go.",
  );
  const dropped = task(19, "unacked", [
    attempt("worker-2", 2, null, null, { fault: { kind: "drop", at: 6 } }),
  ]);
  assert.equal(
    tell({ ...HELD, ...held }, { workers: hurt({}), tasks: byId([dropped]) }),
    "The ack of worker-2 for task 19 was dropped.",
  );
  assert.equal(
    tell(
      { ...HELD, ...held },
      { workers: hurt({}, { state: "stopped", why: "kill -9" }), tasks: byId([back(19)]) },
    ),
    "worker-2 was stopped; task 19 is back in the queue.",
    "what hung in its connection went with it",
  );
  const delivery = { ...hung, method: "basic.deliver", by: "broker" };
  assert.equal(
    tell(HELD, { workers: hurt({ held: [delivery] }) }),
    "The delivery of task 19 to worker-2 hangs in the tap.",
  );
});

test("a cable pulled out, a slow wire, a worker that never acknowledges, work done twice", () => {
  assert.equal(
    tell(HELD, { workers: hurt({ blackholed: 5 }) }),
    "Nothing gets through to or from worker-2, and nobody is told.",
  );
  assert.equal(
    tell({ ...HELD, workers: hurt({ blackholed: 5 }) }, { workers: hurt({}) }),
    "The cable of worker-2 is back.",
  );
  assert.equal(
    tell(HELD, { workers: hurt({ delay: 1000 }) }),
    "Everything to and from worker-2 takes 1 s longer.",
  );
  assert.equal(
    tell({ ...HELD, workers: hurt({ delay: 200 }) }, { workers: hurt({}) }),
    "worker-2 is as fast as before.",
  );
  assert.equal(tell(HELD, { workers: hurt({}, { stuck: true }) }), "worker-2 no longer acknowledges.");
  const twice = { ...again(19, "worker-3"), results: 2 };
  assert.match(
    tell({ ...HELD, tasks: byId([again(19, "worker-3")]) }, { tasks: byId([twice]) }),
    /^Task 19 was done twice\.$/,
  );
});

test("of what has been overtaken nothing is said, and what is counted away is what matters least", () => {
  const armed = { workers: hurt({ armed: ["basic.ack"] }) };
  const held = { workers: hurt({ held: [hung] }) };
  assert.equal(
    tell(
      HELD,
      armed,
      held,
      { workers: hurt({}) },
      { workers: dead(), tasks: byId([back(19)]) },
      {
        tasks: byId([again(19, "worker-3")]),
      },
    ),
    "worker-2 was stopped; task 19 is back in the queue; worker-3 has it, second attempt.",
  );
  assert.equal(tell(HELD, armed, held), "The ack of worker-2 for task 19 hangs in the tap.");
  const leaving = {
    workers: { ...worker("worker-1", { leaving: true }), ...worker("worker-3", { leaving: true }) },
  };
  assert.equal(
    tell(HELD, { settings: { ack: "auto" }, ...leaving }),
    "Auto-ack is on: the broker keeps no copies.",
    "they start anew at once",
  );
  const names = ["worker-4", "worker-5", "worker-6", "worker-7", "worker-8"];
  const slow = names.map((name, i) => worker(name, { faults: { ...NONE, delay: i + 1 } }));
  const many = { ...HELD, workers: Object.assign({}, HELD.workers, ...names.map(name => worker(name))) };
  const said = tell(
    many,
    { workers: Object.assign({}, ...slow) },
    { workers: dead(), tasks: byId([back(19)]) },
  );
  assert.match(said, /; worker-2 was stopped; task 19 is back in the queue; and 2 more changes\.$/);
});

test("work that was skipped is said to be", () => {
  const skipped = { ...again(19, "worker-3"), state: "done", worker: null };
  skipped.attempts = [skipped.attempts[0], attempt("worker-3", 6.003, 6.004, "acked", { known: true })];
  assert.equal(
    tell({ ...HELD, tasks: byId([again(19, "worker-3")]) }, { tasks: byId([skipped]) }),
    "worker-3 skipped task 19: the result was known.",
  );
});
