// @ts-check
/** The workers: a lane each, as many columns and as high as there is room for; and what lies below the edge, by number. */
import { density } from "../core/density.js";
import { captionOf } from "../text/caption.js";
import { hintWords } from "../text/hints.js";
import { text as T } from "../text.js";
import { act, attr, h, reconcile, show, style, text } from "./dom.js";
import { makeIdempotent } from "./idempotent.js";
import { makeInfo } from "./info.js";
import { makeLane } from "./lane.js";
import { forThumbs, rem } from "./shelf.js";

/** Of the list of lanes, above and below, and between its columns, in rem. */
const PADDING = 0.6;
const STRIP = 1.1;
/** A lane has room for a second line, in rem. */
const TALL = 4;

/**
 * @param {HTMLElement} root
 * @param {() => void} changed  lanes came, went, or have another size
 * @param {() => import("../types.js").World|null} world  for the i
 */
export function mountLanes(root, changed, world) {
  const add = h(
    "button",
    { type: "button", class: "button small", "data-role": "add-worker" },
    h("span", { text: "+ ", "aria-hidden": "true" }),
    T.add,
    h("span", { class: "tail", text: T.aWorker }),
  );
  add.addEventListener("click", () => act(add, "command", { do: "add" }));
  const idempotent = makeIdempotent(world);
  const hint = h("p", { class: "col-hint", "data-role": "hint" });
  const list = h("div", { class: "lanes" });
  const number = h("span", {});
  const tail = h("span", { class: "tail" });
  const below = h(
    "button",
    { type: "button", class: "button small more-lanes", "data-role": "more-lanes", hidden: true },
    number,
    tail,
  );
  below.addEventListener("click", () => list.scrollBy({ top: list.clientHeight * 0.9 }));
  root.append(
    h(
      "header",
      { class: "col-head" },
      h("h2", { text: T.workers }),
      makeInfo("heartbeat", world),
      h("span", { class: "gap" }),
      below,
      idempotent.node,
      add,
    ),
    hint,
    list,
  );
  /** @type {import("../types.js").Scene|null} */
  let shown = null;
  /**
   * The hint. On a phone the caption of the copies is out of sight where the lanes are looked at: so it is said here, first.
   * @param {import("../types.js").Scene} scene
   * @param {number} t
   */
  function say(scene, t) {
    const caption = forThumbs() ? captionOf(scene, t) : "";
    const said = caption || hintWords(scene.hint, t);
    text(hint, said);
    attr(hint, "title", said || null);
    attr(hint, "data-hint", caption === "" ? (scene.hint?.key ?? null) : "caption");
    attr(hint, "data-quiet", caption === "" && (scene.hint?.quiet ?? false));
  }
  list.addEventListener(
    "scroll",
    () => {
      tellBelow();
      changed();
    },
    { passive: true },
  );

  const oneColumn = matchMedia("(max-width: 860px)");
  let size = { height: 24, width: 50 };
  let unit = 14;
  let shape = "";
  let rows = { columns: 1, height: 4, gap: 0.6, lanes: 0 };
  new ResizeObserver(() => {
    unit = rem();
    size = { height: list.clientHeight / unit - PADDING, width: list.clientWidth / unit };
    changed();
  }).observe(list);

  /** @type {Map<string, ReturnType<typeof makeLane>>} */
  const lanes = new Map();

  /** How many lanes lie below the edge of the list. */
  function tellBelow() {
    const row = (rows.height + rows.gap) * unit;
    const seen = Math.floor((list.scrollTop + list.clientHeight + row * 0.3) / row) * rows.columns;
    const hidden = oneColumn.matches ? 0 : Math.max(0, rows.lanes - seen);
    show(below, hidden > 0);
    text(number, hidden > 0 ? T.moreLanes(hidden) : "");
    text(tail, hidden > 0 ? T.moreLanesTail(hidden) : "");
  }

  return {
    list,
    /** The menu of a worker, by its name. @param {string} name */
    openMenu: name => lanes.get(name)?.openMenu(),
    /** What flights and trails have to know of a worker's lane. @param {string} name */
    parts(name) {
      const lane = lanes.get(name);
      return lane === undefined ? null : { node: lane.node, slot: lane.slot, tally: lane.tally };
    },
    /** Px between lanes: the ways that lead past them. */
    gap: () => ({ row: rows.gap * unit, column: STRIP * unit }),

    /** @param {import("../types.js").Scene} scene */
    update(scene) {
      // In one column with the rest of the page there is as much room below as lanes need.
      const room = oneColumn.matches ? Number.POSITIVE_INFINITY : size.height;
      const { mode, columns, height, gap } = density(scene.lanes.length, room, size.width);
      rows = { columns, height, gap, lanes: scene.lanes.length };
      attr(list, "data-density", mode);
      attr(list, "data-tall", height >= TALL);
      style(list, "--lane-height", `${height.toFixed(2)}rem`);
      style(list, "--lane-gap", `${gap}rem`);
      style(list, "--lane-columns", String(columns));
      const alive = new Set(scene.lanes.map(lane => lane.worker.name));
      for (const name of lanes.keys()) if (!alive.has(name)) lanes.delete(name);
      reconcile(
        list,
        scene.lanes,
        lane => lane.worker.name,
        lane => {
          const part = makeLane();
          lanes.set(lane.worker.name, part);
          return part;
        },
      );
      idempotent.update(scene.world);
      shown = scene;
      say(scene, scene.t);
      for (const lane of lanes.values()) {
        lane.queue(scene.queue?.name ?? "");
        lane.tick(scene.t);
      }
      const now = `${mode}/${columns}/${height.toFixed(2)}/${[...lanes.keys()].join()}`;
      if (now !== shape) {
        shape = now;
        tellBelow();
        changed();
      }
    },

    /** Seconds and pips alone, those in the hint too. @param {number} t */
    tick(t) {
      for (const lane of lanes.values()) lane.tick(t);
      if (shown !== null) say(shown, t);
    },
  };
}
