// @ts-check
/**
 * Whatever came over the wire, made whole: every field present and of its type, so that no view has to ask.
 * An unknown word (a state, a method) is kept as it is: it will be shown. Pure; imports nothing.
 *
 * @typedef {import("../types.js").LedgerKey} LedgerKey
 */

/** @type {LedgerKey[]} */
export const LEDGER_KEYS = [
  "published",
  "done",
  "ready",
  "unacked",
  "at_risk",
  "lost",
  "dead",
  "redelivered",
  "done_twice",
];

/** @param {unknown} value @returns {Record<string, unknown>} */
export const record = value =>
  value !== null && typeof value === "object" && !Array.isArray(value)
    ? /** @type {Record<string, unknown>} */ (value)
    : {};

/** @param {unknown} value @returns {unknown[]} */
export const list = value => (Array.isArray(value) ? value : []);

/** @param {unknown} value @param {number} [fallback] */
export const number = (value, fallback = 0) =>
  typeof value === "number" && Number.isFinite(value) ? value : fallback;

/** @param {unknown} value @returns {number|null} */
const numberOrNull = value => (typeof value === "number" && Number.isFinite(value) ? value : null);

/** @param {unknown} value @param {string} [fallback] */
export const string = (value, fallback = "") => (typeof value === "string" ? value : fallback);

/** @param {unknown} value @returns {string|null} */
const stringOrNull = value => (typeof value === "string" && value !== "" ? value : null);

/** @param {unknown} value @returns {string[]} */
export const strings = value =>
  /** @type {string[]} */ (list(value).filter(each => typeof each === "string"));

/** @param {unknown} raw @returns {import("../types.js").Link} */
export function link(raw) {
  const from = record(raw);
  return { engine: from.engine !== false, watching: number(from.watching) };
}

/** @param {unknown} raw @returns {import("../types.js").Broker} */
export function broker(raw) {
  const from = record(raw);
  return {
    kind: string(from.kind),
    product: string(from.product),
    version: string(from.version),
    url: string(from.url),
    amqp_port: number(from.amqp_port),
    up: from.up === true,
    ack_timeout: number(from.ack_timeout),
  };
}

/** @param {unknown} raw @returns {import("../types.js").Settings} */
export function settings(raw) {
  const from = record(raw);
  return {
    ack: string(from.ack, "manual"),
    prefetch: number(from.prefetch, 1),
    queue: string(from.queue, "task_queue"),
    durable: from.durable !== false,
    kind: string(from.kind, "quorum"),
    idempotent: from.idempotent === true,
    moved: Object.fromEntries(Object.entries(record(from.moved)).map(([name, at]) => [name, number(at)])),
  };
}

/** @param {unknown} raw @returns {import("../types.js").Ledger} */
export function ledger(raw) {
  const from = record(raw);
  return /** @type {import("../types.js").Ledger} */ (
    Object.fromEntries(LEDGER_KEYS.map(key => [key, number(from[key])]))
  );
}

/** @param {unknown} raw @param {string} name @returns {import("../types.js").Queue} */
export function queue(raw, name) {
  const from = record(raw);
  const window = strings(from.window);
  return {
    name: string(from.name, name),
    kind: string(from.kind),
    durable: from.durable === true,
    ready: number(from.ready),
    unacked: number(from.unacked),
    consumers: number(from.consumers),
    next: stringOrNull(from.next) ?? window[0] ?? null,
    window,
    difference: number(from.difference),
  };
}

/** @param {unknown} raw @param {string} name @returns {import("../types.js").Worker} */
export function worker(raw, name) {
  const from = record(raw);
  const holding = strings(from.holding);
  return {
    name: string(from.name, name),
    kind: string(from.kind, "local"),
    product: string(from.product),
    state: string(from.state, "starting"),
    pid: numberOrNull(from.pid) || null,
    ack: string(from.ack, "manual"),
    prefetch: number(from.prefetch),
    queue: string(from.queue),
    done: number(from.done),
    holding,
    held: Math.max(number(from.held), holding.length),
    dropped: strings(from.dropped),
    fallen: Math.max(number(from.fallen), strings(from.dropped).length),
    heartbeat: number(from.heartbeat),
    stuck: from.stuck === true,
    on_the_wire: strings(from.on_the_wire),
    faults: faults(from.faults),
    silence: silence(from.silence),
    why: string(from.why),
    since: number(from.since),
    restart_at: numberOrNull(from.restart_at),
    leaving: from.leaving === true,
    order: number(from.order),
    output: strings(from.output),
    printed: Math.max(number(from.printed), list(from.output).length),
    exits: list(from.exits).map(exit),
    away: list(from.away).map(away),
  };
}

/** @param {unknown} raw @returns {import("../types.js").Faults} */
function faults(raw) {
  const from = record(raw);
  return {
    blackholed: numberOrNull(from.blackholed),
    delay: number(from.delay),
    armed: strings(from.armed),
    held: list(from.held).map(each => {
      const hung = record(each);
      return {
        method: string(hung.method),
        by: string(hung.by, "client"),
        task: stringOrNull(hung.task),
        at: number(hung.at),
      };
    }),
  };
}

/** @param {unknown} raw @returns {import("../types.js").Silence|null} */
function silence(raw) {
  if (raw === null || raw === undefined) return null;
  const from = record(raw);
  return {
    since: number(from.since),
    earliest: numberOrNull(from.earliest),
    latest: numberOrNull(from.latest),
  };
}

/** @param {unknown} raw @returns {import("../types.js").Exit} */
function exit(raw) {
  const from = record(raw);
  return { printed: number(from.printed), why: string(from.why) };
}

/** @param {unknown} raw @returns {import("../types.js").Away} */
function away(raw) {
  const from = record(raw);
  const since = number(from.since);
  return { state: string(from.state), since, until: number(from.until, since), why: string(from.why) };
}

/** @param {unknown} raw @param {string} name @returns {import("../types.js").Producer} */
export function producer(raw, name) {
  const from = record(raw);
  return {
    name: string(from.name, name),
    kind: string(from.kind, "guest"),
    product: string(from.product),
    published: number(from.published),
    up: from.up !== false,
    order: number(from.order),
  };
}

/** @param {unknown} raw @returns {import("../types.js").Attempt} */
function attempt(raw) {
  const from = record(raw);
  const ended = numberOrNull(from.ended_at);
  return {
    worker: string(from.worker),
    delivered_at: number(from.delivered_at),
    ended_at: ended,
    end: stringOrNull(from.end) ?? (ended === null ? null : "ended"),
    auto_ack: from.auto_ack === true,
    tag: number(from.tag),
    redelivered: from.redelivered === true,
    result_at: numberOrNull(from.result_at),
    noticed: string(from.noticed),
    deadline: numberOrNull(from.deadline),
    stopped: string(from.stopped),
    arrived_at: numberOrNull(from.arrived_at),
    released_at: numberOrNull(from.released_at),
    known: from.known === true,
    fault: fault(from.fault),
  };
}

/** @param {unknown} raw @returns {import("../types.js").Fault|null} */
function fault(raw) {
  const from = record(raw);
  return typeof from.kind === "string" ? { kind: from.kind, at: number(from.at) } : null;
}

/** @param {unknown} raw @param {string} id @returns {import("../types.js").Task} */
export function task(raw, id) {
  const from = record(raw);
  return {
    id,
    n: number(from.n),
    body: string(from.body),
    size: number(from.size),
    seconds: Math.max(0, number(from.seconds)),
    state: string(from.state, "ready"),
    queue: string(from.queue),
    worker: stringOrNull(from.worker),
    persistent: from.persistent === true,
    redelivered: from.redelivered === true,
    results: number(from.results),
    published_at: numberOrNull(from.published_at),
    confirmed_at: numberOrNull(from.confirmed_at),
    settled_at: numberOrNull(from.settled_at),
    attempts: list(from.attempts).map(attempt),
    skipped: number(from.skipped),
  };
}

/** @param {unknown} raw @param {string} key @returns {import("../types.js").WireLine} */
export function wireLine(raw, key) {
  const from = record(raw);
  return {
    key,
    seq: number(from.seq),
    at: number(from.at),
    who: string(from.who),
    to: string(from.to),
    method: string(from.method),
    detail: string(from.detail),
    task: stringOrNull(from.task),
    tone: string(from.tone),
  };
}
