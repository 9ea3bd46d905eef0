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
