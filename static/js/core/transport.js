// @ts-check
/**
 * The projector's clock: which moment of the run is on the picture. Pure: this machine's monotonic time (`local`) and the engine's
 * (`live`) come in as arguments, both in seconds.
 *
 *   live ──pause──► paused at t ◄──► playing from t at a rate          a rate of 1 and more catches up with the present: live again
 *
 * Time that passes while nobody draws (a sleeping laptop, a tab in the background) does not move the film: it goes on where it stood.
 */

export const RATES = [0.1, 0.25, 0.5, 1, 2, 4];
/** More local seconds than this between two readings: nobody was looking. */
const BLINK = 1;
/** A moment that is ahead of the present by more than this, in seconds: the present has jumped back. By less: an event that has only just come. */
const JUMP = 1;

/** @typedef {"live"|"paused"|"playing"} Mode */

export function createTransport() {
  /** @type {Mode} */
  let mode = "live";
  let at = 0;
  let rate = 1;
  let still = false;
  let before = 0; // local time of the last reading

  /** @param {number} local @param {number} live */
  function read(local, live) {
    const passed = local - before;
    before = local;
    if (mode === "live") at = live;
    if (mode === "playing" && passed > 0 && passed <= BLINK) at += passed * rate;
    if (mode === "playing" && rate >= 1 && at >= live) toLive();
    if (mode === "playing" || at > live + JUMP) at = Math.min(at, live);
    return at;
  }

  function toLive() {
    mode = "live";
    rate = 1;
    still = false;
  }

  return {
    /** The moment to show. */
    read,
    get mode() {
      return mode;
    },
    get rate() {
      return rate;
    },
    /** It stands at an event: everything is shown where that has put it, nothing in mid-air. */
    get still() {
      return still;
    },
    live: toLive,
    /** @param {number} local @param {number} live */
    pause(local, live) {
      read(local, live);
      mode = "paused";
      still = false;
    },
    /** @param {number} local @param {number} live */
    play(local, live) {
      read(local, live);
      if (mode === "paused") mode = "playing";
      still = false;
    },
    /** To a moment: from the present it stops there, while it plays it plays on. @param {number} t */
    seek(t) {
      at = t;
      still = false;
      if (mode === "live") mode = "paused";
    },
    /** To an event, and stand there. @param {number} t */
    stop(t) {
      at = t;
      mode = "paused";
      still = true;
    },
    /** What should be shown is not there yet: wait at t. @param {number} t */
    wait(t) {
      at = t;
    },
    /** The present cannot be hurried, but slowed down: then it falls behind. @param {number} wanted @param {number} local @param {number} live */
    setRate(wanted, local, live) {
      if (!RATES.includes(wanted)) return;
      read(local, live);
      if (mode !== "live") rate = wanted;
      else if (wanted < 1) {
        rate = wanted;
        mode = "playing";
      }
    },
    /** The neighbour of this rate. @param {1|-1} way */
    nextRate(way) {
      return RATES[RATES.indexOf(rate) + way] ?? rate;
    },
  };
}
