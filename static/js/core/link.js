// @ts-check
/**
 * What an address says: how the page is looked at (this page's own affair), and what scene it prepares (everybody's). Pure: text in, values out,
 * and back. Nonsense is left out and told; nothing throws.
 *
 *   ?theme=dark&tab=code  ·  ?ack=auto&prefetch=5&workers=4&body=photo...&count=5  ·  ?durable=false&persistent=true
 *
 * @typedef {{theme?: string, type?: string, full?: string, tab?: string, pin?: number, queue?: string}} View
 * @typedef {{ack?: string, prefetch?: number, workers?: number, durable?: boolean, kind?: string, idempotent?: boolean,
 *   persistent?: boolean, body?: string, count?: number}} Scene  `durable` and `kind` are the queue's, `persistent` the tasks'
 * @typedef {{words: string[]} | {from: number, to: number} | {bytes: number} | {dots: number} | {once: true} | {length: number} | null} Allowed
 * @typedef {{name: string, value: string, allowed: Allowed}} Wrong  `allowed` is null where there is no such name
 */
import { dots } from "./format.js";

/** Characters of an address that are looked at; the longest task, every byte of it escaped, fits. */
const LONGEST = 16_384;
/** As webapp/commands.py has them. */
const MOST_BYTES = 4096;
const MOST_DOTS = 600;

/**
 * @typedef {Object} Parameter
 * @property {(text: string) => string|number|boolean|null} read  null: not allowed
 * @property {Allowed} allowed
 */

/** @param {...string} words @returns {Parameter} */
const oneOf = (...words) => ({ read: text => (words.includes(text) ? text : null), allowed: { words } });

/** @param {number} from @param {number} to @returns {Parameter} */
const whole = (from, to) => ({
  read(text) {
    if (!/^\d{1,9}$/.test(text)) return null;
    const n = Number(text);
    return n >= from && n <= to ? n : null;
  },
  allowed: { from, to },
});

/** @param {number} bytes @returns {Parameter} */
const some = bytes => ({
  read: text => (text.trim() !== "" && !text.includes("\0") && size(text) <= bytes ? text : null),
  allowed: { bytes },
});

/** @type {Parameter} */
const yesOrNo = {
  read: text => (text === "true" ? true : text === "false" ? false : null),
  allowed: { words: ["true", "false"] },
};

/** @param {string} text */
const size = text => new TextEncoder().encode(text).length;

/** @type {Record<keyof View, Parameter>} */
export const VIEW = {
  theme: oneOf("light", "dark"),
  type: oneOf("big"),
  full: oneOf("1"),
  tab: oneOf("life", "workers", "code", "output"),
  pin: whole(1, 999_999_999),
  queue: some(255),
};

/** @type {Record<keyof Scene, Parameter>} */
export const SCENE = {
  ack: oneOf("manual", "auto"),
  prefetch: whole(0, 1000),
  workers: whole(0, 32),
  durable: yesOrNo,
  kind: oneOf("quorum", "classic"),
  idempotent: yesOrNo,
  persistent: yesOrNo,
  body: {
    read: text => (dots(text) <= MOST_DOTS ? some(MOST_BYTES).read(text) : null),
    allowed: { bytes: MOST_BYTES },
  },
  count: whole(1, 10_000),
};

/**
 * @param {string} search  the address from its question mark on
 * @returns {{view: View, scene: Scene, wrong: Wrong[]}}
 */
export function parse(search) {
  /** @type {{view: Record<string, string|number|boolean>, scene: Record<string, string|number|boolean>, wrong: Wrong[]}} */
  const out = { view: {}, scene: {}, wrong: [] };
  const seen = new Set();
  for (const [name, text] of new URLSearchParams(readable(search))) {
    if (seen.has(name)) {
      out.wrong.push({ name, value: text, allowed: { once: true } });
      continue;
    }
    seen.add(name);
    const [part, known] = Object.hasOwn(VIEW, name)
      ? [out.view, /** @type {Record<string, Parameter>} */ (VIEW)[name]]
      : [
          out.scene,
          Object.hasOwn(SCENE, name) ? /** @type {Record<string, Parameter>} */ (SCENE)[name] : null,
        ];
    const value = known?.read(text) ?? null;
    if (value === null) out.wrong.push({ name, value: text, allowed: known?.allowed ?? null });
    else part[name] = value;
  }
  if (search.length > LONGEST)
    out.wrong.push({ name: "…", value: search.slice(-8), allowed: { length: LONGEST } });
  if (out.scene.body === undefined) delete out.scene.count; // five times nothing
  if (out.scene.durable === false && out.scene.kind === "quorum") {
    out.wrong.push({ name: "kind", value: "quorum", allowed: { words: ["classic"] } }); // a quorum queue is always durable
    delete out.scene.kind;
  }
  return out;
}

/** As much of an address as is looked at, and no value that was cut through. @param {string} search */
function readable(search) {
  return search.length <= LONGEST ? search : search.slice(0, Math.max(0, search.lastIndexOf("&", LONGEST)));
}

/**
 * The address's question mark and what follows; empty where there is nothing to say. What parse() would refuse is left out.
 * @param {View} view
 * @param {Scene} [scene]
 */
export function format(view, scene = {}) {
  const out = new URLSearchParams();
  for (const [table, values] of /** @type {[Record<string, Parameter>, Record<string, unknown>][]} */ ([
    [SCENE, scene],
    [VIEW, view],
  ]))
    for (const name of Object.keys(table)) {
      const value = values[name];
      if (value === undefined || value === null) continue;
      if (table[name]?.read(String(value)) !== null) out.set(name, String(value));
    }
  const text = out.toString();
  return text === "" ? "" : `?${text}`;
}

/**
 * What of a scene is not so already.
 * @param {Scene} scene
 * @param {import("../types.js").World} world
 * @returns {Scene}
 */
export function missing(scene, world) {
  const now = sceneOf(world);
  const out = { ...scene };
  for (const name of SET) if (out[name] === now[name]) delete out[name];
  return out;
}

/** What a reset can set: all of a scene but its tasks. @type {(keyof ReturnType<typeof sceneOf>)[]} */
export const SET = ["ack", "prefetch", "workers", "durable", "kind", "idempotent"];

/** The scene that is on: how workers acknowledge, how many of ours there are, what the queue is. @param {import("../types.js").World} world */
export function sceneOf(world) {
  const { ack, prefetch, durable, kind, idempotent } = world.settings;
  const workers = [...world.workers.values()].filter(each => each.kind === "local").length;
  return { ack, prefetch, workers, durable, kind, idempotent };
}

/** The same in as few words as tell it: a quorum queue is durable, and one that is not is a classic one. @param {Scene} scene @returns {Scene} */
export function brief({ durable, kind, idempotent, persistent, ...rest }) {
  return {
    ...rest,
    ...(durable === false ? { durable } : { kind }),
    idempotent,
    ...(persistent === false && { persistent }),
  };
}

/** Whether nothing would be taken from anybody: nothing is published, and nobody else is watching. @param {import("../types.js").World} world */
export const untouched = world => world.ledger.published === 0 && world.link.watching <= 1;
