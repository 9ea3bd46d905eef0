// @ts-check
/** The words of the ways to die: what survives a restart, how the broker noticed, what was done twice. RabbitMQ's own where it has one. */

import { count, gap, held } from "../core/format.js";
import { stopwatch } from "../core/stopwatch.js";

/** @typedef {import("../types.js").Attempt} Attempt */
/** @typedef {import("../types.js").Task} Task */
/** @typedef {import("../core/stopwatch.js").Watch} Watch */

/** How the broker noticed. @type {Record<string, string>} */
const NOTICED = {
  connection_closed: "connection closed",
  heartbeat: "heartbeat",
  ack_timeout: "ack timeout",
  channel_closed: "channel closed",
  nack: "given back",
  broker_restart: "the broker was gone",
  engine_restart: "the engine was gone",
};

/** What the seconds are counted from. @type {Record<string, string>} */
const SINCE = {
  stop: "the kill",
  finish: "SIGTERM",
  freeze: "the freeze",
  cut: "the cut",
  blackhole: "the black hole",
  delay: "the delay",
  hold: "the hold",
  drop: "the drop",
  delivery: "delivery",
};

/** "#3", "#3 and #4", "12 tasks". @param {number[]} numbers */
const tasks = numbers =>
  numbers.length > 3
    ? `${count(numbers.length)} tasks`
    : numbers
        .sort((a, b) => a - b)
        .map(n => `#${n}`)
        .join(", ")
        .replace(/, (?=[^,]*$)/, " and ");

/** A stretch that is over: "3 ms", "11.8 s", "30:00 min". @param {number} seconds */
const stretch = seconds => (seconds < 100 ? gap(seconds) : held(seconds));

/** "heartbeat, 11.8 s after the freeze". @param {Watch} watch */
export function watchWords({ noticed, since, after }) {
  const how = NOTICED[noticed] ?? noticed;
  return after === null ? how : `${how}, ${stretch(after)} after ${SINCE[since] ?? since}`;
}

/** Beside a way back, in two short lines: "heartbeat" and "9.4 s". @param {Watch} watch @returns {[string, string]} */
export const waitWords = ({ noticed, after }) => [NOTICED[noticed] ?? noticed, stretch(after ?? 0)];

/**
 * How an attempt ended, where more is known of it than its end: in full, and where there is little room.
 * @param {Attempt} attempt
 * @returns {{full: string, short: string}|null}
 */
export function endWords(attempt) {
  if (attempt.known) return { full: ways.known, short: ways.skipped };
  const watch = stopwatch(attempt);
  return watch && { full: watchWords(watch), short: NOTICED[watch.noticed] ?? watch.noticed };
}

/** Attempts of a task that are told of. */
const TOLD = 3;

/** What became of a task's attempts: "worker-1: heartbeat, 11.8 s after the freeze". Empty where all went well. @param {Task} task */
export function story(task) {
  const told = task.attempts.flatMap(each => {
    const ended = endWords(each);
    return ended === null ? [] : `${each.worker}: ${ended.full}`;
  });
  return told.slice(-TOLD).join(" · ");
}

/**
 * What was transient of a task that no auto-ack has lost. A broker forgets nothing else but what it may never have got whole.
 * @param {Task} task
 */
export const lostKind = ({ persistent, confirmed_at, attempts }) => {
  if (!persistent) return ways.transient;
  return confirmed_at === null && attempts.length === 0 ? ways.unconfirmed : ways.queueTransient;
};

/** @param {Task} task */
export const lostWords = task => `${lostKind(task)}: ${ways.withBroker}`;

/** The broker is back, and these are not. @param {Task[]} gone */
export const goneWords = gone =>
  `${tasks(gone.map(each => each.n))} ${gone.length === 1 ? "was" : "were"} transient: ${ways.withBroker}.`;

/** A queue as its heading says it. @param {{kind: string, durable: boolean}} queue */
export const queueWords = ({ kind, durable }) => `${kind || "classic"} queue${durable ? "" : ", transient"}`;

/** 90 -> "90 seconds", 1800 -> "30 minutes". @param {number} seconds */
export const span = seconds =>
  seconds >= 120 && seconds % 60 === 0
    ? `${count(seconds / 60)} minutes`
    : `${count(seconds)} ${seconds === 1 ? "second" : "seconds"}`;

export const ways = {
  persistent: "persistent",
  transient: "transient",
  tasks: "Tasks that are submitted here are",
  persistentNote: "Written to disk by the broker, where the queue is durable too.",
  transientNote: "Kept in the broker’s memory only: gone with it, unless the queue is a quorum queue.",
  transientTask: "transient",
  queueTransient: "transient queue",
  unconfirmed: "never confirmed",
  withBroker: "gone with the broker",

  queueKind: "What kind of queue",
  kinds: [
    {
      role: "kind-quorum",
      label: "Quorum queue",
      note: "always durable; keeps transient messages too",
      face: "quorum",
      durable: true,
      kind: "quorum",
    },
    {
      role: "kind-classic",
      label: "Classic queue, durable",
      note: "after a restart it is there, with its persistent messages",
      face: "classic",
      durable: true,
      kind: "classic",
    },
    {
      role: "kind-transient",
      label: "Classic queue, transient",
      note: "after a restart neither it nor its messages are there",
      face: "classic queue, transient",
      durable: false,
      kind: "classic",
    },
  ],
  kindNote: "The queue is deleted and declared anew: no task may be in it.",
  notChanged: "Not changed",

  idempotent: "idempotent",
  idempotentNote: "Workers skip a task whose result is known, and ack it.",
  idempotentOn: "Idempotent workers",
  idempotentOff: "Workers do whatever they are given",
  idempotentNot: "workers not idempotent",

  known: "skipped: the result was known",
  skipped: "skipped",
  twice: "done twice",
  effect: (/** @type {number} */ nth, /** @type {string} */ worker) =>
    nth === 1
      ? `${worker} has done it: the first effect`
      : `${worker} has done it again: effect ${count(nth)}`,

  timeoutTitle: "Delivery acknowledgement timeout",
  timeout: (/** @type {string} */ worker, /** @type {string} */ tasks, /** @type {number} */ after) =>
    `${worker} had ${tasks} for ${stretch(after)} and did not ack.`,
  timeoutHere: (/** @type {import("../types.js").Broker} */ { product, version, ack_timeout }) =>
    `${[product, version].filter(Boolean).join(" ") || "The broker"} closes the channel${ack_timeout > 0 ? ` after ${span(ack_timeout)}` : ""}: what was unacked on it is ready again. RabbitMQ’s default is 30 minutes.`,
};
