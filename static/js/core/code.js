// @ts-check
/**
 * The workers' program and which of its lines is acting. Lines are known by what is on them, never by their number; what acts is read from
 * the facts of the frame, never guessed from a timer. Pure.
 *
 *   wait ──delivered──► received ─► work ──result_at──► result ──ended_at──► ack ─► wait
 *
 * @typedef {import("../types.js").Attempt} Attempt
 * @typedef {import("../types.js").LaneScene} LaneScene
 * @typedef {import("../types.js").World} World
 */
import { isSettling } from "./motion.js";

/** What each line that matters looks like: on exactly one line of the program. @type {Record<string, RegExp>} */
export const PATTERNS = {
  mode: /^ack = /,
  queue: /^queue = /,
  callback: /^def callback\(/,
  received: /\[x\] Received /,
  work: /connection\.sleep\(/,
  result: /basic_publish\("", "results"/,
  manual: /if ack == "manual":/,
  ack: /\.basic_ack\(/,
  main: /^try:/,
  url: /"AMQP_URL"/,
  connect: /BlockingConnection\(/,
  prefetch: /\.basic_qos\(/,
  consume: /\.basic_consume\(/,
  wait: /\.start_consuming\(\)/,
  left: /connection\.close\(\)/,
  failed: /sys\.exit\(/,
};

/**
 * @typedef {{lines: string[], at: Record<string, number>, known: boolean}} Program
 * `at` is the index of each line that matters; `known` is false where one of them is not there, or more than once.
 */

/** @param {string} source @returns {Program} */
export function parse(source) {
  const lines = source.replace(/\n$/, "").split("\n");
  /** @type {Record<string, number>} */
  const at = {};
  for (const [name, pattern] of Object.entries(PATTERNS)) {
    const found = lines.flatMap((line, i) => (pattern.test(line) ? [i] : []));
    if (found.length === 1 && found[0] !== undefined) at[name] = found[0];
  }
  return { lines, at, known: Object.keys(at).length === Object.keys(PATTERNS).length };
}

/** How the last line of a program begins that lost its broker. */
const NO_BROKER = " [!] No broker";

/** Seconds for which the eye gets what takes the program no time. @type {Record<string, number>} */
const EYE = { received: 0.5, result: 0.5, ack: 0.7 };

/**
 * @typedef {Object} Acting
 * @property {string|null} line  a name of PATTERNS; null: the program does not run
 * @property {string} how        acting | died | frozen | cut | left | failed | off
 * @property {number|null} task  the number of the task it is about
 * @property {number} next       when this changes by itself; Infinity if it does not
 */

/**
 * The line that the lane's program is at. A worker that died, or was frozen, stays at the line it was at.
 * @param {LaneScene} lane
 * @param {World} world
 * @param {number} t
 * @returns {Acting}
 */
export function acting(lane, world, t) {
  const { worker } = lane;
  if (worker.state === "starting") {
    return worker.pid === null ? still(null, "off") : still("connect", "acting");
  }
  if (worker.state === "stopped") {
    if (worker.why === "SIGTERM") return still("left", "left");
    if (worker.why.startsWith("exit code"))
      return still(worker.output.at(-1)?.startsWith(NO_BROKER) ? "failed" : null, "failed");
  }
  const stands = worker.state === "stopped" || worker.state === "frozen" || worker.state === "cut";
  if (!stands) return pick(moments(lane, world, EYE), t);
  const { line, task } = pick(moments(lane, world, {}), Math.min(lane.stopped ?? worker.since, worker.since));
  const how = { stopped: "died", frozen: "frozen", cut: "cut" }[worker.state] ?? "died";
  return still(line, how, task);
}

/** @param {string|null} line @param {string} how @param {number|null} [task] @returns {Acting} */
const still = (line, how, task = null) => ({ line, how, task, next: Number.POSITIVE_INFINITY });

/** @typedef {{line: string, start: number, end: number, task: number}} Moment */

/**
 * What the program did of late, in order: the end of the task before, and the one in hand. Each begins at its event, or when the one before has
 * had its time for the eye.
 * @param {LaneScene} lane
 * @param {World} world
 * @param {Record<string, number>} eye
 */
function moments(lane, world, eye) {
  const { worker, running, began } = lane;
  /** @type {Moment[]} */
  const out = [];
  let seen = Number.NEGATIVE_INFINITY;
  const add = (/** @type {string} */ line, /** @type {number} */ at, /** @type {number} */ task) => {
    const start = Math.max(at, seen);
    seen = start + (eye[line] ?? 0);
    out.push({ line, start, end: seen, task });
  };
  const before = settledLast(world, worker.name);
  if (before !== null) {
    const { attempt, n } = before; // the picture runs a little behind the frames: it may not be that far yet
    add("received", attempt.delivered_at, n);
    add("work", attempt.delivered_at, n);
    if (attempt.result_at !== null) add("result", attempt.result_at, n);
    if (attempt.end === "acked") add("ack", attempt.ended_at ?? 0, n);
  }
  if (running !== null && began !== null) {
    add("received", began, running.task.n);
    add("work", began, running.task.n);
    const result = running.task.attempts.findLast(each => each.worker === worker.name)?.result_at ?? null;
    if (result !== null) add("result", result, running.task.n);
  }
  return out;
}

/** The moment at t; when all is done, the program waits. @param {Moment[]} all @param {number} t @returns {Acting} */
function pick(all, t) {
  const i = all.findLastIndex(each => each.start <= t);
  const now = all[i];
  const then = all[i + 1]?.start ?? Number.POSITIVE_INFINITY;
  if (now === undefined || (now.line !== "work" && t >= now.end && all[i + 1] === undefined))
    return { line: "wait", how: "acting", task: null, next: then };
  const over = now.line === "work" || all[i + 1] !== undefined ? then : now.end;
  return { line: now.line, how: "acting", task: now.task, next: over };
}

/**
 * The delivery that this worker settled last, as far as the frames know.
 * @param {World} world
 * @param {string} name
 * @returns {{attempt: Attempt, n: number}|null}
 */
function settledLast(world, name) {
  /** @type {{attempt: Attempt, n: number}|null} */
  let last = null;
  for (const task of world.tasks.values())
    for (const attempt of task.attempts)
      if (attempt.worker === name && isSettling(attempt))
        if (last === null || (attempt.ended_at ?? 0) > (last.attempt.ended_at ?? 0))
          last = { attempt, n: task.n };
  return last;
}

/** Seconds for which a line that a switch has changed stays marked. */
export const FLASH = 4;

/** Which lines say what a switch is set to. @type {Record<string, string[]>} */
const SAYS = { ack: ["mode", "consume", "ack", "prefetch"], prefetch: ["prefetch"] };

/**
 * Which lines a switch has changed of late: when it was moved, and again when this worker started with it.
 * @param {import("../types.js").Worker} worker
 * @param {import("../types.js").Settings} settings
 * @param {number} t
 * @returns {{lines: Set<string>, next: number}}
 */
export function changed(worker, settings, t) {
  /** @type {Set<string>} */
  const lines = new Set();
  let next = Number.POSITIVE_INFINITY;
  const started = worker.away.findLast(each => each.state === "starting")?.until ?? 0;
  for (const [setting, names] of Object.entries(SAYS)) {
    const moved = settings.moved[setting];
    if (moved === undefined) continue;
    for (const at of started > moved ? [moved, started] : [moved]) {
      if (t < at || t >= at + FLASH) continue;
      next = Math.min(next, at + FLASH);
      for (const name of names) lines.add(name);
    }
  }
  return { lines, next };
}

/** Whether this worker still runs with what the switches were set to before. @param {import("../types.js").Worker} worker @param {import("../types.js").Settings} settings */
export const behind = (worker, settings) =>
  worker.kind === "local" && (worker.ack !== settings.ack || worker.prefetch !== settings.prefetch);

/** What stands in for workers/once.py, which is not there where the program is copied to: alone, it does whatever it is given. */
const ONCE =
  'once = type("", (), {"known": lambda task: False, "first": lambda task: True})  # for workers/once.py: all is new';

/**
 * The program with these values in place of its defaults: it runs as it is, and the environment still wins. Nothing else of it is changed,
 * but that it needs no other file.
 * @param {string} source
 * @param {Record<string, string>} values  by name of the variable
 */
export function inForce(source, values) {
  return source
    .replace(/^import once$/m, ONCE)
    .replace(/os\.environ\.get\("(\w+)"(?:, "[^"\n]*")?\)/g, (lookup, /** @type {string} */ name) => {
      const value = values[name];
      return value === undefined ? lookup : `os.environ.get("${name}", ${JSON.stringify(value)})`;
    });
}

/** A name that nobody has: the wanted one, or with a number. @param {string} wanted @param {World} world */
export function freeName(wanted, world) {
  let name = wanted;
  for (let n = 2; world.workers.has(name) || world.producers.has(name); n++) name = `${wanted}-${n}`;
  return name;
}
