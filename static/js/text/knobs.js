// @ts-check
/** What each knob is, in two sentences, and what to try. `seconds` is the value in force, 0 where the page does not know it. */
import { span } from "./ways.js";

/**
 * @typedef {Object} Knob
 * @property {string} title
 * @property {(world: import("../types.js").World) => string} says  two sentences
 * @property {string} tries
 */

/** @type {Record<string, Knob>} */
export const knobs = {
  ack: {
    title: "Manual ack or auto-ack",
    says: () =>
      "With manual ack the broker keeps its copy of a message until the worker acknowledges it; with auto-ack it forgets the message the moment it is delivered. A switch takes effect as each worker starts anew, which it does once it has finished what it has in hand.",
    tries: "Send × 5, stop a busy worker; then the same under the other mode, and compare Lost.",
  },
  prefetch: {
    title: "Prefetch",
    says: () =>
      "How many unacked messages a worker may hold at once; 1 is fair dispatch, and whoever is free gets the next. Under auto-ack it has no effect at all, for nothing is ever unacked.",
    tries: "Choose no limit, stop all workers but one, send × 20, then start another: it stays idle.",
  },
  persistent: {
    title: "Persistent and transient tasks",
    says: ({ settings }) =>
      `A persistent message is written to disk by the broker, a transient one is kept in its memory; but it survives a restart only if its queue is durable, too. ${settings.kind === "quorum" ? "A quorum queue, which this is, writes everything to disk: here the choice makes no difference" : settings.durable ? "This queue is durable, so here the choice decides" : "This queue is transient: here everything is gone, whatever is chosen"}.`,
    tries:
      "Make it a classic queue (at its heading), stop all workers, submit one of each, click the broker’s name and restart it: one is lost.",
  },
  durable: {
    title: "Durable and transient queues",
    says: ({ queues, settings }) => {
      const queue = queues.get(settings.queue);
      const kind =
        queue === undefined
          ? "A quorum queue"
          : `This is ${queue.durable ? "a durable" : "a transient"} ${queue.kind} queue; a quorum queue`;
      return `A message survives a restart of the broker only if its queue is durable and it was published as persistent: both, or it is gone. ${kind} is always durable, and keeps transient messages, too.`;
    },
    tries:
      "Choose Classic queue, transient; stop all workers, send × 5, click the broker’s name and restart it: all five lie in Lost, by name.",
  },
  idempotent: {
    title: "Idempotent workers",
    says: ({ settings }) =>
      `An ack says that the broker may forget a message, not that its work was done once: whoever gets it again does it again. An idempotent worker looks first whether the result is known, and then only acks${settings.idempotent ? "; ours do so now" : ""}.`,
    tries:
      "Hold a worker’s ack (⋯) until its work is done, then stop it: done twice counts 1. The same with this switch on: it stays 0.",
  },
  heartbeat: {
    title: "Heartbeat",
    says: ({ workers }) => {
      const ours = [...workers.values()].find(each => each.kind === "local" && each.heartbeat > 0);
      return `A frozen worker, or one behind a cut cable, closes no connection: the broker learns of it only because the heartbeats stop, after about two of them. ${ours === undefined ? "Our workers ask for a short one" : `Our workers ask for one every ${span(ours.heartbeat)}`}, so that it can be watched; RabbitMQ’s own proposal is 60 seconds.`;
    },
    tries: "Freeze a busy worker (⋯) and count until its task comes back; then stop one: no counting.",
  },
  timeout: {
    title: "Delivery acknowledgement timeout",
    says: ({ broker }) =>
      `A worker that lives and never acks is found by this timeout alone: the broker closes its channel, and what was unacked there is ready again. RabbitMQ’s default is 30 minutes${broker.ack_timeout > 0 ? `; here it is ${span(broker.ack_timeout)}` : ""}.`,
    tries:
      "Submit a task with more dots than that has seconds: its channel is closed, and another worker begins it anew.",
  },
};

export const knobWords = {
  about: (/** @type {string} */ title) => `About: ${title}`,
  tries: "Try: ",
};
