// @ts-check
/** Numbers as people read them, all of them from here: by the page's own language, which is English, whatever the browser speaks. Pure. */

const COUNT = new Intl.NumberFormat("en");
const TENTHS = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const THOUSANDTHS = new Intl.NumberFormat("en", { minimumFractionDigits: 3, maximumFractionDigits: 3 });

/** 9976 -> "9,976". What only names something (#9976, pid 4121, tag=7) is no number. @param {number} n */
export const count = n => COUNT.format(n);

/** 1.25 -> "1.3". @param {number} n */
export const tenths = n => TENTHS.format(n);

/** 1.25 -> "1.250". @param {number} n */
export const thousandths = n => THOUSANDTHS.format(n);

/** A duration that goes on: "1.2 s", "42 s", "3:05 min". @param {number} seconds */
export function held(seconds) {
  const s = Math.max(0, seconds);
  if (s < 10) return `${tenths(Math.floor(s * 10) / 10)} s`;
  if (s < 100) return `${Math.floor(s)} s`;
  if (s < 6000) return `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")} min`;
  return `${count(Math.floor(s / 3600))} h`;
}

/** A measured gap: "3 ms", "0.4 ms", "5.6 s". @param {number} seconds */
export function gap(seconds) {
  const ms = Math.max(0, seconds) * 1000;
  if (ms < 1) return `${tenths(Math.ceil(ms * 10) / 10)} ms`;
  if (Math.round(ms) < 1000) return `${count(Math.round(ms))} ms`;
  return `${tenths(ms / 1000)} s`;
}

/** The work in a task, as the tutorial counts it: a second a dot. @param {string} body */
export const dots = body => body.split(".").length - 1;

/** 2 -> "2nd". @param {number} n */
export function ordinal(n) {
  const tens = n % 100;
  const suffix = tens > 10 && tens < 14 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${count(n)}${suffix}`;
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
