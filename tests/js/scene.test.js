import assert from "node:assert/strict";
import { test } from "node:test";
import { merge } from "../../static/js/core/merge.js";
import { DURATION } from "../../static/js/core/motion.js";
import { AIR, choose, scene, shownQueue } from "../../static/js/core/scene.js";
import { waitWords } from "../../static/js/text/ways.js";
import { attempt, byId, keyframe, queue, task, worker } from "./frames.js";

const CHOICE = {
  pin: null,
  queue: null,
  still: false,
  room: { ready: 8, ghosts: 4, cell: { ready: 4.2, ghosts: 8 } },
};
const at = (t, more, choice = {}) => scene(merge(null, keyframe(more)).world, t, { ...CHOICE, ...choice });
const names = chips => chips.map(chip => `${chip.task.n}/${chip.place}/${chip.attempt}/${chip.look}`);

/** worker-2 held #19 and died at 6; worker-3 has it since 6.003. */
const DEATH = {
  tasks: byId([
    task(18, "unacked", [attempt("worker-1", 3)]),
    task(19, "unacked", [attempt("worker-2", 2, 6, "connection_closed"), attempt("worker-3", 6.003)]),
  ]),
  queues: queue({ unacked: 2 }),
  workers: {
    ...worker("worker-1", { state: "working", holding: ["t18"], held: 1 }),
    ...worker("worker-2", { state: "stopped", why: "kill -9", dropped: ["t19"], since: 6 }),
    ...worker("worker-3", { state: "working", holding: ["t19"], held: 1 }),
  },
};

test("at the moment of a death the state is there at once, whatever still flies", () => {
  const it = at(6.1, DEATH);
  assert.deepEqual(names([it.lanes[1].running]), ["19/dropped/1/lost"]);
  assert.deepEqual(names([it.lanes[2].running]), ["19/lane/2/again"]);
  assert.equal(it.lanes[2].running.coming, true);
  assert.deepEqual(names(it.ghosts), ["18/ghost/1/held", "19/ghost/2/held"]);
  assert.equal(it.ghosts[1].worker, "worker-2");
  assert.equal(it.trails[0].to, "worker-3");
});

test("the copy lights up when the closed connection has reached it", () => {
  assert.equal(at(6.7, DEATH).ghosts[1].look, "again");
  assert.equal(at(6.7, DEATH).ghosts[1].worker, "worker-2");
  const later = at(8, DEATH);
  assert.equal(later.ghosts[1].worker, "worker-3");
  assert.equal(later.lanes[2].running.coming, false);
});

test("without motion everything is in its place at once", () => {
  const it = at(6.01, DEATH, { still: true });
  assert.equal(it.flights.length, 0);
  assert.equal(it.lanes[2].running.coming, false);
  assert.equal(it.ghosts[1].worker, "worker-3");
});

/** What the Unacked shelf with four cells has: numbers, those with a ✓ whose ack is in the air, and how many more there are. */
const shelf = (t, tasks, unacked, choice) => {
  const it = at(t, { tasks: byId(tasks), queues: queue({ unacked }) }, choice);
  return [
    it.ghosts.map(chip => `${chip.task.n}${chip.place === "done" ? "✓" : ""}`).join(" "),
    it.ghostsMore,
  ];
};
const held = (n, since = 2, more = []) => task(n, "unacked", [...more, attempt(`worker-${n}`, since)]);
const acked = (n, end = 5, since = 2) => task(n, "done", [attempt(`worker-${n}`, since, end, "acked")]);

test("on a full shelf a cell changes hands when the ack lands", () => {
  const one = [acked(1), held(2), held(3), held(4), held(5, 5.002)];
  assert.deepEqual(shelf(5.2, one, 4), ["1✓ 2 3 4", 0]);
  assert.deepEqual(shelf(5.66, one, 4), ["2 3 4 5", 0]);
  const all = [1, 2, 3, 4].flatMap(n => [acked(n, 5 + n / 500), held(n + 4, 5.001 + n / 500)]);
  assert.deepEqual(shelf(5.2, all, 4), ["1✓ 2✓ 3✓ 4✓", 0]);
  assert.deepEqual(shelf(5.66, all, 4), ["5 6 7 8", 0]);
  const free = [acked(1), held(2), held(3), held(4, 5.1)];
  assert.deepEqual(shelf(5.2, free, 3), ["1✓ 2 3 4", 0]);
});

test("nobody waits for a cell longer than an ack flies, nor one that comes back or is pinned", () => {
  const others = [acked(1), held(2), held(3), held(4)];
  const early = [...others, held(5, 4.9)];
  assert.deepEqual(shelf(5.52, early, 4), ["1✓ 2 3 4", 0]);
  const it = at(5.52, { tasks: byId(early), queues: queue({ unacked: 4 }) });
  assert.equal(it.next, 4.9 + DURATION.ack);
  assert.deepEqual(shelf(5.56, early, 4), ["2 3 4 5", 0]);
  const back = [...others, held(5, 5.002, [attempt("worker-9", 2, 5, "connection_closed")])];
  assert.deepEqual(shelf(5.2, back, 4), ["2 3 4 5", 0]);
  assert.deepEqual(shelf(5.2, [...others, held(5, 5.002)], 4, { pin: 5 }), ["2 3 4 5", 0]);
  const without = [...others, held(5, 5.002)];
  assert.deepEqual(shelf(5.2, without, 4, { still: true }), ["2 3 4 5", 0]);
});

test("where acks come faster than a flight takes nobody waits for them, and no shelf is full of what is done", () => {
  const quick = [acked(1, 5, 4.8), held(2), held(3), held(4), held(5, 5.002)]; // its delivery is in the air till 5.4
  assert.deepEqual(shelf(5.5, quick, 4), ["2 3 4 5", 0]);
  const many = Array.from({ length: 100 }, (_, n) => acked(n + 1, 4.5 + n / 200));
  const buffered = Array.from({ length: 50 }, (_, n) => held(n + 101, 3 + n / 200));
  assert.deepEqual(shelf(5, [...many, ...buffered], 50, { room: { ...CHOICE.room, ghosts: 12 } }), [
    "95✓ 96✓ 97✓ 98✓ 99✓ 100✓ 101 102 103 104 105",
    45,
  ]);
});

test("where there are more copies than cells each that stays is counted, and none that leaves", () => {
  const more = [3, 4, 5, 6].map(n => held(n));
  assert.deepEqual(shelf(5.2, [acked(1), held(2), ...more, held(7, 5.002)], 6), ["1✓ 2 3", 4]);
  assert.deepEqual(shelf(5.7, [acked(1), held(2), ...more, held(7, 5.002)], 6), ["2 3 4", 3]);
  assert.deepEqual(shelf(5.2, [held(2), ...more, acked(8)], 5), ["2 3 4", 2]);
});

test("the ghost stays until its ack has landed, and says it is done", () => {
  const acked = {
    tasks: byId([task(1, "done", [attempt("worker-1", 2, 5, "acked")], { settled_at: 5 })]),
    queues: queue(),
  };
  assert.deepEqual(names(at(5.2, acked).ghosts), ["1/done/1/held"]);
  assert.equal(at(5.2, acked).flights[0].kind, "ack");
  assert.deepEqual(at(7, acked).ghosts, []);
});

test("while the old holder stands on the copy, the new one's patience is not counted down there", () => {
  const next = attempt("worker-3", 6.003, null, null, { deadline: 14 });
  const it = task(19, "unacked", [attempt("worker-2", 2, 6, "connection_closed"), next]);
  const copy = t => at(t, { ...DEATH, tasks: byId([it]) }).ghosts[0];
  assert.deepEqual([copy(6.9).worker, copy(6.9).patience], ["worker-2", null]);
  assert.deepEqual([copy(7.4).worker, copy(7.4).patience], ["worker-3", 14]);
});

test("what is acked before it was seen to come lands in its lane, and only then is acknowledged", () => {
  const quick = task(3, "done", [
    attempt("worker-1", 2, 6, "connection_closed"),
    attempt("worker-2", 6.001, 6.003, "acked"),
  ]);
  const workers = {
    ...worker("worker-1", { state: "stopped", why: "kill -9", dropped: ["t3"], since: 6 }),
    ...worker("worker-2"),
  };
  const seen = t => {
    const it = at(t, { tasks: byId([quick]), queues: queue(), workers });
    return [
      ...names(it.ghosts),
      it.ghosts[0]?.worker,
      ...names(it.lanes.flatMap(lane => lane.running ?? [])),
    ];
  };
  const dead = "3/dropped/1/lost";
  assert.deepEqual(seen(6.2), ["3/ghost/2/held", "worker-1", dead, "3/lane/2/again"]); // the closed connection is on its way
  assert.deepEqual(seen(7), ["3/ghost/2/again", "worker-1", dead, "3/lane/2/again"]); // the copy flies on
  assert.deepEqual(seen(7.5), ["3/done/2/again", "worker-2", dead, "3/lane/2/done"]); // its ack flies back
  assert.deepEqual(seen(8), [undefined, dead]);
  const first = task(1, "done", [attempt("worker-2", 2, 2.01, "acked")]);
  assert.deepEqual(names(at(2.3, { tasks: byId([first]), queues: queue(), workers }).ghosts), [
    "1/ghost/1/held",
  ]);
});

test("a scene says when it changes by itself, and nothing moves in a quiet one", () => {
  assert.ok(at(6.1, DEATH).next < 7);
  const quiet = at(500, { tasks: byId([task(1, "done", [attempt("w", 2, 5, "acked")])]), queues: queue() });
  assert.equal(quiet.next, Number.POSITIVE_INFINITY);
  assert.equal(quiet.counting, false);
});

test("rows that are too long are grouped honestly", () => {
  const known = Array.from({ length: 40 }, (_, i) => i);
  assert.deepEqual(choose(known, 10_000, 25, 4), { shown: known.slice(0, 23), more: 9977 }); // its label needs two cells
  assert.deepEqual(choose(known, 10_000, 25, 3.9), { shown: known.slice(0, 22), more: 9978 }); // or three smaller ones
  assert.deepEqual(choose(known, 124, 25, 13), { shown: known.slice(0, 24), more: 100 });
  assert.deepEqual(choose([1, 2], 2, 2), { shown: [1, 2], more: 0 });
  assert.deepEqual(choose([1, 2, 3], 3, 2, 9), { shown: [1], more: 2 });
  assert.deepEqual(choose([], 7, 5), { shown: [], more: 7 });
  assert.deepEqual(choose([1], 1, 0), { shown: [], more: 1 });
});

test("where copies do not fit, the one that came back and the pinned one are among those shown", () => {
  const tasks = [
    ...Array.from({ length: 9 }, (_, i) => task(i + 1, "unacked", [attempt("worker-1", 3)])),
    task(30, "unacked", [attempt("worker-2", 2, 6, "connection_closed"), attempt("worker-3", 6.003)]),
    task(40, "unacked", [attempt("worker-1", 3)]),
  ];
  const it = at(6.2, { tasks: byId(tasks), queues: queue({ unacked: 60 }) }, { pin: 40 });
  assert.deepEqual(
    it.ghosts.map(chip => chip.task.n),
    [1, 30, 40],
  );
  assert.equal(it.ghostsMore, 57);
});

test("work on a buffered task began when the one before it ended", () => {
  const it = at(8, {
    tasks: byId([
      task(1, "done", [attempt("worker-1", 2, 5, "acked")]),
      task(2, "unacked", [attempt("worker-1", 2)]),
      task(3, "unacked", [attempt("worker-1", 2)]),
    ]),
    queues: queue({ unacked: 2 }),
    workers: worker("worker-1", { state: "working", holding: ["t2", "t3"], held: 2, prefetch: 2 }),
  });
  assert.equal(it.lanes[0].began, 5);
  assert.deepEqual(names(it.lanes[0].behind), ["3/lane/1/held"]);
});

test("a task back in Ready is marked, and its copy waits for the closed connection", () => {
  const more = {
    tasks: byId([task(3, "ready", [attempt("worker-2", 2, 6, "connection_closed")], { redelivered: false })]),
    queues: queue({ ready: 1, next: "t3", window: ["t3"] }),
  };
  const it = at(6.1, more);
  assert.deepEqual(names(it.ready), ["3/ready/1/again"]);
  assert.equal(it.ready[0].coming, true);
  assert.equal(it.ghosts.length, 1);
  assert.equal(at(9, more).ghosts.length, 0);
});

test("the configured queue is shown first; a chosen one if it is there", () => {
  const queues = { ...queue({ ready: 1 }), hello: { name: "hello", ready: 90 } };
  assert.equal(at(1, { queues }).queue.name, "task_queue");
  assert.equal(at(1, { queues }, { queue: "hello" }).queue.name, "hello");
  assert.equal(at(1, { queues }, { queue: "gone" }).queue.name, "task_queue");
  assert.equal(at(1, {}).queue, null);
  const { world } = merge(null, keyframe({ queues: { guests: { name: "guests", ready: 90 } } }));
  assert.equal(shownQueue(world, null).name, "guests");
});

test("in a crowd of flights the telling ones are kept", () => {
  const tasks = Array.from({ length: 300 }, (_, i) => task(i + 1, "ready", [], { published_at: 5 }));
  tasks.push(
    task(900, "unacked", [attempt("worker-2", 2, 5, "connection_closed"), attempt("worker-3", 5.002)]),
  );
  const it = at(5.1, { tasks: byId(tasks), queues: queue({ ready: 300, unacked: 1 }) });
  assert.equal(it.flights.length, AIR);
  assert.ok(it.flights.some(flight => flight.task.n === 900));
});

test("a scene has the hint for its queue, and wakes up for the next one", () => {
  assert.equal(at(1, {}).hint.key, "no_workers");
  const mail = { ...queue({ consumers: 1 }), mail: { name: "mail", ready: 1 } };
  const it = at(1.2, { workers: worker("worker-1", { since: 1 }), queues: mail }, { queue: "mail" });
  assert.deepEqual([it.hint.key, it.hint.quiet], ["unheard", false]);
  const idle = { workers: worker("worker-1", { since: 1 }), queues: queue({ consumers: 1 }) };
  assert.deepEqual([at(1.2, idle).hint, at(1.2, idle).next], [null, 2]);
});

test("500 live tasks are worked out in a few milliseconds", () => {
  const tasks = Array.from({ length: 500 }, (_, i) =>
    task(i + 1, "unacked", [attempt(`worker-${i % 8}`, 5 + i / 1000)]),
  );
  const it = at(5.3, { tasks: byId(tasks), queues: queue({ unacked: 500 }) });
  assert.equal(it.ghosts.length + it.ghostsMore, 500);
});

test("all that one closed connection gave back is one way back, with a count", () => {
  const back = Array.from({ length: 5 }, (_, i) =>
    task(i + 1, "unacked", [
      attempt("worker-2", 2, 6, "connection_closed"),
      attempt(i % 2 ? "worker-1" : "worker-3", 6.003 + i / 1000),
    ]),
  );
  const dropped = back.map(each => each.id);
  const it = at(7.5, {
    tasks: byId(back),
    queues: queue({ unacked: 5 }),
    workers: { ...DEATH.workers, ...worker("worker-2", { state: "stopped", dropped, since: 6 }) },
  });
  assert.equal(it.trails.length, 5);
  assert.equal(it.bundles.length, 1);
  const [bundle] = it.bundles;
  assert.deepEqual(
    bundle.tasks.map(each => each.n),
    [1, 2, 3, 4, 5],
  );
  assert.deepEqual(
    bundle.onward.map(each => each.to),
    ["worker-3", "worker-1"],
  ); // once for each lane
  assert.ok(Math.abs(bundle.gap - 0.003) < 1e-9);
  assert.equal(bundle.least, false);
});

test("where the broker had to notice, the way back has the wait; a closed connection has its gap alone", () => {
  const watch = (noticed, fault, end = "connection_closed") => {
    const first = attempt("worker-2", 1, 6, end, { noticed, fault });
    const it = task(19, "unacked", [first, attempt("worker-3", 6.0003)]);
    return at(7.5, { ...DEATH, tasks: byId([it]) }).bundles[0].watch;
  };
  assert.deepEqual(waitWords(watch("heartbeat", { kind: "blackhole", at: 1.6 })), ["heartbeat", "4.4 s"]);
  assert.deepEqual(waitWords(watch("ack_timeout", null, "channel_closed")), ["ack timeout", "5.0 s"]);
  assert.equal(watch("connection_closed", { kind: "stop", at: 5.99 }), null);
  assert.equal(watch("heartbeat", null), null); // since when it was silent nobody knows
});

test("a way back stays its time, whatever the lane does after it and however the delivery ended", () => {
  for (const end of ["connection_closed", "channel_closed", "nacked"]) {
    const back = task(19, "unacked", [attempt("worker-2", 2, 6, end), attempt("worker-3", 6.003)]);
    for (const lane of [{ state: "idle" }, { state: "working", holding: ["t18"], held: 1 }]) {
      const workers = { ...DEATH.workers, ...worker("worker-2", lane) };
      const it = at(9, { ...DEATH, tasks: byId([back]), workers });
      assert.deepEqual([it.back[0]?.from, it.bundles[0]?.onward[0]?.to], ["worker-2", "worker-3"]);
      assert.deepEqual(at(15.1, { ...DEATH, tasks: byId([back]), workers }).trails, []);
    }
  }
});

test("two workers that died have a way back each, the last one first", () => {
  const it = at(7.5, {
    tasks: byId([
      task(1, "ready", [attempt("worker-1", 2, 6, "connection_closed")]),
      task(2, "ready", [attempt("worker-2", 2, 7, "connection_closed")]),
    ]),
    queues: queue({ ready: 2, window: ["t1", "t2"] }),
    workers: {
      ...worker("worker-1", { state: "stopped", dropped: ["t1"], since: 6 }),
      ...worker("worker-2", { state: "stopped", dropped: ["t2"], since: 7 }),
    },
  });
  assert.deepEqual(
    it.bundles.map(each => each.from),
    ["worker-2", "worker-1"],
  );
});

test("the lost of the queue shown are named, those of others counted", () => {
  const lost = (n, where) =>
    task(n, "lost", [attempt("w", 2, 5, "connection_closed", { auto_ack: true })], {
      queue: where,
      settled_at: 5,
    });
  const it = at(9, {
    tasks: byId([lost(1, "task_queue"), lost(2, "hello"), lost(3, "hello")]),
    queues: { ...queue(), hello: { name: "hello" } },
    lost: ["t1", "t2", "t3"],
    ledger: { published: 9, lost: 9 },
  });
  assert.deepEqual(names(it.lost), ["1/lost/1/lost"]);
  assert.deepEqual([it.lostElsewhere, it.lostMore], [2, 6]);
});
