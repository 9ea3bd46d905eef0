// @ts-check
/**
 * The ways back: dotted from the lane that died to the broker's copies, with the measured time in the gutter; an arrow on to each lane that has
 * them now. They lie under the chips and in the gutters, so that every word on the stage stays readable.
 */
import { gap } from "../core/format.js";
import { back, draw, route, walk } from "../core/route.js";
import { waitWords } from "../text/ways.js";
import * as words from "../text.js";
import { attr, reconcile, style, svg, text } from "./dom.js";

/** @typedef {import("../types.js").Bundle} Bundle */
/** @typedef {import("../types.js").Scene} Scene */
/** @typedef {import("../core/route.js").Point} Point */

/** Px between the line that comes and the one that goes, and that an arrow's head is long. */
const APART = 3.5;
const HEAD = 9;
/** Px from the middle of the margin of a phone to the line that comes, on one side, and the ones that go, on the other. */
const MARGIN = 3.2;

/**
 * @param {SVGElement} lines
 * @param {ReturnType<typeof import("./layout.js").createLayout>} layout
 */
export function mountTrails(lines, layout) {
  return {
    /** @param {Scene} scene */
    update(scene) {
      reconcile(
        lines,
        scene.bundles.map(bundle => ({ bundle, scene })).reverse(), // the newest is on top: its label covers the lines of the others
        each => each.bundle.key,
        () => makeTrail(layout),
      );
    },
  };
}

/** @param {ReturnType<typeof import("./layout.js").createLayout>} layout */
function makeTrail(layout) {
  const fell = svg("path", { class: "fell" });
  const bracket = svg("path", { class: "bracket" });
  const onward = svg("g", {});
  const number = svg("tspan", {});
  const how = svg("tspan", { class: "how" });
  const time = svg("tspan", {});
  const label = svg("text", { class: "gap" }, number, how, time);
  const node = svg("g", { class: "trail" }, fell, bracket, onward, label);

  /** @param {{bundle: Bundle, scene: Scene}} item */
  function update({ bundle, scene }) {
    const ground = layout.ground();
    const phone = ground.margin !== null;
    const worker = scene.world.workers.get(bundle.from);
    const lies = worker?.holding.length === 0 && worker.dropped.length > 0;
    const door = layout.door(bundle.from, lies);
    const copies = bundle.tasks.flatMap(task => layout.copy(task, scene, phone) ?? []);
    const first = copies[0];
    const gone = door === null || first === undefined || revived(bundle, worker);
    style(node, "display", gone ? "none" : "");
    if (gone) return;

    const several = bundle.tasks.length > 1;
    const edge = phone ? (ground.margin ?? 0) : ground.left + (several ? 3 : -1);
    const ys = copies.map(point => point.y);
    const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
    // Of several, the line ends at a bracket beside their rows, and at the shelf's edge where others stand before it; the copies are lit.
    const beside = several || (!phone && !first.clear);
    const end = beside ? { x: edge, y: (top + bottom) / 2 } : { x: first.x, y: first.y - APART };
    const path = route(layout.inLane(bundle.from, door), end, aside(ground, -MARGIN));
    attr(fell, "d", draw(path));
    attr(bracket, "d", several && !phone ? `M${edge - 5} ${top}H${edge}V${bottom}H${edge - 5}` : "");

    const second = scene.t >= bundle.second;
    attr(node, "data-second", second);
    reconcile(
      onward,
      bundle.onward.map(trail => {
        const to = layout.door(trail.to ?? "");
        const copy = layout.copy(trail.task, scene, phone);
        const from = beside ? { x: edge, y: (copy ?? end).y + APART } : { x: first.x, y: first.y + APART };
        return {
          trail,
          ground: aside(ground, MARGIN),
          from,
          to: to && layout.inLane(trail.to ?? "", { x: to.x - HEAD, y: to.y }),
        };
      }),
      each => each.trail.key,
      makeOnward,
    );

    const middle = walk(path.slice(-2))(0.3);
    const half = walk(path)(0.5);
    const at = phone ? layout.band() : gutterPoint(path, ground, middle, half);
    const count = several ? words.text.backCount(bundle.tasks.length, bundle.least) : "";
    const said = second ? measured(bundle) : ["", ""];
    if (second && !several && said.join("") === "") said[1] = `↻ ${words.text.back}`;
    // Where there is no gutter, it says in one line what it is about, too.
    const one = [count || `#${bundle.tasks[0]?.n}`, ...said].filter(Boolean).join(" · ");
    let above = 0;
    for (const [i, line] of (phone ? [one, "", ""] : [count, ...said]).entries()) {
      const span = [number, how, time][i] ?? time;
      text(span, line);
      attr(span, "x", at.x.toFixed(1));
      attr(span, "dy", above > 0 ? "1.15em" : null);
      if (line !== "") above += 1;
    }
    attr(label, "data-aside", phone);
    attr(label, "y", (at.y - (phone ? 0 : 6 + 8 * Math.max(0, above - 1))).toFixed(1));
    attr(node, "data-watch", bundle.watch?.after == null ? null : Math.round(bundle.watch.after * 1000));
    attr(node, "data-gap", bundle.gap === null ? null : Math.round(bundle.gap * 1000));
  }
  return { node, update };
}

/**
 * Its worker was stopped, and somebody has started it again: what came back from the dead one would seem to be given back by the living.
 * @param {Bundle} bundle
 * @param {import("../types.js").Worker|undefined} worker
 */
function revived(bundle, worker) {
  const stopped = bundle.tasks.some(
    task =>
      task.attempts.findLast(each => each.worker === bundle.from && each.end !== null)?.fault?.kind ===
      "stop",
  );
  return stopped && worker !== undefined && worker.state !== "stopped";
}

/** The ground with its margin, where that is the only way, a little further in or out. @param {import("../core/route.js").Ground} ground @param {number} by */
const aside = (ground, by) => (ground.margin === null ? ground : { ...ground, margin: ground.margin + by });

/**
 * What was measured. Where the heartbeat or the ack timeout had to notice, that was the wait; the gap after it says nothing of it.
 * @param {Bundle} bundle
 */
function measured({ gap: between, watch }) {
  if (watch !== null) return waitWords(watch);
  return ["", between === null ? "" : `↻ ${gap(between)}`];
}

/**
 * Where the line crosses the middle of the gutter: its label stands there, in the free.
 * @param {import("../core/route.js").Path} path
 * @param {import("../core/route.js").Ground} ground
 * @param {Point} middle
 * @param {Point} beside
 */
function gutterPoint(path, ground, middle, beside) {
  const x = (ground.left + ground.right) / 2;
  const curve = path.find(([a, , , d]) => (a.x - x) * (d.x - x) <= 0 && Math.abs(a.x - d.x) > 8);
  if (curve === undefined) return { x, y: (middle.y + beside.y) / 2 };
  return { x, y: walk([curve])(0.5).y };
}

/** An arrow from the copy to the lane that has it now. */
function makeOnward() {
  const on = svg("path", { class: "on", pathLength: 1 });
  const head = svg("path", { class: "head" });
  const node = svg("g", {}, on, head);
  return {
    node,
    /** @param {{ground: import("../core/route.js").Ground, from: Point, to: import("../core/route.js").End|null}} way */
    update({ ground, from, to }) {
      style(node, "display", to === null ? "none" : "");
      if (to === null) return;
      attr(on, "d", draw(back(route(to, from, ground))));
      attr(head, "d", `M${(to.x + HEAD).toFixed(1)} ${to.y.toFixed(1)}l-11 -6v12z`);
    },
  };
}
