// @ts-check
/**
 * What is in the air: chips, acks, closed connections. A layer over the stage that nobody can touch and screen readers do not see (the
 * state is in the lanes and shelves already). It lies over the lanes and under what is written on the shelves, and no way leads over a word
 * of a lane: what flies covers nothing but its own number. `update` finds out where each flight begins and ends, and by which way; `draw`
 * moves it along by transform alone.
 */
import { ease } from "../core/motion.js";
import { back, draw as drawn, level, rounded, route, walk } from "../core/route.js";
import { faults } from "../text/faults.js";
import * as words from "../text.js";
import { attr, h, reconcile, style, svg } from "./dom.js";
import { mountTrails } from "./trails.js";

/** @typedef {import("../types.js").Flight} Flight */
/** @typedef {import("../core/route.js").Point} Point */
/** @typedef {import("../core/route.js").Path} Path */

/** What flies, by kind of leg. @type {Record<string, {face: string, look: string}>} */
const FACES = {
  publish: { face: "card", look: "ready" },
  deliver: { face: "card", look: "held" },
  arrive: { face: "card", look: "held" },
  redeliver: { face: "card", look: "again" },
  requeue: { face: "card", look: "again" },
  bury: { face: "card", look: "lost" },
  ack: { face: "token", look: "done" },
  finish: { face: "token", look: "done" },
  fall: { face: "token", look: "lost" },
};

/** More tokens than this fly without their words. */
const WORDED = 6;
/** Px by which a token may be beside the gutter and its word in it. */
const OVER = 6;
/** Px from the edge of a narrow window to the middle of what flies along it: no chip and no token is cut. */
const EDGE = 25;
const EDGE_TOKEN = 13;

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
    const lane = laneOf(flight.from);
    const from =
      lane !== null && isToken(flight) ? layout.door(lane) : layout.place(flight.from, flight.task.id, scene);
    const to = layout.place(flight.to, flight.task.id, scene);
    if (from === null || to === null) return [];
    const goal = (flight.to === "ghost" && layout.beside(flight.task, scene)) || to; // only tokens fly to a copy
    const ends = [from.x, from.y, goal.x, goal.y, ground.left, ground.right].map(Math.round).join();
    const known = air.get(flight.key);
    if (known?.ends === ends) return [{ ...known, flight }];
    const path = way(flight, from, goal);
    return [{ flight, ends, path, at: walk(path) }];
  }

  /** Between a lane and the queue through the gutters; within a lane along its upper edge; else straight. @param {Flight} flight @param {Point} from @param {Point} to */
  function way(flight, from, to) {
    const [leaves, enters] = [laneOf(flight.from), laneOf(flight.to)];
    if (leaves !== null && flight.to.startsWith("tally:")) {
      const y = layout.top(leaves) ?? from.y;
      return rounded([from, { x: from.x, y }, { x: to.x, y }, to]);
    }
    if (leaves !== null && enters === null) return route(layout.inLane(leaves, from), to, ground);
    if (enters !== null && leaves === null) return back(route(layout.inLane(enters, to), from, ground));
    return [level(from, to)];
  }

  /** The word of a token stands in the middle of the gutter, where it covers nothing, while the token is there, and while it fades. @param {HTMLElement} node @param {number} x */
  function say(node, x) {
    const { left, right, margin } = ground;
    const worded = margin === null && x > left - OVER && x < right + OVER;
    attr(node, "data-worded", worded);
    if (margin === null && node.lastChild instanceof HTMLElement)
      style(node.lastChild, "transform", `translateX(calc(-50% + ${((left + right) / 2 - x).toFixed(1)}px))`);
  }

  return {
    /** @param {import("../types.js").Scene} scene */
    update(scene) {
      ground = layout.ground();
      const tokens = scene.flights.filter(isToken).length;
      attr(root, "data-crowded", tokens > WORDED);
      attr(root, "data-small", ground.margin !== null || layout.isDense());
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
        const token = isToken(flight);
        const x = ground.margin === null ? point.x : Math.max(point.x, token ? EDGE_TOKEN : EDGE);
        node.style.transform = `translate3d(${x.toFixed(1)}px, ${point.y.toFixed(1)}px, 0)`;
        const seen = p >= 0 || !token;
        if ((node.style.opacity === "0") === seen) node.style.opacity = seen ? "1" : "0";
        if (token) say(node, x);
      }
      return air.size > 0;
    },
  };
}

/** @param {Flight} flight */
const isToken = flight => FACES[flight.kind]?.face === "token";

/** "lane:worker-1" -> "worker-1". @param {string} place */
const laneOf = place => (place.startsWith("lane:") ? place.slice(5) : null);

/** @param {Flight} flight @returns {{node: HTMLElement, update: () => void}} */
function makePlane(flight) {
  const { face, look: usual } = FACES[flight.kind] ?? { face: "card", look: "plain" };
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
