// Small frames and tasks for the tests: only what a test says differs from a quiet world.

/** @param {Record<string, unknown>} [more] */
export const keyframe = (more = {}) => ({
  n: 1,
  key: true,
  at: 10,
  seq: 1,
  run: 1,
  link: { engine: true, watching: 1 },
  broker: { kind: "embedded", product: "Unacked", version: "0", url: "amqp://x", amqp_port: 1, up: true },
  settings: { ack: "manual", prefetch: 1, queue: "task_queue" },
  ledger: {},
  queues: {},
  workers: {},
  producers: {},
  tasks: {},
  lost: [],
  dead: [],
  wire: [],
  ...more,
});

/** An attempt by `worker`, from `delivered_at` to `ended_at`. */
export const attempt = (worker, delivered_at, ended_at = null, end = null, more = {}) => ({
  worker,
  delivered_at,
  ended_at,
  end,
  auto_ack: false,
  tag: 1,
  redelivered: false,
  result_at: null,
  deadline: null,
  noticed: "",
  stopped: "",
  arrived_at: null,
  released_at: null,
  fault: null,
  ...more,
});

/** Task number n; its id is "t" and the number. */
export const task = (n, state, attempts = [], more = {}) => ({
  id: `t${n}`,
  n,
  body: "photo...",
  size: 8,
  seconds: 3,
  state,
  queue: "task_queue",
  worker: attempts.at(-1)?.worker ?? null,
  persistent: true,
  redelivered: attempts.length > 1,
  results: 0,
  published_at: 1,
  confirmed_at: 1,
  settled_at: null,
  attempts,
  skipped: 0,
  ...more,
});

/** Tasks as the frame has them: by id. */
export const byId = tasks => Object.fromEntries(tasks.map(each => [each.id, each]));

export const queue = (more = {}) => ({
  task_queue: {
    name: "task_queue",
    kind: "quorum",
    durable: true,
    ready: 0,
    unacked: 0,
    consumers: 0,
    next: null,
    window: [],
    difference: 0,
    ...more,
  },
});

export const worker = (name, more = {}) => ({
  [name]: {
    name,
    kind: "local",
    product: "pika",
    state: "idle",
    pid: 1,
    ack: "manual",
    prefetch: 1,
    queue: "task_queue",
    done: 0,
    holding: [],
    held: 0,
    dropped: [],
    stuck: false,
    on_the_wire: [],
    faults: { blackholed: null, delay: 0, armed: [], held: [] },
    silence: null,
    fallen: 0,
    why: "",
    since: 0,
    restart_at: null,
    leaving: false,
    order: Number(name.split("-")[1] ?? 9),
    output: [],
    ...more,
  },
});
