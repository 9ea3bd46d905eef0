// @ts-check
/** The words of the foot: life strips, workers, code in force, output, the wire. RabbitMQ's own where it has one. */
import { count } from "../core/format.js";
import { plural, text as T } from "../text.js";

export const foot = {
  tabs: "What happened, task by task or worker by worker",
  life: "Life of a task",
  workers: T.workers,
  code: "Code in force",
  output: "Output",
  lifeEmpty: "Submit a task: its life is drawn here.",
  now: "now",
  ago: (/** @type {number} */ s) => `${count(s)} s ago`,
  waitingTime: "waiting",
  unpin: "Let go of this task",
  pinned: (/** @type {number} */ n) => `#${n}`,

  stintsEmpty: "No workers yet. Add one: its day is drawn here.",
  notBegun: "held, not begun",
  notKept: "what was done before is not kept by name",
  awayUntil: (/** @type {string} */ state, /** @type {string} */ why) => (why ? `${state} · ${why}` : state),

  lane: "Worker",
  copy: T.copy,
  copyNote: "A program that runs as it is against this broker",
  copied: "Copied. Save it, run it with pika: it appears as a lane.",
  copiedPassword: "Copied. The page does not know the broker’s password: put it where PASSWORD is.",
  copyByHand: "Copy the program",
  copyByHandNote: "This browser lets no page write to the clipboard here: select it and copy it yourself.",
  noProgram: "The workers’ program could not be loaded.",
  otherProgram: "This worker.py is not the one the page knows: its lines are not marked.",
  guestCode: (/** @type {string} */ name) =>
    `${name} joined by itself and runs a program of its own. This is what our workers run.`,
  noWorker: "No worker runs this now.",
  stillRuns: (/** @type {string} */ name) => `${name} still runs with the old setting until its task is done`,
  notReached: "not reached under auto-ack",
  noEffect: "no effect under auto-ack",
  follow: "follow",

  outputEmpty: "No workers yet.",
  elsewhere: "runs elsewhere; its output is in its own terminal",
  command: "python workers/worker.py",
  environment: (
    /** @type {string} */ name,
    /** @type {string} */ ack,
    /** @type {number} */ prefetch,
    /** @type {string} */ queue,
  ) => `WORKER_NAME=${name} WORKER_ACK=${ack} WORKER_PREFETCH=${prefetch} WORKER_QUEUE=${queue}`,
  linesLeft: (/** @type {number} */ n) => `… ${plural(n, "earlier line is", "earlier lines are")} not kept`,

  wire: "On the wire",
  wireEmpty: "Nothing has passed yet.",
  wireNone: "Of the lines that are kept, none fits.",
  only: (/** @type {number} */ n) => `#${n} only`,
  who: "Who",
  everybody: "everybody",
  byBroker: "broker speaks",
  methods: "Methods",
  everyMethod: "methods",
  someMethods: (/** @type {string[]} */ names) =>
    names.length > 2 ? `${count(names.length)} methods` : names.join(", "),
  showing: (/** @type {number} */ fit, /** @type {number} */ of) => `showing ${count(fit)} of ${count(of)}`,
  kept: (/** @type {number} */ of) => plural(of, "line", "lines"),
  lastKept: (/** @type {number} */ of) => `the last ${count(of)} lines are kept`,
  tooFast: (/** @type {number} */ n) => `${count(n)} passed too fast`,
  reset: "Show all",
  newest: "newest ↓",
};

/** What the program does at the line it is at. @type {Record<string, string>} */
export const doing = {
  connect: "connects to the broker",
  wait: "waits for a delivery",
  received: "has the delivery",
  work: "works",
  result: "publishes the result",
  ack: "acknowledges: the broker may forget it",
};

/** How a program is at its line, where it does not simply act; sign and words. @type {Record<string, string>} */
export const standing = {
  died: "✕ died here",
  frozen: "❄ frozen here",
  cut: "✂ connection cut here",
  left: "◼ ended here, by itself",
  failed: "✕ ended here",
};

/** An end as a terminal says it; else as it is. @type {Record<string, string>} */
export const exits = {
  "kill -9": "Killed",
  SIGTERM: "Terminated",
  SIGSTOP: "[1]+  Stopped",
};

/** Kinds of methods, as the filter has them. @type {Record<string, string>} */
export const kinds = {
  publish: "publish",
  confirm: "confirm",
  deliver: "deliver",
  ack: "ack",
  nack: "nack, reject",
  consume: "open, consume",
  close: "close",
  queue: "queue, exchange",
  process: "process",
};

/** Who speaks, before the name. @type {Record<string, string>} */
export const speakers = { broker: "▣", client: "▸", engine: "◇" };
