// @ts-check
/**
 * Whether anybody is there: a server that was stopped, or a network that swallows everything, closes no connection either. Whoever has not been
 * heard of for a while is asked; who does not answer is taken for gone until heard of again. Pure: times in seconds, from any clock.
 */

/** Seconds of silence after which the page asks, for which it waits for the answer, and between two looks: not two seconds in all. */
export const SILENCE = 0.4;
export const PATIENCE = 1;
export const LOOK = 0.25;

export function createPulse() {
  let heard = Number.NEGATIVE_INFINITY;
  /** When it was asked, if there was no answer yet. @type {number|null} */
  let asked = null;
  let gone = false;
  return {
    /** Something came. Whether this is news: it had been gone. @param {number} now */
    heard(now) {
      const back = gone;
      heard = now;
      asked = null;
      gone = false;
      return back;
    },
    /** What is to do now. @param {number} now @returns {"ask"|"gone"|null} */
    look(now) {
      if (asked === null) {
        if (now - heard < SILENCE) return null;
        asked = now;
        return "ask";
      }
      if (gone || now - asked < PATIENCE) return null;
      gone = true;
      return "gone";
    },
  };
}
