// @ts-check
/** The words of a link that prepares a scene. */
import { count } from "../core/format.js";
import { plural, text as T } from "../text.js";
import { queueWords, ways as W } from "./ways.js";

/** @param {string} value */
const short = value => (value.length > 24 ? `${value.slice(0, 24)}…` : value);

/** "auto-ack, prefetch 5, 4 workers, photo... × 5". @param {import("../core/link.js").Scene} scene */
export function sceneWords({
  ack,
  prefetch,
  workers,
  durable,
  kind,
  idempotent,
  persistent,
  body,
  count: n = 1,
}) {
  return [
    ack === undefined ? "" : ack === "auto" ? "auto-ack" : "manual ack",
    prefetch === undefined ? "" : `prefetch ${prefetch === 0 ? T.noLimit : count(prefetch)}`,
    workers === undefined ? "" : plural(workers, "worker", "workers"),
    durable === undefined && kind === undefined ? "" : queueOf(durable, kind),
    idempotent === undefined ? "" : (idempotent ? W.idempotentOn : W.idempotentNot).toLowerCase(),
    persistent === undefined ? "" : `${persistent ? W.persistent : W.transient} tasks`,
    body === undefined ? "" : n === 1 ? short(body) : `${short(body)} × ${count(n)}`,
  ]
    .filter(Boolean)
    .join(", ");
}

/** As the server completes it, see webapp/commands.py. @param {boolean} [durable] @param {string} [kind] */
const queueOf = (durable, kind) =>
  queueWords({ durable: durable ?? true, kind: kind ?? (durable ? "quorum" : "classic") });

/** @param {import("../core/link.js").Allowed} allowed */
function allowedWords(allowed) {
  if (allowed === null) return "there is no such setting";
  if ("words" in allowed) return `must be ${allowed.words.join(" or ")}`;
  if ("from" in allowed) return `must be a whole number from ${count(allowed.from)} to ${count(allowed.to)}`;
  if ("once" in allowed) return "is said a second time, the first one counts";
  if ("length" in allowed) return `an address is read up to its ${count(allowed.length)}th character`;
  return "bytes" in allowed ? `must be a text of at most ${count(allowed.bytes)} bytes` : "";
}

/** How many of them are told. */
const TOLD = 3;

/** @param {import("../core/link.js").Wrong[]} wrong */
export function wrongWords(wrong) {
  const told = wrong
    .slice(0, TOLD)
    .map(({ name, value, allowed }) => `${short(name)}=${short(value)}: ${allowedWords(allowed)}`);
  const rest = wrong.length - told.length;
  return `${told.join("; ")}${rest > 0 ? `; and ${count(rest)} more` : ""}.`;
}

export const linkText = {
  wrongTitle: "Left out of this link",
  offer: (/** @type {string} */ scene) => `This link prepares a scene: ${scene}.`,
  offerFull: "This link asks for full screen.",
  costs: (/** @type {number} */ n) =>
    n === 0 ? "" : ` ${plural(n, "task", "tasks")} of the present run would go.`,
  setUp: "Set it up",
  full: T.full,
  notNow: "Not now",
  done: (/** @type {string} */ scene) => `Set up as the link says: ${scene}.`,
  title: T.share,
  about:
    "Whoever opens it is asked before anything changes; where nothing has been published and nobody else is watching, it is set up at once.",
  address: "Address",
  withTask: "with the task in the field",
  withLook: "with the look of this page",
  copy: T.copy,
  copied: "Copied",
};
