// @ts-check
/**
 * Keys, where nobody types: one table from key to verb. Help is made of the same table, so it cannot say anything else.
 *
 * A key is named as KeyboardEvent.key has it, letters small. "Shift+1" is the key of that digit when it does not write the digit, so that
 * it is found on every keyboard. What a presentation remote sends is in the table like everything else.
 */
import { keyBetween, keyFaces, keyRange, keyWords } from "../text/keys.js";
import { act } from "./dom.js";

/**
 * @typedef {Object} Key
 * @property {string[]} keys
 * @property {string} says       its words: a key of text/keys.js
 * @property {string} [verb]     the verb that goes up to app.js; none where the browser or the form does it by itself
 * @property {(name: string) => Record<string, unknown>} [detail]  what goes up with the verb
 * @property {boolean} [touches] it stops, starts or turns over what runs: pressed twice within a moment, the second press counts as a slip
 * @property {boolean} [repeats] held down, it goes on
 * @property {() => boolean} [when] it is taken from the browser only then
 * @property {string} [worker]  what it does to a worker; which, the digit after it says
 */

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
const nth = (/** @type {string} */ name, /** @type {string} */ action) => ({
  n: Number(name.at(-1)),
  action,
});
/** A key that a worker's digit has to follow. @param {string} name @param {string} action @returns {Key} */
const then = (name, action) => ({
  keys: [name],
  says: `fault-${action}`,
  verb: "which-worker",
  detail: () => ({ action }),
  worker: action,
});
const fullScreen = () => document.fullscreenElement !== null;

/** In the order of help. @type {Key[]} */
export const KEYS = [
  { keys: ["Enter"], says: "submit" },
  { keys: ["n"], says: "field", verb: "field" },
  { keys: DIGITS, says: "stop", verb: "worker-key", detail: name => nth(name, "stop"), touches: true },
  {
    keys: DIGITS.map(digit => `Shift+${digit}`),
    says: "start",
    verb: "worker-key",
    detail: name => nth(name, "start"),
    touches: true,
  },
  then("h", "hold"),
  then("d", "drop"),
  then("s", "freeze"),
  then("e", "finish"),
  then("u", "stick"),
  then("x", "cut"),
  then("o", "blackhole"),
  then("y", "delay"),
  then("m", "menu"),
  { keys: ["+", "w"], says: "add", verb: "command", detail: () => ({ do: "add" }) }, // twice: two workers
  { keys: ["a"], says: "ack", verb: "toggle-ack", touches: true },
  { keys: ["r"], says: "reset", verb: "ask-reset" },
  { keys: [".", " "], says: "pause", verb: "time-pause" },
  {
    keys: ["ArrowLeft", "PageUp"],
    says: "back",
    verb: "time-step",
    detail: () => ({ way: -1 }),
    repeats: true,
  },
  {
    keys: ["ArrowRight", "PageDown"],
    says: "on",
    verb: "time-step",
    detail: () => ({ way: 1 }),
    repeats: true,
  },
  {
    keys: ["Shift+ArrowLeft"],
    says: "earlier",
    verb: "time-jump",
    detail: () => ({ seconds: -5 }),
    repeats: true,
  },
  {
    keys: ["Shift+ArrowRight"],
    says: "later",
    verb: "time-jump",
    detail: () => ({ seconds: 5 }),
    repeats: true,
  },
  { keys: ["["], says: "slower", verb: "time-faster", detail: () => ({ way: -1 }) },
  { keys: ["]"], says: "faster", verb: "time-faster", detail: () => ({ way: 1 }) },
  { keys: ["Home"], says: "begin", verb: "time-begin" },
  { keys: ["l", "End"], says: "live", verb: "time-live" },
  { keys: ["f"], says: "full", verb: "full" },
  { keys: ["F5", "Shift+F5"], says: "remote", verb: "nothing", when: fullScreen },
  { keys: ["z"], says: "big", verb: "big" },
  { keys: ["t"], says: "theme", verb: "theme" },
  { keys: ["c"], says: "share", verb: "share" },
  { keys: ["?"], says: "help", verb: "help" },
  { keys: ["Escape"], says: "release", verb: "release" },
];

/** Two presses of such a key, nearer than this in ms, are one press and a slip. */
const GUARD = 400;

const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock"]);
/** What lies above the page and has its own keys. */
const ABOVE = "dialog[open], .menu, [popover]:popover-open";
const TYPING = "input:not([type=radio], [type=checkbox], [type=range]), select, textarea, [contenteditable]";
/** What the arrow keys move by themselves. */
const ROWS = "input[type=radio], input[type=range], [role=tablist], [role=slider]";

/** @param {KeyboardEvent} event */
export function nameOf({ key, code, shiftKey }) {
  const digit = /^Digit([1-9])$/.exec(code)?.[1];
  if (digit !== undefined && !/^[0-9]$/.test(key)) return `Shift+${digit}`;
  if (shiftKey && /^(F\d|Arrow)/.test(key)) return `Shift+${key}`;
  return key.length === 1 ? key.toLowerCase() : key;
}

/** Help's rows: the names of the keys, and what they do. @param {Key[]} keys @returns {{names: string[], between: string, words: string}[]} */
export const helpRows = (keys = KEYS) =>
  keys.map(({ keys: names, says, worker }) => ({
    names: worker === undefined ? faces(names) : [...faces(names), ...faces(DIGITS)],
    between: worker === undefined ? keyBetween.either : keyBetween.after,
    words: keyWords[says] ?? says,
  }));

/** @param {string[]} names */
function faces(names) {
  const [first, last] = [names[0] ?? "", names.at(-1) ?? ""];
  if (names.length === DIGITS.length) return [keyRange(first, last.replace("Shift+", ""))];
  return names.map(name => keyFaces[name] ?? name);
}

/**
 * @param {HTMLElement} root  where the verbs go up
 * @param {string[]} verbs  those that are heard there
 */
export function mountKeys(root, verbs) {
  for (const { verb } of KEYS)
    if (verb !== undefined && !verbs.includes(verb)) throw new Error(`nobody hears the verb ${verb}`);
  const table = new Map(KEYS.flatMap(each => each.keys.map(name => /** @type {const} */ ([name, each]))));
  let pointed = false; // the focus is where somebody clicked, not where Tab has led
  /** @type {Map<string, number>} */
  const pressed = new Map();

  /** What waits for the digit of a worker, for as long as it takes: the digit alone would be a kill. @type {string|null} */
  let waiting = null;
  const await0 = (/** @type {string|null} */ what) => {
    if (what === null && waiting !== null) act(root, "which-worker", { action: null });
    waiting = what;
  };

  addEventListener("pointerdown", () => (pointed = true), true);
  addEventListener("pointerdown", () => await0(null), true);

  document.addEventListener("keydown", event => {
    if (event.key === "Tab") pointed = false;
    const { target } = event;
    if (event.defaultPrevented || !(target instanceof HTMLElement)) return;
    const plain = event.getModifierState("AltGraph") || !(event.ctrlKey || event.altKey);
    if (!plain || event.metaKey || document.querySelector(ABOVE) !== null) return;
    if (target.closest(TYPING) !== null) {
      if (event.key === "Escape") target.blur();
      return;
    }
    const name = nameOf(event);
    const asked = waiting;
    if (asked !== null && event.repeat && table.get(name)?.worker === asked) return event.preventDefault(); // held down
    if (asked !== null && !MODIFIERS.has(event.key)) {
      await0(null);
      if (DIGITS.includes(name) || name === "Escape") {
        event.preventDefault();
        if (name !== "Escape") act(root, "worker-key", nth(name, asked));
        return;
      }
    }
    const entry = table.get(name);
    if (entry?.verb === undefined || entry.when?.() === false) return;
    if (event.repeat && !entry.repeats) return event.preventDefault();
    if (name.startsWith("Arrow") && target.closest(ROWS) !== null) return;
    if (name === " " && target.closest("button, a, label, input, summary") !== null) {
      if (!pointed) return; // whoever came by Tab means the button; whoever clicked and now wants the space bar means the page
      target.blur();
    }
    event.preventDefault();
    if (entry.touches && event.timeStamp - (pressed.get(name) ?? Number.NEGATIVE_INFINITY) < GUARD) return;
    pressed.set(name, event.timeStamp);
    if (entry.worker !== undefined) await0(entry.worker);
    act(root, entry.verb, entry.detail?.(name));
  });
}
