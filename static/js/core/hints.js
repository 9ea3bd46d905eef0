// @ts-check
/**
 * The one sentence that is needed where the picture alone would puzzle: a table, the most important first. Pure; the words are in
 * text/hints.js.
 *
 * @typedef {import("../types.js").World} World
 * @typedef {import("../types.js").Worker} Worker
 * @typedef {import("../types.js").Queue} Queue
 * @typedef {import("../types.js").Hint} Hint
 *
 * What a hint looks at. `here` are those alive who take from the queue on the picture.
 * @typedef {{world: World, queue: Queue|null, workers: Worker[], alive: Worker[], here: Worker[], t: number}} Look
 * @typedef {Partial<Omit<Hint, "key"|"quiet"|"t">>} Facts
 * @typedef {{key: string, quiet?: boolean, when: (look: Look) => Facts|null}} Row
 */

/** Seconds for which a worker has idled before a word is said of it: between an ack and the next delivery it only seems to. */
export const SETTLED = 1;

/** @type {Row[]} */
export const HINTS = [
  { key: "broker_down", when: ({ world }) => (world.broker.up ? null : {}) },
  {
    key: "all_cut",
    when: ({ workers, alive }) =>
      alive.length === 0 && workers.some(each => each.kind === "local" && each.state === "cut") ? {} : null,
  },
  {
    key: "all_stopped",
    when: ({ world, workers, alive }) =>
      alive.length === 0 && workers.some(each => each.kind === "local")
        ? { tasks: world.ledger.ready }
        : null,
  },
  { key: "no_workers", when: ({ alive }) => (alive.length === 0 ? {} : null) },
  {
    key: "given_up",
    when: ({ world, alive }) =>
      alive.every(isFrozen) && ![...world.queues.values()].some(each => each.consumers > 0) ? {} : null,
  },
  {
    key: "all_frozen",
    when: ({ alive }) =>
      alive.every(isFrozen)
        ? {
            until: alive.reduce(
              (last, each) => later(last, noticed(each)),
              /** @type {number|null} */ (null),
            ),
          }
        : null,
  },
  {
    key: "starting",
    quiet: true,
    when: ({ alive }) => (alive.every(each => each.state === "starting") ? {} : null),
  },
  { key: "unheard", when: ({ queue, ...look }) => (queue === null ? null : unheard(queue, look)) },
  {
    key: "frozen",
    when: ({ world, alive }) => {
      const worker = alive
        .filter(each => isFrozen(each) && each.holding.length > 0)
        .sort((a, b) => a.since - b.since)[0];
      if (worker === undefined) return null;
      return {
        worker: worker.name,
        tasks: worker.held,
        task: world.tasks.get(worker.holding[0] ?? "")?.n ?? 0,
        ack: worker.ack,
        until: noticed(worker),
        either: timeoutFirst(worker, world.broker.ack_timeout),
        timeout: world.broker.ack_timeout,
      };
    },
  },
  {
    key: "starved",
    quiet: true,
    when: ({ queue, here, t }) => {
      if (queue === null || queue.ready > 0) return null;
      const full = here
        .filter(each => each.held > 1 && (each.prefetch === 0 || each.ack === "auto"))
        .sort((a, b) => b.held - a.held)[0];
      const idle = here.find(each => each.state === "idle" && t - each.since >= SETTLED);
      if (full === undefined || idle === undefined) return null;
      return { worker: idle.name, other: full.name, tasks: full.held, ack: full.ack };
    },
  },
  {
    key: "auto",
    quiet: true,
    when: ({ world }) => (world.settings.ack === "auto" && world.ledger.lost === 0 ? {} : null),
  },
  { key: "void", quiet: true, when: ({ world }) => (world.settings.ack === "auto" ? {} : null) },
  {
    key: "full",
    quiet: true,
    when: ({ queue, here, alive, t }) => {
      if (queue === null || queue.ready === 0 || here.length === 0) return null;
      if (alive.some(each => each.state === "starting")) return null; // and will take one in a moment
      const taken = here.every(
        each =>
          each.ack === "manual" &&
          each.prefetch > 0 &&
          (each.held >= each.prefetch || (each.state === "idle" && t - each.since < SETTLED)),
      );
      if (!taken || here.every(each => each.held === 0)) return null;
      const limits = new Set(here.map(each => each.prefetch));
      return { prefetch: limits.size === 1 ? (here[0]?.prefetch ?? 0) : 0 };
    },
  },
  {
    key: "unheard",
    quiet: true,
    when: ({ world, ...look }) => {
      for (const each of world.queues.values()) {
        const found = unheard(each, { world, ...look });
        if (found !== null) return found;
      }
      return null;
    },
  },
];

/** @param {Worker} worker */
const isFrozen = worker => worker.state === "frozen";

/** When the heartbeat will have told the broker at the latest; null: never. @param {Worker} worker */
const noticed = worker => worker.silence?.latest ?? null;

/** @param {number|null} a @param {number|null} b */
const later = (a, b) => (a === null || b === null ? (a ?? b) : Math.max(a, b));

/** Whether the ack timeout, in seconds, may be there before the heartbeat. @param {Worker} worker @param {number} timeout */
const timeoutFirst = ({ silence }, timeout) =>
  timeout > 0 && silence !== null && silence.latest !== null && timeout < silence.latest - silence.since;

/** Tasks wait where nobody takes them, and nobody is on the way who will. @param {Queue} queue @param {Omit<Look, "queue">} look @returns {Facts|null} */
function unheard(queue, { world, alive }) {
  if (queue.ready === 0 || queue.consumers > 0) return null;
  const own = world.settings.queue;
  const comes = alive.some(
    each =>
      each.kind === "local" &&
      (each.state === "starting" || each.leaving) &&
      (each.queue || own) === queue.name,
  );
  return comes ? null : { queue: queue.name, tasks: queue.ready, other: queue.name === own ? "" : own };
}

/**
 * The hint for the queue on the picture at a time, and when there may be another without a frame.
 * @param {World} world
 * @param {Queue|null} queue
 * @param {number} t
 * @returns {{hint: Hint|null, next: number}}
 */
export function hintFor(world, queue, t) {
  if (!world.link.engine) return { hint: null, next: Number.POSITIVE_INFINITY }; // said by the state of the link
  const workers = [...world.workers.values()].sort((a, b) => a.order - b.order);
  const alive = workers.filter(each => each.state !== "stopped" && each.state !== "cut");
  const here = alive.filter(each => each.state !== "starting" && each.queue === (queue?.name ?? ""));
  const look = { world, queue, workers, alive, here, t };
  let next = Number.POSITIVE_INFINITY;
  for (const each of here)
    if (each.state === "idle" && each.since + SETTLED > t) next = Math.min(next, each.since + SETTLED);
  for (const { key, quiet = false, when } of HINTS) {
    const facts = when(look);
    if (facts !== null) return { hint: { ...NOTHING, ...facts, key, quiet, t }, next };
  }
  return { hint: null, next };
}

/** @type {Hint} */
const NOTHING = {
  key: "",
  quiet: false,
  worker: "",
  other: "",
  queue: "",
  task: 0,
  tasks: 0,
  prefetch: 0,
  ack: "manual",
  t: 0,
  until: null,
  either: false,
  timeout: 0,
};
