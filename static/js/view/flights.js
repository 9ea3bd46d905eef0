// @ts-check
/**
 * What is in the air: chips, acks, closed connections. A layer over the stage that nobody can touch and screen readers do not see (the
 * state is in the lanes and shelves already). `update` finds out where each flight begins and ends, and by which way; `draw` moves it
 * along by transform alone.
 */
import { ease } from "../core/motion.js";
import { back, draw as drawn, level, route, walk } from "../core/route.js";
import { faults } from "../text/faults.js";
import * as words from "../text.js";
import { attr, h, reconcile, svg } from "./dom.js";
import { mountTrails } from "./trails.js";

/** @typedef {import("../types.js").Flight} Flight */
/** @typedef {import("../core/route.js").Point} Point */
/** @typedef {import("../core/route.js").Path} Path */

/** What flies, by kind of leg. @type {Record<string, {face: string, look: string}>} */
const FACES = {
  publish: { face: "chip", look: "ready" },
  deliver: { face: "chip", look: "held" },
  arrive: { face: "chip", look: "held" },
  redeliver: { face: "chip", look: "again" },
  requeue: { face: "chip", look: "again" },
  bury: { face: "chip", look: "lost" },
  ack: { face: "token", look: "done" },
  finish: { face: "token", look: "done" },
  fall: { face: "token", look: "lost" },
};

/** More tokens than this fly without their words. */
const WORDED = 6;
/** Px by which a word may stand over the edge of the gutter. */
const OVER = 6;
/** Px from where a chip lands on a copy to its edge: a token lands there, beside its number. */
const BESIDE = 32;
/** Px from the edge of a narrow window to the middle of what flies along it: no chip is cut in half. */
const EDGE = 30;

/**
 * @typedef {Object} Plane
 * @property {Flight} flight
 * @property {string} ends  where it flies, to know whether that changed
 * @property {Path} path
 * @property {(p: number) => Point} at
 */

/**
 * @param {HTMLElement} root
 * @param {ReturnType<typeof import("./layout.js").createLayout>} layout
 */
export function mountFlights(root, layout) {
  const wakes = svg("g", {});
  const ways = svg("g", {});
  // Under the chips and the words; what flies is above them.
  root.before(/** @type {any} */ (svg("svg", { class: "lines", "aria-hidden": "true" }, wakes, ways)));
  const planes = h("div", { class: "planes" });
  root.append(planes);
  const trails = mountTrails(ways, layout);
  /** @type {Map<string, Plane>} */
  let air = new Map();
  /** @type {Map<string, HTMLElement>} */
  const nodes = new Map();
  /** @type {import("../core/route.js").Ground} */
  let ground = { left: 0, right: 0, margin: null };

  /** @param {Flight} flight @param {import("../types.js").Scene} scene @returns {Plane[]} */
  function plan(flight, scene) {
    const from = layout.place(flight.from, flight.task.id, scene);
    const to = layout.place(flight.to, flight.task.id, scene);
    if (from === null || to === null) return [];
    if (flight.to === "ghost" && ground.margin === null) to.x -= BESIDE; // only tokens fly there
    const ends = [from.x, from.y, to.x, to.y, ground.left, ground.right].map(Math.round).join();
    const known = air.get(flight.key);
    if (known?.ends === ends) return [{ ...known, flight }];
    const path = way(flight, from, to);
    return [{ flight, ends, path, at: walk(path) }];
  }

  /** Between a lane and the queue through the gutters; else straight. @param {Flight} flight @param {Point} from @param {Point} to */
  function way(flight, from, to) {
    const [leaves, enters] = [laneOf(flight.from), laneOf(flight.to)];
    if (leaves !== null && enters === null && !flight.to.startsWith("tally:"))
      return route(layout.inLane(leaves, from), to, ground);
    if (enters !== null && leaves === null) return back(route(layout.inLane(enters, to), from, ground));
    return [level(from, to)];
  }

  return {
    /** @param {import("../types.js").Scene} scene */
    update(scene) {
      ground = layout.ground();
      const tokens = scene.flights.filter(flight => FACES[flight.kind]?.face === "token").length;
      attr(root, "data-crowded", tokens > WORDED);
      const flying = scene.flights.flatMap(flight => plan(flight, scene));
      air = new Map(flying.map(each => [each.flight.key, each]));
      for (const key of nodes.keys()) if (!air.has(key)) nodes.delete(key);
      reconcile(
        planes,
        flying,
        each => each.flight.key,
        each => {
          const part = makePlane(each.flight);
          nodes.set(each.flight.key, part.node);
          return part;
        },
      );
      reconcile(
        wakes,
        flying.filter(each => each.flight.kind === "ack" && tokens <= WORDED),
        each => each.flight.key,
        makeWake,
      );
      trails.update(scene);
    },

    /** Moves what flies. @param {number} t @returns {boolean} something is in the air */
    draw(t) {
      for (const [key, { flight, at }] of air) {
        const node = nodes.get(key);
        if (node === undefined) continue;
        const p = (t - flight.start) / (flight.end - flight.start);
        const point = at(ease(Math.max(0, Math.min(1, p))));
        const x = ground.margin === null ? point.x : Math.max(point.x, EDGE);
        node.style.transform = `translate3d(${x.toFixed(1)}px, ${point.y.toFixed(1)}px, 0)`;
        const token = FACES[flight.kind]?.face === "token";
        const seen = p >= 0 || !token;
        if ((node.style.opacity === "0") === seen) node.style.opacity = seen ? "1" : "0";
        // Its word stands in the gutter only, where it covers nothing.
        if (token)
          attr(
            node,
            "data-worded",
            ground.margin !== null || (point.x > ground.left - OVER && point.x < ground.right + OVER),
          );
      }
      return air.size > 0;
    },
  };
}

/** "lane:worker-1" -> "worker-1". @param {string} place */
const laneOf = place => (place.startsWith("lane:") ? place.slice(5) : null);

/** @param {Flight} flight @returns {{node: HTMLElement, update: () => void}} */
function makePlane(flight) {
  const { face, look: usual } = FACES[flight.kind] ?? { face: "chip", look: "plain" };
  const attempt = flight.task.attempts[flight.attempt - flight.task.skipped - 1];
  const look = flight.kind === "deliver" && attempt?.auto_ack ? "risk" : usual;
  const node = h("div", {
    class: `plane ${face}`,
    "data-flight": flight.key,
    "data-look": look,
    "data-kind": flight.kind,
  });
  const label = `#${flight.task.n}`;
  if (face === "token") {
    const word =
      flight.kind === "ack"
        ? words.text.ack(label)
        : flight.kind === "fall"
          ? faults.fell(attempt?.noticed ?? "")
          : "";
    node.append(
      h("span", { class: "disc", text: look === "lost" ? "✕" : "✓" }),
      h("span", { class: "word", text: word }),
    );
  } else
    node.append(
      h("span", {
        class: "face",
        text: look === "again" ? `${label} ↻` : look === "lost" ? `✕ ${label}` : label,
      }),
    );
  return { node, update() {} };
}

/** A quiet dotted line under a flying ack. @returns {import("./dom.js").Part<Plane>} */
function makeWake() {
  const node = svg("path", { class: "wake" });
  return {
    node,
    update({ path }) {
      attr(node, "d", drawn(path));
    },
  };
}
