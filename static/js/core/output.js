// @ts-check
/**
 * What a worker's terminal shows: its lines, and between them the ends of its processes, where they came. Pure.
 *
 * @typedef {{key: string, kind: "line"|"prompt"|"exit"|"note", text: string}} Line
 * `text` of an exit is why, of a note how many lines are not kept; a prompt has none.
 */

/**
 * @param {import("../types.js").Worker} worker
 * @returns {Line[]}
 */
export function screen(worker) {
  const first = worker.printed - worker.output.length; // the number of the oldest line that is kept
  /** @type {Line[]} */
  const out = [];
  const prompt = (/** @type {string} */ key) => out.push({ key, kind: "prompt", text: "" });
  if (first > 0) out.push({ key: "left", kind: "note", text: String(first) });
  else prompt("p");
  const exits = worker.exits.map((each, i) => ({ ...each, key: `${each.printed}.${i}` }));
  const alive = worker.pid !== null;
  for (let n = first; n <= worker.printed; n++) {
    for (const each of exits.filter(exit => exit.printed === n)) {
      if (n < first || (n === first && first > 0)) continue; // what it ended is not there any more
      out.push({ key: `x${each.key}`, kind: "exit", text: each.why });
      if (alive || each !== exits.at(-1)) prompt(`p${each.key}`);
    }
    if (n < worker.printed) out.push({ key: `l${n}`, kind: "line", text: worker.output[n - first] ?? "" });
  }
  if (worker.state === "frozen") out.push({ key: "frozen", kind: "exit", text: worker.why });
  return out;
}
