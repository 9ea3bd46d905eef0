// @ts-check
/** Which of several queues have a tab. Pure. */

/** Tabs beside the menu, and beside none. */
const FEW = 2;
const ALL = 3;

/**
 * The first ones, and the one shown in the place of the last of them; the others are in a menu.
 * @template T
 * @param {T[]} queues
 * @param {T|null} shown
 * @returns {T[]}
 */
export function chooseTabs(queues, shown) {
  if (queues.length <= ALL) return queues;
  const first = queues.slice(0, FEW);
  return shown === null || first.includes(shown) ? first : [...first.slice(0, -1), shown];
}
