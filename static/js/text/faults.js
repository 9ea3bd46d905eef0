// @ts-check
/** The words of the ways to die: what is done to a worker, what hangs in the tap, and what ticks meanwhile. */
import { count } from "../core/format.js";

/** Labels of what can be done to a worker, as its menu has them. @type {Record<string, {label: string, note: string}>} */
export const actions = {
  stop: { label: "Stop", note: "kill -9: it has no chance to say anything" },
  start: { label: "Start again", note: "a new process with the same name" },
  finish: { label: "Finish", note: "SIGTERM: finishes its task, acks, leaves" },
  freeze: { label: "Freeze", note: "SIGSTOP: alive and silent, the connection stays" },
  thaw: { label: "Thaw", note: "SIGCONT: goes on where it was, or ends if the broker has given it up" },
  stick: { label: "Never ack", note: "starts anew: works, forgets to ack, stays alive" },
  unstick: { label: "Ack again", note: "starts anew, and acknowledges" },
  cut: { label: "Cut", note: "both connections are closed; it is started again" },
  blackhole: { label: "Black hole", note: "a cable pulled out: nobody is told" },
  restore: { label: "Restore", note: "the cable is back: what was said flows on" },
  delay: { label: "Delay…", note: "everything arrives later, both ways" },
  undelay: { label: "No delay", note: "the wire is as fast as before" },
  "hold-ack": { label: "Hold its next ack", note: "it stops in the tap until you let it go" },
  hold: { label: "Hold another frame…", note: "a breakpoint on the wire" },
  disarm: { label: "Hold nothing", note: "takes the breakpoint back" },
  release: { label: "Let go", note: "what hangs in the tap goes on" },
  drop: { label: "Throw away", note: "what hangs in the tap never arrives" },
};

/** What a method is to the person who holds it. @type {Record<string, string>} */
export const methodNotes = {
  "basic.ack": "“I am done with it”",
  "basic.deliver": "the next task on its way to it",
  "basic.publish": "its next result",
  "basic.nack": "“take it back”",
  "basic.reject": "“I do not want it”",
  "basic.cancel": "“no more for me”",
  "channel.close": "“goodbye”",
};

/** "basic.ack" -> "ack". @param {string} method */
export const short = method => method.replace(/^basic\./, "");

/** @param {number} ms */
export const delayOf = ms => (ms < 1000 ? `${count(ms)} ms` : `${count(ms / 1000)} s`);

/** What is shown live is a little behind: without that, the first second of eight would be the ninth. */
const SLACK = 0.2;
const S = (/** @type {number} */ s) => Math.max(0, Math.ceil(s - SLACK));
const N = (/** @type {number} */ s) => count(S(s));

/** How the broker noticed that a delivery will not be acked: after a worker's name, and as a word that flies. @type {Record<string, {sentence: string, word: string}>} */
const NOTICED = {
  connection_closed: { sentence: "’s connection closed", word: "connection closed" },
  heartbeat: { sentence: " sent no heartbeat", word: "no heartbeat" },
  ack_timeout: { sentence: " did not ack in time", word: "ack timeout" },
  channel_closed: { sentence: "’s channel closed", word: "channel closed" },
  nack: { sentence: " gave it back", word: "given back" },
  broker_restart: { sentence: " lost the broker", word: "broker gone" },
  engine_restart: { sentence: " lost the tap", word: "tap gone" },
};

export const faults = {
  release: "Let go",
  drop: "Drop",
  delayMenu: (/** @type {string} */ worker) => `Delay ${worker}`,
  holdMenu: (/** @type {string} */ worker) => `Hold the next frame of ${worker}`,
  delayLabel: (/** @type {number} */ ms) => delayOf(ms),
  delayNote: "each way",
  /** At the tap. @param {string} method @param {number|null} n */
  heldMark: (method, n) =>
    n === null ? short(method) : method === "basic.deliver" ? `#${n}` : `${short(method)} #${n}`,
  armedMark: (/** @type {string} */ method) => `next ${short(method)}`,
  holeMark: "cable out",
  delayMark: (/** @type {number} */ ms) => `+ ${delayOf(ms)}`,
  markTitle: /** @type {Record<string, string>} */ ({
    held: "Stopped in the tap, on the wire between broker and worker. It hangs there until you let it go or drop it.",
    armed: "A breakpoint: the next frame of this kind stops here.",
    hole: "Nothing gets through here, either way, and nobody is told. Only a missing heartbeat shows it.",
    delay: "Everything that passes here arrives later.",
  }),
  /** In a lane, in place of the word for its state, and behind it. @param {string} method */
  heldWord: method => `${short(method)} held`,
  heldRest: "♥ ok",
  heldTitle: (/** @type {number} */ s) =>
    s > 0
      ? `Its heartbeats pass, one every ${count(s / 2)} s or so: the broker does not miss it.`
      : "It has no heartbeat: the broker does not miss it.",
  droppedRest: "ack dropped",
  stuckRest: "never acks",
  silentWord: "silent",
  /** Seconds between which the broker will notice. @param {number} from @param {number} to */
  noticedIn: (from, to) =>
    S(to) <= 0 ? "any moment" : S(from) <= 0 ? `up to ${N(to)} s left` : `${N(from)}–${N(to)} s left`,
  /** The later end of it alone. @param {number} s */
  within: s => (S(s) <= 0 ? "any moment" : `within ${N(s)} s`),
  /** The same in a lane, where there is little room. @param {number} from @param {number} to */
  missedIn: (from, to) =>
    S(to) <= 0 ? "♥ any moment" : S(from) <= 0 ? `♥ ≤ ${N(to)} s` : `♥ ${N(from)}–${N(to)} s`,
  noticedTitle:
    "The broker closes a connection that has been silent for two heartbeats. When exactly depends on when it looks.",
  neverNoticed: "no heartbeat",
  slowRest: (/** @type {number} */ ms) => `+ ${delayOf(ms)}`,
  /** On the ghost: until the ack timeout. @param {number} s */
  left: s => `${N(s)} s`,
  leftTail: " left",
  onTheWire: (/** @type {number} */ n) =>
    n === 1 ? "a task is on the wire" : `${count(n)} tasks are on the wire`,
  /** Below the Unacked shelf: two short lines. @param {number|null} n */
  heldAck: n => `The ack${n === null ? "" : ` for #${n}`} hangs in the tap: the broker keeps its copy.`,
  heldFrame: (/** @type {string} */ worker, /** @type {string} */ method) =>
    `A ${method} of ${worker} hangs in the tap. What follows waits too.`,
  heldDelivery: (/** @type {string} */ worker, /** @type {number|null} */ n) =>
    `${n === null ? "A task" : `#${n}`} hangs in the tap on its way to ${worker}: unacked.`,
  droppedDelivery: (/** @type {number|null} */ n) =>
    `#${n ?? "?"} never arrived. Only the ack timeout is left.`,
  dropped: (/** @type {number|null} */ n) =>
    `The ack for #${n ?? "?"} never arrived. Only the ack timeout is left.`,
  silent: (/** @type {string} */ worker, /** @type {string} */ when) =>
    `${worker} is silent. Its heartbeat is missed: ${when}.`,
  silentForEver: (/** @type {string} */ worker) =>
    `${worker} is silent and has no heartbeat. Only the ack timeout is left.`,
  stuck: (/** @type {string} */ worker) => `${worker} lives and never acks. Only the ack timeout is left.`,
  /** How the broker noticed, and what it still had: by name, or how many. @param {string} worker @param {string} noticed @param {string[]} names @param {number} many */
  cameBack: (worker, noticed, names, many) =>
    `${worker}${(NOTICED[noticed] ?? NOTICED.connection_closed)?.sentence}. The broker still had ${many === names.length ? names.join(", ") : `${count(many)} tasks`}.`,
  /** What was delivered again was done already. @param {string} worker @param {number} n */
  skipped: (worker, n) => `${worker} skipped #${n}: its result was known.`,
  /** What flies back from a lane. @param {string} noticed */
  fell: noticed => NOTICED[noticed]?.word ?? NOTICED.connection_closed?.word ?? "",
  whichWorker: (/** @type {string} */ what) => `${what}: which worker?`,
  whichKeys: "1 – 9, or Esc",
};
