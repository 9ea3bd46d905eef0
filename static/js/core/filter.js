// @ts-check
/**
 * Lines of the wire, chosen by task, by who took part, and by kind of method. Pure.
 *
 * @typedef {import("../types.js").WireLine} WireLine
 */

const BROKER = "broker";
const ENGINE = "unacked";
/** The method of a line that stands for lines too many to be kept. */
const SKIPPED = "…";

/** What a line is about; the first that fits. @type {[string, (line: WireLine) => boolean][]} */
const KINDS = [
  ["confirm", line => line.who === BROKER && /^basic\.n?ack$/.test(line.method)],
  ["publish", line => /^basic\.(publish|return)$/.test(line.method)],
  ["deliver", line => /^basic\.(deliver|get-ok)$/.test(line.method)],
  ["ack", line => line.method === "basic.ack"],
  ["nack", line => /^basic\.(nack|reject)$/.test(line.method)],
  ["consume", line => /^basic\.(consume|cancel)$|^connection\.open/.test(line.method)],
  ["close", line => /close/.test(line.method)],
  ["queue", line => /^(queue|exchange)\./.test(line.method)],
  ["process", () => true],
];

export const KIND_NAMES = KINDS.map(([name]) => name);

/** @param {WireLine} line */
export const kindOf = line => KINDS.find(([, fits]) => fits(line))?.[0] ?? "process";

/** Who spoke: broker | client | engine. @param {WireLine} line */
export const speakerOf = line => (line.who === BROKER ? "broker" : line.who === ENGINE ? "engine" : "client");

/** The client that a line is about, whoever spoke; empty where there is none. @param {WireLine} line */
export const clientOf = line =>
  [line.who, line.to].find(name => name !== BROKER && name !== ENGINE && name !== "") ?? "";

/** Everybody who took part, the broker first, then by name and number. @param {WireLine[]} lines */
export function speakers(lines) {
  const names = new Set(lines.map(clientOf));
  names.delete("");
  return [BROKER, ...[...names].sort((a, b) => a.localeCompare(b, "en", { numeric: true }))];
}

/**
 * @typedef {Object} Filter
 * @property {string|null} task        a task's id; null: of any, and none
 * @property {string} who              broker: what it said; else a client: what was said by it or to it; empty: anybody
 * @property {ReadonlySet<string>} kinds  empty: every
 */

/** @param {Filter} filter */
export const narrows = filter => filter.task !== null || filter.who !== "" || filter.kinds.size > 0;

/**
 * The lines that fit, of how many that are kept; and how many had passed too fast to be kept, which may have fitted as well.
 * Where nothing is filtered, the lines that say so are among them.
 * @param {WireLine[]} lines
 * @param {Filter} filter
 * @returns {{shown: WireLine[], fit: number, of: number, left: number}}
 */
export function select(lines, filter) {
  const real = lines.filter(line => line.method !== SKIPPED);
  const left = lines.reduce(
    (sum, line) => sum + (line.method === SKIPPED ? Number.parseInt(line.detail, 10) || 0 : 0),
    0,
  );
  const of = real.length;
  if (!narrows(filter)) return { shown: lines, fit: of, of, left };
  const { task, who, kinds } = filter;
  const shown = real.filter(
    line =>
      (task === null || line.task === task) &&
      (who === "" || (who === BROKER ? line.who === BROKER : clientOf(line) === who)) &&
      (kinds.size === 0 || kinds.has(kindOf(line))),
  );
  return { shown, fit: shown.length, of, left };
}
