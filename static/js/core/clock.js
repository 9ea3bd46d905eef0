// @ts-check
/**
 * The page's clock: the engine's time, guessed from the frames and this machine's monotonic clock, shown a little late so
 * that what belongs together has arrived before it is drawn. Pure: the local time comes in as an argument (seconds).
 *
 * A frame that came late makes the clock look fast, never slow; so the best guess is the greatest difference seen.
 * It is let down slowly (two clocks drift), and thrown away where it is off by more than a second (a sleeping
 * laptop, a restarted engine). It runs on without a frame for a while only: this machine may have been asleep with its clock going, and
 * what happened meanwhile nobody here knows. So no counter counts an hour in which nothing was heard.
 */

/** Seconds the picture runs behind, so that a frame's neighbours can arrive. */
export const BEHIND = 0.12;
const DRIFT = 0.001; // seconds a second
const JUMP = 1;
/** Seconds it runs on by itself: more than lie between two frames of a server that lives (a keyframe every 5, webapp/sockets.py). */
const ALONE = 12;

/**
 * @returns {{observe: (at: number, local: number) => void, read: (local: number) => number, reset: () => void}}
 */
export function createClock() {
  /** @type {number|null} */
  let ahead = null; // engine time less local time
  let observed = 0;
  let last = Number.NEGATIVE_INFINITY;

  return {
    /** A frame said it was `at` when it left; it is `local` here. */
    observe(at, local) {
      const now = at - local;
      if (ahead === null || now < ahead - JUMP) {
        ahead = now;
        last = Number.NEGATIVE_INFINITY;
      } else {
        ahead = Math.max(ahead - DRIFT * Math.max(0, local - observed), now);
      }
      observed = local;
    },
    /** The engine's time to draw, in seconds; never runs backwards except after a jump. */
    read(local) {
      if (ahead === null) return 0;
      last = Math.max(last, Math.min(local, observed + ALONE) + ahead - BEHIND);
      return last;
    },
    reset() {
      ahead = null;
      last = Number.NEGATIVE_INFINITY;
    },
  };
}
