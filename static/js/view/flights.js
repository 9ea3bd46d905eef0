// @ts-check
/**
 * What is in the air: chips, acks, closed connections, and the ways back. A layer over the stage that nobody can touch and screen readers do
 * not see (the state is in the lanes and shelves already). `update` finds out where each flight begins and ends; `draw` moves
 * it there by transform alone.
 */
import { gap } from "../core/format.js";
import { along, ease } from "../core/motion.js";
import { attr, h, reconcile, style, svg, text } from "./dom.js";

/** @typedef {import("../types.js").Flight} Flight */
/** @typedef {import("./layout.js").Point} Point */

/** What flies, by kind of leg. @type {Record<string, {face: string, look: string}>} */
const FACES = {
  publish: { face: "chip", look: "ready" },
  deliver: { face: "chip", look: "held" },
  redeliver: { face: "chip", look: "again" },
  requeue: { face: "chip", look: "again" },
  bury: { face: "chip", look: "lost" },
  ack: { face: "token", look: "done" },
  finish: { face: "token", look: "done" },
  fall: { face: "token", look: "lost" },
};

/** More tokens than this fly without their words. */
const WORDED = 6;

/**
 * @param {HTMLElement} root
 * @param {ReturnType<typeof import("./layout.js").createLayout>} layout
 */
export function mountFlights(root, layout) {
  const lines = svg("svg", { class: "lines" });
  const planes = h("div", { class: "planes" });
  root.append(/** @type {any} */ (lines), planes);
  /** @type {Map<string, {flight: Flight, node: HTMLElement, from: Point, to: Point}>} */
  const air = new Map();
  /** @type {import("../types.js").Scene|null} */
  let now = null;

  return {
    /** @param {import("../types.js").Scene} scene */
    update(scene) {
      now = scene;
      air.clear();
      const tokens = scene.flights.filter(flight => FACES[flight.kind]?.face === "token").length;
      attr(root, "data-crowded", tokens > WORDED);
      const flying = scene.flights.flatMap(flight => {
        const from = layout.place(flight.from, flight.task.id, scene);
        const to = layout.place(flight.to, flight.task.id, scene);
        return from === null || to === null ? [] : [{ flight, from, to }];
      });
      reconcile(
        planes,
        flying,
        each => each.flight.key,
        each => makePlane(each.flight),
      );
      for (const each of flying) {
        const node = planes.querySelector(`[data-flight="${CSS.escape(each.flight.key)}"]`);
        if (node instanceof HTMLElement) air.set(each.flight.key, { ...each, node });
      }
      reconcile(
        lines,
        [
          ...scene.trails.map(trail => ({ key: `t${trail.key}`, trail, flight: null, from: null, to: null })),
          ...flying
            .filter(each => each.flight.kind === "ack" && tokens <= WORDED)
            .map(each => ({ key: `f${each.flight.key}`, trail: null, ...each })),
        ],
        each => each.key,
        each => (each.trail !== null ? makeTrail(layout, () => now) : makeWake()),
      );
    },

    /** Moves what flies. @param {number} t @returns {boolean} something is in the air */
    draw(t) {
      for (const { flight, node, from, to } of air.values()) {
        const p = (t - flight.start) / (flight.end - flight.start);
        const at = along(from, to, ease(Math.max(0, Math.min(1, p))));
        node.style.transform = `translate3d(${at.x.toFixed(1)}px, ${at.y.toFixed(1)}px, 0)`;
        const seen = p >= 0 || FACES[flight.kind]?.face === "chip";
        if ((node.style.opacity === "0") === seen) node.style.opacity = seen ? "1" : "0";
      }
      return air.size > 0;
    },
  };
}

/** @param {Flight} flight @returns {import("./dom.js").Part<{flight: Flight}>} */
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
    node.append(
      h("span", { class: "disc", text: look === "lost" ? "✕" : "✓" }),
      h("span", {
        class: "word",
        text: flight.kind === "ack" ? `ack ${label}` : flight.kind === "fall" ? "connection closed" : "",
      }),
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

/** A quiet dotted line under a flying ack. */
function makeWake() {
  const node = svg("path", { class: "wake" });
  return {
    node,
    update(/** @type {{from: Point|null, to: Point|null}} */ { from, to }) {
      if (from !== null && to !== null) attr(node, "d", curve(from, to));
    },
  };
}

/**
 * The way back: dotted from the lane that died to the copy, with the measured time; an arrow on to the lane that has it now.
 * @param {ReturnType<typeof import("./layout.js").createLayout>} layout
 * @param {() => import("../types.js").Scene|null} scene
 */
function makeTrail(layout, scene) {
  const fell = svg("path", { class: "fell" });
  const on = svg("path", { class: "on", pathLength: 1 });
  const head = svg("path", { class: "head" });
  const label = svg("text", { class: "gap" });
  const node = svg("g", { class: "trail" }, fell, on, head, label);
  return {
    node,
    update(/** @type {{trail: import("../types.js").Trail|null}} */ { trail }) {
      const now = scene();
      if (trail === null || now === null) return;
      const { from, ghost, to } = layout.ends(trail, now);
      style(node, "display", from === null || ghost === null ? "none" : "");
      if (from === null || ghost === null) return;
      attr(fell, "d", curve(from, { x: ghost.x, y: ghost.y - 3 }));
      const second = to !== null && now.t >= trail.second;
      attr(node, "data-second", second);
      if (to !== null) {
        const tip = { x: to.x - 9, y: to.y };
        attr(on, "d", curve({ x: ghost.x, y: ghost.y + 4 }, tip));
        attr(head, "d", `M${to.x} ${to.y}l-11 -6v12z`);
      }
      const middle = along(from, ghost, 0.45);
      attr(label, "x", middle.x.toFixed(1));
      attr(label, "y", (middle.y - 8).toFixed(1));
      text(label, trail.gap === null || now.t < trail.second ? "" : `↻ ${gap(trail.gap)}`);
      attr(node, "data-gap", trail.gap === null ? null : Math.round(trail.gap * 1000));
    },
  };
}

/** A curve that leaves and arrives level. @param {Point} a @param {Point} b */
function curve(a, b) {
  const dx = (b.x - a.x) / 2;
  const n = (/** @type {number} */ v) => v.toFixed(1);
  return `M${n(a.x)} ${n(a.y)}C${n(a.x + dx)} ${n(a.y)} ${n(b.x - dx)} ${n(b.y)} ${n(b.x)} ${n(b.y)}`;
}
