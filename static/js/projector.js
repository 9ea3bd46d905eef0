// @ts-check
/**
 * The projector: which world at which moment is on the picture. Live it is the newest one; else one of the film's.
 *
 *   frames ─► film ─┐                         pause, step, jump, seek, rate, live
 *                   ├─► show() ─► world, t            │
 *   clock ─► transport ◄──────────────────────────────┘        what the film has not got is asked for, one thing at a time
 */
import { BEHIND, createClock } from "./core/clock.js";
import { createFilm } from "./core/film.js";
import { createTransport } from "./core/transport.js";

/** Seconds before what could not be had is asked for again. */
const AGAIN = 2;
/** Seconds after which the index is asked for again, while somebody looks at the past. */
const INDEX_AGE = 20;
/** Film seconds that are fetched ahead of what plays, at normal speed. */
const AHEAD = 3;

/** No two frames are nearer than this, in seconds. */
const MOMENT = 1e-6;

/** @typedef {import("./types.js").World} World */

/**
 * @param {import("./types.js").FrameSource} source
 * @param {{changed: () => void, said: (what: "gone"|"begins"|"ends") => void, stepped: (world: World, t: number) => void, now?: () => number}} on
 *   `changed`: look again; `said`: there is something to tell; `stepped`: an event is on the picture
 */
export function createProjector(source, on) {
  const local = on.now ?? (() => performance.now() / 1000);
  const clock = createClock();
  const film = createFilm();
  const transport = createTransport();
  /** @type {World|null} */
  let newest = null;
  /** What is on the picture. @type {{world: World, t: number}|null} */
  let shown = null;
  let waiting = false;
  let asking = false;
  let failed = Number.NEGATIVE_INFINITY;
  let indexed = Number.NEGATIVE_INFINITY;

  const live = () => clock.read(local());
  /**
   * The moment whose world belongs on a picture of t. Live, what belongs together has arrived before it is drawn: so the newest world is a
   * little ahead of the picture; and so it is in the film, so that nothing changes at a pause. At an event that was stepped to, it is that.
   * @param {number} t
   */
  const ahead = t => (transport.still ? t : t + BEHIND);

  async function index() {
    const run = newest?.run;
    if (run === undefined || local() - indexed < INDEX_AGE) return;
    indexed = local();
    film.index(await source.film({ run, quiet: 1 }));
    on.changed();
  }

  /** Have the reel that shows this moment. @param {number} t @returns {Promise<boolean>} it is here */
  async function fetch(t) {
    const run = newest?.run;
    if (run === undefined || asking || local() - failed < AGAIN) return false;
    asking = true;
    const reel = await source.film({ at: Math.max(t, film.from), run, quiet: 1 });
    asking = false;
    const fits = film.load(reel);
    if (!fits) failed = local();
    on.changed();
    return fits;
  }

  /** @param {1|-1} way */
  async function step(way) {
    if (newest === null || (way > 0 && transport.mode === "live")) return;
    const isLive = transport.mode === "live";
    const shows = ahead(transport.read(local(), live()));
    const t = isLive ? Math.max(shows, newest.at + MOMENT) : shows; // live, the newest world is shown however early it came
    transport.stop(t);
    await index();
    for (let turn = 0; turn < 20; turn++) {
      const found = film.step(t, way);
      if (found !== null && "at" in found) {
        transport.stop(found.at);
        const world = film.worldAt(found.at);
        if (world !== null) on.stepped(world, found.at);
        break;
      }
      if (found === null) {
        on.said(way < 0 ? "begins" : "ends");
        break;
      }
      if (!(await fetch(found.load))) break;
    }
    on.changed();
  }

  return {
    /** @param {unknown} frame @param {World} world  the newest one, with this frame in it */
    frame(frame, world) {
      if (newest !== null && (newest.run !== world.run || newest.n > world.n)) {
        if (transport.mode !== "live") on.said("gone");
        transport.live();
        clock.reset();
        film.clear();
        shown = null;
        indexed = Number.NEGATIVE_INFINITY;
      }
      newest = world;
      film.live(frame, world);
      clock.observe(world.at, local());
      void index();
    },

    /** What to draw now; null before there is anything. */
    show() {
      if (newest === null) return null;
      const t = transport.read(local(), live());
      const { mode, still } = transport;
      if (mode === "live") {
        waiting = false;
        shown = { world: newest, t };
        return { ...shown, mode, still };
      }
      const world = film.worldAt(ahead(t));
      waiting = world === null;
      if (world !== null) shown = { world, t };
      else void fetch(ahead(t));
      shown ??= { world: newest, t };
      if (waiting && mode === "playing") transport.wait(shown.t);
      const soon = t + AHEAD * Math.max(1, transport.rate);
      if (mode === "playing" && !waiting && soon < newest.at && film.worldAt(soon) === null) void fetch(soon);
      return { ...shown, mode, still };
    },

    /** @returns {import("./types.js").Moment|null} */
    get moment() {
      if (newest === null) return null;
      const { mode, rate } = transport;
      const now = live();
      const t = transport.read(local(), now);
      const from = Math.min(film.from, now);
      return {
        mode,
        t,
        live: now,
        began: Math.min(film.began, from),
        from,
        whole: film.whole,
        rate,
        waiting,
        marks: film.marks,
      };
    },

    get isLive() {
      return transport.mode === "live";
    },
    /** Seconds between the picture and the present. */
    get behind() {
      const now = live();
      return now - transport.read(local(), now);
    },

    pause() {
      if (transport.mode === "paused") transport.play(local(), live());
      else transport.pause(local(), live());
      indexed = Math.min(indexed, local() - INDEX_AGE);
      void index();
      on.changed();
    },
    step,
    /** @param {number} t */
    seek(t) {
      const to = Math.max(film.from, Math.min(t, live()));
      // before the beginning there is nothing that would still be in mid-air: it stands at the first picture
      if (to === film.from && transport.mode !== "playing") transport.stop(to);
      else transport.seek(to);
      void index();
      on.changed();
    },
    /** @param {number} seconds */
    jump(seconds) {
      const now = live();
      const t = transport.read(local(), now) + seconds;
      if (transport.mode === "live" && seconds > 0) return;
      if (t >= now) transport.live();
      else this.seek(t);
      on.changed();
    },
    begin() {
      this.seek(film.from);
    },
    live() {
      transport.live();
      on.changed();
    },
    /** @param {number} rate */
    rate(rate) {
      transport.setRate(rate, local(), live());
      void index();
      on.changed();
    },
    /** @param {1|-1} way */
    faster(way) {
      this.rate(transport.nextRate(way));
    },
  };
}
