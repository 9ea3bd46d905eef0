// Keyframes of scenes for the page's tests; see scripted.py.
import { attempt, byId, keyframe, task, worker } from "./frames.js";

const AT = 100;
const entry = (name, more) => ({
  [name]: {
    name,
    kind: "quorum",
    durable: true,
    ready: 0,
    unacked: 0,
    consumers: 1,
    window: [],
    difference: 0,
    ...more,
  },
});

/** So many workers at work, so many tasks in each one's hands, and the rest ready. The first number is `from`. */
export function busy({
  lanes,
  each = 1,
  prefetch = 1,
  ready = 0,
  from = 1,
  ack = "manual",
  names = {},
  body = "photo....",
  more = {},
}) {
  const auto = ack === "auto";
  const tasks = [];
  const workers = {};
  let n = from;
  for (let i = 1; i <= lanes; i++) {
    const name = names[i] ?? `worker-${i}`;
    const held = Array.from({ length: each }, () =>
      task(n++, auto ? "at_risk" : "unacked", [attempt(name, AT - 1.5, null, null, { auto_ack: auto })], {
        body,
        seconds: 4,
        size: body.length,
      }),
    );
    tasks.push(...held);
    Object.assign(
      workers,
      worker(name, {
        state: each > 0 ? "working" : "idle",
        pid: 4000 + i,
        ack,
        prefetch,
        order: i,
        done: i,
        holding: held.map(it => it.id),
        held: each,
      }),
    );
  }
  const waiting = Array.from({ length: Math.min(40, ready) }, () =>
    task(n++, "ready", [], { published_at: AT - 60, body }),
  );
  tasks.push(...waiting);
  const published = lanes * each + ready + from - 1;
  const held = lanes * each;
  return keyframe({
    at: AT,
    settings: { ack, prefetch, queue: "task_queue" },
    ledger: { published, done: from - 1, ready, unacked: auto ? 0 : held, at_risk: auto ? held : 0 },
    queues: entry("task_queue", {
      ready,
      unacked: auto ? 0 : held,
      consumers: lanes,
      window: waiting.map(it => it.id),
      next: waiting[0]?.id ?? null,
    }),
    tasks: byId(tasks),
    workers,
    ...more,
  });
}

/** The same a moment after the worker number `dead` was killed; its tasks go to the others, or wait where `free` is false. */
export function killed({ dead, free = true, ...more }) {
  const frame = busy(more);
  const name = `worker-${dead}`;
  const died = frame.workers[name];
  const alive = Object.keys(frame.workers).filter(each => each !== name);
  const ids = died.holding;
  for (const [i, id] of ids.entries()) {
    const it = frame.tasks[id];
    it.attempts[0] = { ...it.attempts[0], ended_at: AT - 3, delivered_at: AT - 5, end: "connection_closed" };
    it.redelivered = true;
    it.state = free ? "unacked" : "ready";
    const to = alive[i % alive.length];
    if (free) {
      it.attempts.push(attempt(to, AT - 2.997, null, null, { redelivered: true }));
      frame.workers[to].holding.push(id);
      frame.workers[to].held += 1;
    }
    it.worker = free ? to : null;
  }
  frame.workers[name] = {
    ...died,
    state: "stopped",
    why: "kill -9",
    since: AT - 3,
    holding: [],
    held: 0,
    dropped: ids,
    pid: null,
  };
  const queue = frame.queues.task_queue;
  if (!free) {
    queue.window = [...ids, ...queue.window].slice(0, 40);
    queue.next = ids[0];
    queue.ready += ids.length;
    queue.unacked -= ids.length;
  }
  frame.ledger = { ...frame.ledger, ready: queue.ready, unacked: queue.unacked, redelivered: ids.length };
  return frame;
}

/** The ack of the first worker's task is in the air. */
export function acking() {
  const frame = busy({ lanes: 2 });
  const it = frame.tasks.t1;
  frame.tasks.t1 = { ...it, state: "done", settled_at: AT };
  frame.tasks.t1.attempts[0] = { ...it.attempts[0], ended_at: AT, end: "acked" };
  Object.assign(frame.workers["worker-1"], { state: "idle", holding: [], held: 0 });
  frame.queues.task_queue.unacked = 1;
  return frame;
}

/** Several queues with something in them, the configured one among them, and lost tasks of two. */
export function queues(names) {
  const lost = ["task_queue", names[0], names[0]].map((queue, i) =>
    task(i + 1, "lost", [attempt("worker-1", AT - 50, AT - 40, "connection_closed", { auto_ack: true })], {
      queue,
      settled_at: AT - 40,
    }),
  );
  const frame = busy({ lanes: 2, from: 4 });
  for (const [i, name] of names.entries()) Object.assign(frame.queues, entry(name, { ready: i + 1 }));
  const more = names.reduce((sum, _, i) => sum + i + 1, 0);
  frame.ledger = { ...frame.ledger, published: 5 + more, done: 0, ready: more, lost: 3 };
  frame.tasks = { ...frame.tasks, ...byId(lost) };
  frame.lost = lost.map(it => it.id);
  return frame;
}

/** So many lost under auto-ack, the frames naming fifty at most; where `ack` is manual, that is past. */
export function lost({ count, from = 1, ack = "auto" }) {
  const frame = busy({ lanes: 2, from: from + count, ack });
  const named = Array.from({ length: Math.min(50, count) }, (_, i) =>
    task(from + i, "lost", [attempt("worker-1", AT - 50, AT - 40, "connection_closed", { auto_ack: true })], {
      settled_at: AT - 40,
    }),
  );
  frame.ledger = { ...frame.ledger, done: from - 1, lost: count };
  frame.tasks = { ...frame.tasks, ...byId(named) };
  frame.lost = named.map(it => it.id);
  return frame;
}

/** The broker went away with a task in every hand; where `back`, it is there again. */
export function outage(back) {
  const frame = killed({ lanes: 3, dead: 1, free: false });
  for (const name of Object.keys(frame.workers)) {
    const it = frame.workers[name];
    frame.workers[name] = {
      ...it,
      state: "stopped",
      why: "exit code 1",
      since: AT - 2.9,
      restart_at: AT + 1,
    };
  }
  const line = (seq, at, method, tone) => ({
    seq,
    at,
    who: "broker",
    to: "",
    method,
    detail: "",
    task: null,
    tone,
  });
  frame.wire = [
    line(5, AT - 2.98, "broker stopped", "bad"),
    ...(back ? [line(9, AT - 2.5, "broker started", "ok")] : []),
  ];
  frame.broker = { ...frame.broker, up: back };
  return frame;
}

/**
 * Every way to hurt a connection at once, four workers with a task each: worker-1's ack is held, worker-2's delivery too, worker-3 is behind a
 * black hole, worker-4 never acknowledges, worker-5's wire is slow and waits for its next publish. Where `only` names some of them by number, the
 * others are not there.
 */
export function wounded(only = [1, 2, 3, 4, 5]) {
  const frame = busy({ lanes: 5 });
  const fault = (n, more) => {
    const it = frame.workers[`worker-${n}`];
    frame.workers[`worker-${n}`] = { ...it, ...more, faults: { ...it.faults, ...more.faults } };
  };
  const last = (n, more) => Object.assign(frame.tasks[`t${n}`].attempts[0], { deadline: AT + 58.5, ...more });
  const held = (method, by, n) => ({ held: [{ method, channel: 1, tag: 1, by, task: `t${n}`, at: AT - 1 }] });
  const hold = { kind: "hold", at: AT - 1 };
  fault(1, { faults: held("basic.ack", "client", 1), heartbeat: 4 });
  last(1, { stopped: "basic.ack", fault: hold, result_at: AT - 1 });
  fault(2, { faults: held("basic.deliver", "broker", 2), on_the_wire: ["t2"] });
  last(2, { stopped: "basic.deliver", fault: hold });
  const silence = { since: AT - 1, heartbeat: 4, earliest: AT + 5, latest: AT + 11 };
  fault(3, { faults: { blackholed: AT - 1 }, silence });
  last(3, {});
  fault(4, { stuck: true });
  last(4, { result_at: AT - 0.5 });
  fault(5, { faults: { delay: 200, armed: ["basic.publish"] } });
  frame.workers = Object.fromEntries(
    Object.entries(frame.workers).filter(([name]) => only.includes(Number(name.at(-1)))),
  );
  return frame;
}

/** Three lanes of which something is to be said: worker-1's ack was dropped, worker-2 leaves, worker-3 starts and finds no broker. */
export function worded() {
  const frame = busy({ lanes: 3 });
  const last = frame.tasks.t1.attempts[0];
  Object.assign(last, { stopped: "basic.ack", fault: { kind: "drop", at: AT - 1 }, result_at: AT - 1 });
  frame.workers["worker-2"].leaving = true;
  const starts = { state: "starting", since: AT - 2.9, pid: null, holding: [], held: 0, restart_at: AT + 3 };
  Object.assign(frame.workers["worker-3"], starts);
  const gone = { method: "broker stopped", detail: "", task: null, tone: "bad" };
  frame.wire = [{ seq: 5, at: AT - 2.98, who: "broker", to: "", ...gone }];
  frame.broker = { ...frame.broker, up: false };
  return frame;
}
