// @ts-check
/**
 * Where the places of the stage are, in px from its corner. Measured when the layout changed, never per frame.
 *
 * @typedef {{x: number, y: number}} Point
 */

/** Px from the edge of the form to the middle of a chip that comes out from under it. */
const FORM = 22;
/** Px from the edge of a copy or a tally to the middle of a token that has landed beside it. */
const BESIDE = 13;

/**
 * @param {HTMLElement} stage
 * @param {{producer: HTMLElement, queue: ReturnType<typeof import("./queue.js").mountQueue>, lanes: ReturnType<typeof import("./lanes.js").mountLanes>, workers: HTMLElement}} parts
 */
export function createLayout(stage, { producer, queue, lanes, workers }) {
  let stale = true;
  /** @type {Map<string, {left: number, top: number, width: number, height: number}>} */
  const boxes = new Map();

  /** @param {string} name @param {Element|null|undefined} node */
  const box = (name, node) => {
    const known = boxes.get(name);
    if (known !== undefined) return known;
    if (!node) return null;
    const at = node.getBoundingClientRect();
    const corner = stage.getBoundingClientRect(); // now: since another was measured, the page may have been scrolled
    const found = {
      left: at.left - corner.left,
      top: at.top - corner.top,
      width: at.width,
      height: at.height,
    };
    boxes.set(name, found);
    return found;
  };
  /** @param {{left: number, top: number, width: number, height: number}|null} at @param {number} [x] @param {number} [y] @returns {Point|null} */
  const point = (at, x = 0.5, y = 0.5) =>
    at === null ? null : { x: at.left + at.width * x, y: at.top + at.height * y };

  /** @param {string} name */
  const slot = name => {
    const at = box(`lane:${name}`, lanes.parts(name)?.slot);
    const room = box("workers", workers);
    if (at === null || room === null || at.width === 0) return null;
    // A lane scrolled out of its column: its edge stands for it.
    const top = Math.max(room.top, Math.min(at.top, room.top + room.height - at.height));
    return { ...at, top };
  };

  /** Where the tap is on the way to a lane: in the gutter, or on the lane's edge where there is no gutter before it. @param {string} name @returns {Point|null} */
  const tap = name => {
    const at = slot(name);
    const lane = box(`node:${name}`, lanes.parts(name)?.node);
    if (at === null || lane === null) return null;
    const { left, right, margin } = ground();
    const list = box("list", lanes.list);
    if (margin === null && list !== null && lane.left - list.left < 40)
      return { x: (left + right) / 2, y: at.top + at.height / 2 };
    return { x: lane.left + lane.width * (margin === null ? 0.5 : 0.7), y: lane.top + 2 };
  };

  /** Where the free ways are. @returns {import("../core/route.js").Ground} */
  const ground = () => {
    const shelves = box("shelves", queue.unacked);
    const list = box("list", lanes.list);
    const left = shelves === null ? 0 : shelves.left + shelves.width;
    const right = list === null ? 0 : list.left;
    return { left: left + 2, right: right + 2, margin: right < left ? 7 : null };
  };

  return {
    ground,
    tap,

    stale() {
      stale = true;
    },

    /** Forgets what was measured, if it changed. To be called before places are asked for. */
    settle() {
      if (!stale) return false;
      stale = false;
      boxes.clear();
      return true;
    },

    /**
     * The middle of where a task is, or goes, at this place; null where the page does not show it.
     * @param {string} place
     * @param {string} task
     * @param {import("../types.js").Scene} scene
     * @returns {Point|null}
     */
    place(place, task, scene) {
      const [what = "", name = ""] = split(place);
      if (what === "producer") {
        const [at, form] = [point(box("producer", producer)), box("form", producer.closest("form"))];
        return at === null || form === null ? at : { x: form.left + form.width - FORM, y: at.y };
      }
      if (what === "lane") {
        const at = slot(name);
        return at === null
          ? null
          : { x: at.left + Math.min(34, at.width / 3), y: at.top + Math.min(at.height / 2, 27) };
      }
      if (what === "tap") return tap(name);
      if (what === "tally") {
        const at = point(box(place, lanes.parts(name)?.tally), 0);
        return at && { x: at.x - BESIDE, y: at.y };
      }
      if (what === "ready") return onShelf("ready", queue.readyShelf, scene.ready, scene.readyMore, task);
      if (what === "ghost") return onShelf("ghost", queue.ghostShelf, scene.ghosts, scene.ghostsMore, task);
      if (what === "lost" || what === "dead") {
        const at = box(what, what === "lost" ? queue.lost : queue.dead) ?? null;
        const grave = at === null || at.width === 0 ? box("graves", queue.graves) : at;
        return grave === null
          ? null
          : { x: grave.left + Math.min(30, grave.width / 2), y: grave.top + Math.min(grave.height / 2, 14) };
      }
      return null;
    },

    /**
     * A point in a lane as the end of a way: with the free strips around it, where it is not in the first column.
     * @param {string} name
     * @param {Point} point
     * @returns {import("../core/route.js").End}
     */
    inLane(name, point) {
      const lane = box(`node:${name}`, lanes.parts(name)?.node);
      const list = box("list", lanes.list);
      if (lane === null || list === null || lane.left - list.left < 40) return point;
      const gap = lanes.gap();
      return {
        ...point,
        inner: lane.left - gap.column / 2,
        above: lane.top - gap.row / 2,
        below: lane.top + lane.height + gap.row / 2,
      };
    },

    /** Beside the margin of a phone: the free strip between the queue and the lanes, as the beginning of a line of text. @returns {Point} */
    band: () => ({ x: 18, y: (box("workers", workers)?.top ?? 0) + 5 }),

    /** The upper edge of a lane. @param {string} name */
    top: name => box(`node:${name}`, lanes.parts(name)?.node)?.top ?? null,

    /** Whether lanes lie so close that what flies between them has to be small. */
    isDense: () => lanes.list.dataset.density === "dense",

    /**
     * Where a token lands that comes for a copy: beside it, on the side from which it comes; where the copy is not drawn, above the number of those that
     * are kept, on the edge of the shelf, where nothing is written.
     * @param {import("../types.js").Task} task
     * @param {import("../types.js").Scene} scene
     * @returns {Point|null}
     */
    beside({ id }, scene) {
      const shelf = queue.ghostShelf;
      const at = box("ghost", shelf.node);
      if (at === null) return null;
      const phone = ground().margin !== null;
      const i = scene.ghosts.findIndex(chip => chip.task.id === id);
      if (i < 0) {
        const number = point(box("kept", queue.kept));
        return number && { x: number.x, y: box("shelves", queue.unacked)?.top ?? number.y };
      }
      const { left, y } = shelf.spot(i);
      if (phone) return { x: at.left + left - BESIDE, y: at.top + y };
      return {
        x: at.left + left + (scene.ghostsMore > 0 ? shelf.pitch() : shelf.width(i) + BESIDE),
        y: at.top + y,
      };
    },

    /** The left edge of a lane's slot, or of the lane where what it held lies there no more. @param {string} name @param {boolean} [lies] @returns {Point|null} */
    door(name, lies = true) {
      const at = slot(name);
      if (at === null) return null;
      const lane = lies ? null : box(`node:${name}`, lanes.parts(name)?.node);
      return { x: (lane ?? at).left - 3, y: at.top + at.height / 2 };
    },

    /**
     * The edge of a task's chip on the Unacked shelf, or on the Ready shelf where no worker was free: the right one, the left one on a phone.
     * Whether nothing stands between it and the shelf's right edge.
     * @param {import("../types.js").Task} task
     * @param {import("../types.js").Scene} scene
     * @param {boolean} left
     * @returns {(Point & {clear: boolean})|null}
     */
    copy(task, scene, left) {
      return (
        edge("ghost", queue.ghostShelf, scene.ghosts, scene.ghostsMore, task.id, left) ??
        edge("ready", queue.readyShelf, scene.ready, scene.readyMore, task.id, left)
      );
    },
  };

  /**
   * An edge of a chip on a shelf.
   * @param {string} name
   * @param {import("./shelf.js").Shelf} shelf
   * @param {import("../types.js").Chip[]} chips
   * @param {number} more
   * @param {string} task
   * @param {boolean} left
   */
  function edge(name, shelf, chips, more, task, left) {
    const at = box(name, shelf.node);
    const i = chips.findIndex(chip => chip.task.id === task);
    if (at === null || i < 0) return null;
    const spot = shelf.spot(i);
    const last = more > 0 ? chips.length : chips.length - 1;
    const clear = i === last || (i + 1) % shelf.columns() === 0;
    return { x: at.left + spot.left + (left ? 0 : shelf.width(i)), y: at.top + spot.y, clear };
  }

  /**
   * @param {string} name
   * @param {import("./shelf.js").Shelf} shelf
   * @param {import("../types.js").Chip[]} chips
   * @param {number} more
   * @param {string} task
   */
  function onShelf(name, shelf, chips, more, task) {
    const at = box(name, shelf.node);
    if (at === null) return null;
    const i = chips.findIndex(chip => chip.task.id === task);
    // Not there (any more): it went out at the head; not there yet: it joins at the end.
    const cell = i >= 0 ? i : more > 0 && name === "ghost" ? chips.length : 0;
    const spot = shelf.spot(cell);
    return {
      x: at.left + Math.min(spot.left + 28, at.width),
      y: at.top + Math.min(spot.y, Math.max(at.height, 10)),
    };
  }
}

/** "lane:worker-1" -> ["lane", "worker-1"]. @param {string} place */
function split(place) {
  const colon = place.indexOf(":");
  return colon < 0 ? [place] : [place.slice(0, colon), place.slice(colon + 1)];
}
