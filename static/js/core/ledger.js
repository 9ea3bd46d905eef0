// @ts-check
/**
 * The ledger as an equation: published = done + ready + unacked + at risk + lost + dead. Pure.
 *
 * @typedef {import("../types.js").Ledger} Ledger
 * @typedef {import("../types.js").LedgerKey} LedgerKey
 */

/** The right-hand side, in the order in which it is read. @type {LedgerKey[]} */
export const TERMS = ["done", "ready", "unacked", "at_risk", "lost", "dead"];

/** Those that count again what the equation has counted already. @type {LedgerKey[]} */
export const BESIDE = ["redelivered", "done_twice"];

/** @param {Ledger} ledger */
export const sum = ledger => TERMS.reduce((total, key) => total + ledger[key], 0);

/** @param {Ledger} ledger */
export const addsUp = ledger => sum(ledger) === ledger.published;

/**
 * Which terms are written out. `at_risk` means something only under auto-ack, `dead` only once there is one; a term that was
 * shown stays (`before`), so that the row does not jump when it is back at zero.
 * @param {Ledger} ledger
 * @param {string} ack
 * @param {ReadonlySet<LedgerKey>} [before]
 * @returns {LedgerKey[]}
 */
export function shown(ledger, ack, before = new Set()) {
  return TERMS.filter(key => {
    if (key !== "at_risk" && key !== "dead") return true;
    return ledger[key] > 0 || before.has(key) || (key === "at_risk" && ack === "auto");
  });
}

/**
 * Where each term lies on the bar: `from` and `share` between 0 and 1.
 * A term that is not zero is never thinner than `least`, so that one lost task among a million is seen.
 * @param {Ledger} ledger
 * @param {number} [least]
 * @returns {{key: LedgerKey, from: number, share: number}[]}
 */
export function shares(ledger, least = 0.008) {
  const total = sum(ledger);
  const raw = TERMS.map(key => (total > 0 && ledger[key] > 0 ? Math.max(least, ledger[key] / total) : 0));
  const all = raw.reduce((a, b) => a + b, 0) || 1;
  let from = 0;
  return TERMS.map((key, i) => {
    const share = (raw[i] ?? 0) / all;
    const at = from;
    from += share;
    return { key, from: at, share };
  });
}
