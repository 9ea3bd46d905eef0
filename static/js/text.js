// @ts-check
/**
 * Every word of the page, in one place. RabbitMQ's own words where it has one. No markup; functions where something is put in.
 */
import { count, ordinal } from "./core/format.js";

/** "1 task", "1,200 tasks". @param {number} n @param {string} one @param {string} many */
export const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;

/** Glyphs: a state is never told by its colour alone. @type {Record<string, string>} */
export const glyphs = {
  published: "",
  done: "✓",
  ready: "○",
  unacked: "◐",
  at_risk: "△",
  lost: "✕",
  dead: "†",
  redelivered: "↻",
  done_twice: "✓✓",
};

/** @type {Record<string, string>} */
export const ledger = {
  published: "published",
  done: "done",
  ready: "ready",
  unacked: "unacked",
  at_risk: "at risk",
  lost: "lost",
  dead: "dead",
  redelivered: "redelivered",
  done_twice: "done twice",
};

/** What each number means. @type {Record<string, string>} */
export const ledgerMeaning = {
  published: "Every task a producer has published in this run.",
  done: "Acknowledged, or seen to be finished under auto-ack.",
  ready: "In the queue, waiting to be delivered.",
  unacked: "Delivered, not yet acknowledged. The broker keeps its copy.",
  at_risk: "Delivered under auto-ack. The broker has forgotten it: only the worker has it now.",
  lost: "Gone for good. It was delivered under auto-ack and its worker died, or it was transient and the broker did.",
  dead: "Dead-lettered, expired, or rejected without requeue.",
  redelivered: "Delivered more than once: it may have been seen before.",
  done_twice: "Worked on to the end twice. An ack says “forget this”, not “this was done once”.",
};

/** @type {Record<string, string>} */
export const workerStates = {
  starting: "starting",
  idle: "idle",
  working: "working",
  stopped: "stopped",
  frozen: "frozen",
  cut: "cut off",
};

/** How an attempt ended. @type {Record<string, string>} */
export const ends = {
  acked: "acked",
  result: "done",
  connection_closed: "connection closed",
  channel_closed: "channel closed",
  cancelled: "cancelled",
  nacked: "nacked",
  rejected: "rejected",
  requeued: "requeued",
  broker_gone: "broker gone",
  lost: "lost with the broker",
};

/** @type {Record<string, string>} */
export const links = {
  connecting: "connecting",
  live: "live",
  reconnecting: "reconnecting",
  "engine-gone": "engine gone",
  past: "in the past",
};

/** @type {Record<string, string>} */
export const linkMeaning = {
  connecting: "Waiting for the first picture.",
  live: "What you see is what happens now.",
  reconnecting: "The server does not answer. The picture stands still until it does.",
  "engine-gone": "The engine has ended and is being started again.",
  past: "What you see has been. The buttons act on what runs now.",
};

export const text = {
  manual: "Manual ack",
  auto: "Auto-ack",
  ackGroup: "Acknowledgement",
  manualNote: "The broker keeps a copy until the worker acknowledges.",
  autoNote: "The broker forgets a message as soon as it is delivered.",
  prefetch: "prefetch",
  prefetchNote: "How many unacked messages a worker may hold at once.",
  prefetchVoid: "Prefetch has no effect under auto-ack.",
  noLimit: "no limit",
  watching: (/** @type {number} */ n) => `${count(n)} watching`,
  theme: "Light or dark",
  help: "Keys and signs",
  more2: "More: full screen, big type, a link",
  full: "Full screen",
  big: "Big type",
  share: "A link to this scene",
  reset: "Reset",
  resetTitle: "Start over?",
  resetText: (/** @type {number} */ n) =>
    `The queue is emptied and the first workers start afresh. ${plural(n, "task", "tasks")}, the log and the ledger go.`,
  resetYes: "Yes, start over",
  cancel: "Cancel",
  close: "Close",
  copy: "Copy",
  broker: "Broker",
  brokerDown: "down",
  queueKind: (/** @type {string} */ kind) => `${kind} queue`,
  brokerKinds: /** @type {Record<string, string>} */ ({
    embedded: "Our own small broker, embedded in this program.",
    rabbitmq: "A private RabbitMQ node, started for this page.",
    external: "A RabbitMQ that was already there.",
  }),
  joinNote: "Connect your own program here: it appears as a lane or a producer.",
  restartBroker: "Restart the broker",
  restartNote: "Durable queues and persistent messages survive it.",
  restartTitle: "Restart the broker?",
  restartText:
    "It is killed and started again: every connection breaks, and what is not both durable and persistent is gone.",
  restartYes: "Yes, restart it",
  switched: (/** @type {string} */ ack) => (ack === "auto" ? "Auto-ack" : "Manual ack"),
  switchedNote: "Each worker starts anew with it, once it has finished what it has in hand.",

  producer: "Producer",
  field: "Task text",
  fieldHint: "photo...",
  submit: "Submit",
  times: (/** @type {number} */ n) => `× ${count(n)}`,
  submitTimes: (/** @type {number} */ n) => `Submit ${count(n)} times`,
  quick: (/** @type {string} */ body) => `Submit ${body}`,
  dotsBefore: "One dot is one second of work, as in RabbitMQ’s own tutorial: ",
  dotsExample: "m...",
  dotsAfter: " keeps a worker busy for three.",
  seconds: (/** @type {number} */ n) => `${count(n)} s`,
  emptyTask: "A task needs some text. Try photo...",
  otherProducers: "Others publishing here",
  published: (/** @type {number} */ n) => `${count(n)} published`,
  submitting: "Submitting…",

  queue: "Queue",
  queues: "Queues",
  moreQueues: (/** @type {number} */ n) => `+ ${count(n)}`,
  queueHas: (/** @type {number} */ ready, /** @type {number} */ unacked) =>
    `${count(ready)} ready, ${count(unacked)} unacked`,
  elsewhere: (/** @type {number} */ n) => `${count(n)} in other queues`,
  noQueue: "no queue yet",
  ready: "Ready",
  noConsumers: "no consumers",
  nextOut: (/** @type {number} */ n) => `next free worker: #${n}`,
  nextOutShort: (/** @type {number} */ n) => `next out: #${n}`,
  empty: "empty",
  more: (/** @type {number} */ n) => `+ ${count(n)} more`,
  moreShort: (/** @type {number} */ n) => `+${count(n)}`,
  difference: (/** @type {number} */ broker, /** @type {number} */ ours) =>
    `the broker counts ${count(broker)}, we count ${count(ours)}`,
  unacked: "Unacked",
  kept: "kept until acknowledged",
  noGhosts: "When a task is delivered, the broker’s copy stays here.",
  autoShelf: "The broker keeps no copy",
  autoShelfNote: "If the worker dies, its tasks are lost.",
  was: (/** @type {string} */ worker) => `was ${worker}`,
  ack: (/** @type {string} */ task) => `ack ${task}`,
  back: "back",
  backCount: (/** @type {number} */ n, /** @type {boolean} */ least) => `${count(n)}${least ? "+" : ""} back`,
  inSeconds: (/** @type {number} */ s) => `in ${count(s)} s`,
  brokerAway: "The broker went away. What is durable will be back with it.",
  brokerBack: "The broker is back. What is durable is still here.",
  ackLanding: "acknowledged",
  lost: "Lost",
  none: "none",
  dead: "Dead",
  showMore: "Show these tasks",

  workers: "Workers",
  add: "Add",
  aWorker: " a worker",
  waiting: "waiting for a task",
  neverAcked: "never acked",
  wasLost: "lost",
  attempt: (/** @type {number} */ n) => `${ordinal(n)} attempt`,
  pid: (/** @type {number} */ pid) => `pid ${pid}`,
  guest: "guest",
  joined: "joined by itself",
  leaving: "leaving",
  finishes: "finishes, then leaves",
  startsIn: (/** @type {number} */ s) => `again in ${count(s)} s`,
  menu: (/** @type {string} */ worker) => `More for ${worker}`,
  tally: (/** @type {string} */ worker, /** @type {number} */ n) =>
    `${worker} has done ${plural(n, "task", "tasks")}`,
  behind: "buffered",
  buffered: (/** @type {number} */ n) => `${count(n)} buffered`,
  bufferedNote: (/** @type {number} */ n) =>
    n === 0 ? "Nothing is buffered." : `${plural(n, "task", "tasks")} buffered: delivered, not begun.`,
  prefetchOf: (/** @type {number} */ n) => `prefetch ${count(n)}`,
  heldOf: (/** @type {number} */ held, /** @type {number} */ limit) => `${count(held)} of ${count(limit)}`,
  heldNote: (/** @type {number} */ held, /** @type {number} */ limit) =>
    `Prefetch ${count(limit)}: it holds ${count(held)}.`,
  noLimitNote: "No prefetch limit: it is given all there is.",
  nth: (/** @type {number} */ n) => ordinal(n),
  attemptWord: " attempt",
  start: "Start",
  again: "again",
  noBroker: "no broker",
  moreLanes: (/** @type {number} */ n) => `↓ ${count(n)} more`,
  moreLanesTail: (/** @type {number} */ n) => (n === 1 ? " lane" : " lanes"),
  autoLane: "auto-ack",

  listTitle: (/** @type {string} */ what, /** @type {number} */ n) => `${count(n)} ${what}`,
  listNone: "There are none.",
  listRest: (/** @type {number} */ n) => `and ${count(n)} more, not listed here`,

  noAnswer: "The server did not answer in time. What was asked may still happen.",
  offline: "Not connected to the server: nothing was sent.",
  dismiss: "Dismiss",

  helpTitle: "Keys and signs",
  remote:
    "A presentation remote works: its black-screen button and its next and previous are keys of this list, and full screen takes its start button.",
  signs: /** @type {[string, string][]} */ ([
    ["○", "ready: in the queue"],
    ["◐", "unacked: delivered, the broker keeps its copy"],
    ["△", "at risk: delivered under auto-ack, no copy"],
    ["✓", "done"],
    ["↻", "redelivered: may have been seen before"],
    ["✕", "lost, or a closed connection"],
  ]),
};
