// @ts-check
/** Numbers as people read them. Pure. */

const COUNT = new Intl.NumberFormat("en");

/** 9976 -> "9,976". @param {number} n */
export const count = n => COUNT.format(n);

/** A duration that goes on: "1.2 s", "42 s", "3:05 min". @param {number} seconds */
export function held(seconds) {
  const s = Math.max(0, seconds);
  if (s < 10) return `${(Math.floor(s * 10) / 10).toFixed(1)} s`;
  if (s < 100) return `${Math.floor(s)} s`;
  if (s < 6000) return `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")} min`;
  return `${count(Math.floor(s / 3600))} h`;
}

/** A measured gap: "3 ms", "0.4 ms", "5.6 s". @param {number} seconds */
export function gap(seconds) {
  const ms = Math.max(0, seconds) * 1000;
  if (ms < 1) return `${(Math.ceil(ms * 10) / 10).toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

/** The work in a task, as the tutorial counts it: a second a dot. @param {string} body */
export const dots = body => body.split(".").length - 1;

/** 2 -> "2nd". @param {number} n */
export function ordinal(n) {
  const tens = n % 100;
  const suffix = tens > 10 && tens < 14 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${suffix}`;
}

const WORDS = [
  "",
  "first",
  "second",
  "third",
  "fourth",
  "fifth",
  "sixth",
  "seventh",
  "eighth",
  "ninth",
  "tenth",
];

/** 2 -> "second", for sentences. @param {number} n */
export const ordinalWord = n => WORDS[n] ?? ordinal(n);

/** A string cut to a length people can look at. @param {string} value @param {number} length */
export const cut = (value, length) =>
  Array.from(value).length > length
    ? `${Array.from(value)
        .slice(0, length - 1)
        .join("")}…`
    : value;
