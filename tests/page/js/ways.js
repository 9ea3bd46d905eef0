// Keyframes for the tests of the ways to die; see scripted.py.
import { attempt, byId, keyframe, task, worker } from "./frames.js";
import { busy } from "./scenes.js";

const AT = 100;
export const WORDS =
  "406 PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 15000 ms. This timeout value can be configured, see consumers doc guide to learn more";

const BROKER = {
  kind: "rabbitmq",
  product: "RabbitMQ",
  version: "3.10.8",
  url: "amqp://x",
  amqp_port: 1,
  up: true,
  ack_timeout: 15,
};

const lane = (n, more = {}) => worker(`worker-${n}`, { pid: 4000 + n, order: n, heartbeat: 4, ...more });
const failed = (name, from, to, noticed, fault, more = {}) =>
  attempt(name, from, to, noticed === "ack_timeout" ? "channel_closed" : "connection_closed", {
    noticed,
    fault,
    ...more,
  });

/** Three deaths: the closed connection, the heartbeat, the ack timeout; each task is on its second attempt. */
export function deaths() {
  const tasks = [
    task(1, "unacked", [
      failed("worker-1", AT - 11, AT - 5.997, "connection_closed", { kind: "stop", at: AT - 6 }),
      attempt("worker-4", AT - 5.99),
    ]),
    task(2, "unacked", [
      failed("worker-2", AT - 14, AT - 2, "heartbeat", { kind: "freeze", at: AT - 13.8 }),
      attempt("worker-5", AT - 1.99),
    ]),
    task(3, "unacked", [
      failed(
        "worker-3",
        AT - 15.9,
        AT - 0.7,
        "ack_timeout",
        { kind: "stuck", at: AT - 15.9 },
        { result_at: AT - 12 },
      ),
      attempt("worker-6", AT - 0.69),
    ]),
  ];
  return keyframe({
    at: AT,
    broker: BROKER,
    settings: { ack: "manual", prefetch: 1, queue: "task_queue", durable: true, kind: "quorum" },
    ledger: { published: 3, unacked: 3, redelivered: 3 },
    queues: queue({ unacked: 3, consumers: 4 }),
    tasks: byId(tasks),
    workers: {
      ...lane(1, { state: "stopped", why: "kill -9", since: AT - 6, pid: null, dropped: ["t1"] }),
      ...lane(2, { state: "frozen", why: "SIGSTOP", since: AT - 13.8, dropped: ["t2"] }),
      ...lane(3, { state: "idle", since: AT - 0.5, stuck: true }),
      ...lane(4, { state: "working", holding: ["t1"], held: 1 }),
      ...lane(5, { state: "working", holding: ["t2"], held: 1 }),
      ...lane(6, { state: "working", holding: ["t3"], held: 1 }),
    },
    wire: [line("worker-3", AT - 0.7, `${WORDS} 1 unacked`)],
  });
}

const line = (to, at, detail) => ({
  seq: 5,
  at,
  who: "broker",
  to,
  method: "channel.close",
  detail,
  task: null,
  tone: "bad",
});

const queue = (more = {}) => ({
  task_queue: {
    name: "task_queue",
    kind: "quorum",
    durable: true,
    ready: 0,
    unacked: 0,
    consumers: 3,
    next: null,
    window: [],
    difference: 0,
    ...more,
  },
});

/** An ack timeout, three lanes; in run `run`, of a delivery that ended at `at`. An ack of worker-3 hangs in the tap since `held`. */
export function timedOut({ run = 1, at = AT - 1, n = 1, ended = true, held = null } = {}) {
  const first = failed("worker-1", at - 15.2, at, "ack_timeout", { kind: "stuck", at: at - 15.2 });
  return keyframe({
    n,
    run,
    at: Math.max(AT, at),
    broker: BROKER,
    ledger: { published: 1, unacked: ended ? 1 : 0, done: ended ? 0 : 1, redelivered: 1 },
    queues: queue({ unacked: ended ? 1 : 0 }),
    tasks: ended ? byId([task(3, "unacked", [first, attempt("worker-2", at + 0.004)])]) : {},
    workers: {
      ...lane(1, { state: "idle" }),
      ...lane(2, { state: ended ? "working" : "idle", holding: ended ? ["t3"] : [], held: ended ? 1 : 0 }),
      ...lane(3, held === null ? {} : { faults: { held: [{ method: "basic.ack", at: held }] } }),
    },
    wire: ended ? [line("worker-1", at, `${WORDS} 1 unacked`)] : [],
  });
}

/** Done twice: a frozen worker finished late; and one that was skipped, for its result was known. */
export function twice() {
  const ended = { noticed: "heartbeat", fault: { kind: "freeze", at: AT - 13.5 } };
  const tasks = [
    task(
      1,
      "done",
      [
        attempt("worker-1", AT - 14, AT - 9, "connection_closed", { ...ended, result_at: AT - 3 }),
        attempt("worker-2", AT - 8.99, AT - 5, "acked", { result_at: AT - 5.01 }),
      ],
      { results: 2, settled_at: AT - 5 },
    ),
    task(
      2,
      "done",
      [
        attempt("worker-3", AT - 12, AT - 7.9, "connection_closed", {
          noticed: "connection_closed",
          fault: { kind: "stop", at: AT - 7.903 },
          result_at: AT - 8.5,
        }),
        attempt("worker-2", AT - 4.9, AT - 1.8, "acked", { known: true }),
      ],
      { results: 1, settled_at: AT - 1.8 },
    ),
    task(
      3,
      "unacked",
      [
        failed("worker-3", AT - 11, AT - 4, "ack_timeout", null, { result_at: AT - 8 }),
        attempt("worker-2", AT - 1.7, null, null, { result_at: AT - 0.5 }),
      ],
      { results: 2 },
    ),
  ];
  return keyframe({
    at: AT,
    broker: { ...BROKER, ack_timeout: 7 },
    settings: { ack: "manual", prefetch: 1, queue: "task_queue", idempotent: true },
    ledger: { published: 3, done: 2, unacked: 1, redelivered: 3, done_twice: 2 },
    queues: queue({ unacked: 1 }),
    tasks: byId(tasks),
    workers: {
      ...lane(1),
      ...lane(2, { state: "working", holding: ["t3"], held: 1, done: 2 }),
      ...lane(3),
    },
  });
}

/** Two deaths between a result and its ack. Idempotent workers skipped #1 in 20 ms; others did #2 again, and #3 was done in a tenth of a second. */
export function skipped({ n = 1, at = AT } = {}) {
  const died = (name, from, to, result_at) =>
    failed(name, from, to, "connection_closed", { kind: "stop", at: to - 0.003 }, { result_at });
  const tasks = [
    task(
      1,
      "done",
      [
        died("worker-1", AT - 8, AT - 4, AT - 5),
        attempt("worker-2", AT - 3.99, AT - 3.97, "acked", { known: true }),
      ],
      { results: 1, settled_at: AT - 3.97 },
    ),
    task(
      2,
      "done",
      [
        died("worker-3", AT - 9, AT - 4, AT - 7),
        attempt("worker-2", AT - 3.99, AT - 2, "acked", { result_at: AT - 2.01 }),
      ],
      { results: 2, settled_at: AT - 2 },
    ),
    task(3, "done", [attempt("worker-2", AT - 6, AT - 5.9, "acked", { result_at: AT - 5.91 })], {
      results: 1,
      settled_at: AT - 5.9,
    }),
  ];
  return keyframe({
    n,
    at,
    broker: BROKER,
    settings: { ack: "manual", prefetch: 1, queue: "task_queue", idempotent: true },
    ledger: { published: 3, done: 3, redelivered: 2, done_twice: 1 },
    queues: queue(),
    tasks: byId(tasks),
    workers: { ...lane(1), ...lane(2, { done: 3 }), ...lane(3) },
  });
}

/** The broker was killed and is back: what was transient is lost, by name. */
export function transient({ persistent = false, durable = true, lost = 2 } = {}) {
  const gone = Array.from({ length: lost }, (_, i) =>
    task(i + 1, "lost", [], { persistent, settled_at: AT - 3 }),
  );
  const held = task(
    lost + 1,
    "lost",
    [
      attempt("worker-1", AT - 5, AT - 3, "broker_gone", {
        noticed: "broker_restart",
        fault: { kind: "broker", at: AT - 3 },
      }),
    ],
    { persistent, settled_at: AT - 3 },
  );
  const waits = task(lost + 2, "ready", [], { persistent: false });
  const frame = busy({ lanes: 2, each: 0 });
  const all = [...gone, held];
  const settings = { ack: "manual", prefetch: 1, queue: "task_queue", durable, kind: "classic" };
  return {
    ...frame,
    broker: BROKER,
    settings,
    ledger: { published: all.length + 1, lost: all.length, ready: 1 },
    queues: queue({ kind: "classic", durable, ready: 1, window: [waits.id], next: waits.id, consumers: 2 }),
    tasks: byId([...all, waits]),
    lost: all.map(each => each.id),
  };
}
