// @ts-check
/**
 * The queue and its two shelves. Ready is what waits; Unacked is what was delivered and is kept until acknowledged: a ghost there
 * is the broker's copy. Under auto-ack there are no ghosts, and the shelf says so. Below them, by name, what is lost or dead.
 */
import { patience } from "../core/faults.js";
import { count } from "../core/format.js";
import { look, shownQueue } from "../core/scene.js";
import { captionOf, tickingNow } from "../text/caption.js";
import * as words from "../text.js";
import { makeChip, makeGhost } from "./chip.js";
import { act, attr, h, show, text } from "./dom.js";
import { makeInfo } from "./info.js";
import { makeKind } from "./kind.js";
import { forThumbs, makeShelf, THUMB } from "./shelf.js";
import { makeTabs } from "./tabs.js";
import { makeTray } from "./tray.js";

const { text: T } = words;
/** @typedef {import("../types.js").Chip} Chip */

/** Widths in rem of a digit, of what lies around a number, and of the sign of a redelivered task; and the same among many that wait. */
const DIGIT = 0.6;
const AROUND = 2.05;
const SIGN = 1.05;
const TIGHT = { digit: 0.545, around: 1.52, sign: 0.85 };
/** A row, and the width of a ghost that names its holder, in rem. */
const ROW = 1.86;
const WIDE = 13;
/** Seconds until an ack timeout, in a small ghost. */
const FUSE = 2.4;
/** Beside so long a number the sentence behind it is a short one. */
const MANY = 100;

/**
 * @param {HTMLElement} root
 * @param {() => void} changed  a shelf has another size
 * @param {() => import("../types.js").World|null} world  for the i's
 */
export function mountQueue(root, changed, world) {
  const title = h("h2", {});
  const tabs = makeTabs();
  const kind = makeKind(world);

  const next = h("span", { class: "note", "data-role": "next" });
  const readyCount = h("span", { class: "count" });
  const readyShelf = makeShelf("ready-cells", changed);
  const readyMore = moreButton("ready");
  const ready = h(
    "section",
    { class: "shelf ready", "aria-label": T.ready },
    h("header", {}, h("h3", { text: T.ready }), readyCount, next),
    readyShelf.node,
  );

  const kept = h("span", { class: "note" });
  const unackedCount = h("span", { class: "count" });
  const ghostShelf = makeShelf("ghost-cells", changed);
  const ghostMore = moreButton("unacked");
  const empty = h("p", { class: "shelf-says" });
  const caption = h("p", { class: "caption", "data-role": "caption" });
  const unacked = h(
    "section",
    { class: "shelf unacked", "aria-label": T.unacked },
    h("header", {}, h("h3", { text: T.unacked }), unackedCount, kept, makeInfo("timeout", world)),
    ghostShelf.node,
    empty,
    caption,
  );

  const graves = h("div", { class: "graves" });
  const lost = makeTray("lost", T.lost, changed);
  const dead = makeTray("dead", T.dead, changed);
  graves.append(lost.node, dead.node);
  root.append(h("header", { class: "col-head" }, title, tabs.node, ...kind.nodes), ready, unacked, graves);

  /** @type {Map<string, ReturnType<typeof makeGhost>>} */
  const ghosts = new Map();
  /** @type {import("../types.js").Scene|null} */
  let shown = null;
  /** @param {string} which */
  function moreButton(which) {
    const node = h("button", { type: "button", class: "more", title: T.showMore, hidden: true });
    node.addEventListener("click", () => act(node, "list", { what: which }));
    return node;
  }

  return {
    readyShelf,
    ghostShelf,
    unacked,
    kept: unackedCount,
    lost: lost.list,
    dead: dead.list,
    graves,

    /**
     * How many chips fit, as the shelves are now. A cell is as wide as the longest number on its shelf. Ghosts name their holder unless there are
     * too many of them; what waits is drawn smaller where it is more than fits, so that a good handful has its name there.
     * @param {import("../types.js").World} world
     * @param {string|null} name  of the queue that is shown, if one was chosen
     */
    room(world, name) {
      const height = forThumbs() ? THUMB + 0.1 : ROW;
      const waiting = [...world.tasks.values()].filter(task => task.state === "ready");
      const again = waiting.some(task => look(task) === "again");
      const shown = shownQueue(world, name);
      const digits = longest(waiting);
      let width = AROUND + digits * DIGIT + (again ? SIGN : 0);
      let ready = readyShelf.room({ width, height });
      const many = (shown?.ready ?? 0) > ready;
      if (many) {
        width = TIGHT.around + digits * TIGHT.digit + (again ? TIGHT.sign : 0);
        ready = readyShelf.room({ width: forThumbs() ? Math.max(width, THUMB + 0.15) : width, height });
      }
      attr(readyShelf.node, "data-size", many ? "small" : "full");

      let unacked = 0;
      for (const queue of world.queues.values()) unacked = Math.max(unacked, queue.unacked);
      let ghosts = ghostShelf.room({ width: WIDE, height });
      const small = unacked > ghosts;
      if (small) {
        const copies = [...world.tasks.values()].filter(task => task.state === "unacked");
        const fuse = counted(copies, world) ? FUSE : 0;
        ghosts = ghostShelf.room({ width: AROUND + SIGN + longest(copies) * DIGIT + fuse, height });
      }
      attr(ghostShelf.node, "data-size", small ? "small" : "full");
      return { ready, ghosts, cell: { ready: readyShelf.cell(), ghosts: ghostShelf.cell() } };
    },

    /** @param {import("../types.js").Scene} scene */
    update(scene) {
      const { queue, world } = scene;
      const several = scene.queues.length > 1;
      text(title, queue === null || several || !queue.durable ? T.queue : `${T.queue} · ${queue.name}`);
      attr(title, "title", queue?.name ?? T.noQueue);
      title.classList.toggle("sr", several);
      tabs.update(scene);
      kind.update(scene);
      attr(root, "data-outage", scene.outage);

      const first = queue?.next ? world.tasks.get(queue.next) : undefined;
      text(next, queue === null ? T.noQueue : queue.ready > 0 ? nextOf(queue, first) : T.empty);
      text(readyCount, queue !== null && queue.ready > 0 ? count(queue.ready) : "");
      attr(ready, "data-difference", queue !== null && queue.difference !== 0);
      if (queue !== null && queue.difference !== 0)
        text(next, T.difference(queue.ready + queue.difference, queue.ready));
      text(readyMore, T.more(scene.readyMore));
      show(readyMore, scene.readyMore > 0);
      readyShelf.update(scene.ready, chip => chip.key, makeChip, readyMore);

      const auto = world.settings.ack === "auto";
      attr(root, "data-ack", auto ? "auto" : "manual");
      text(kept, auto ? "" : T.kept);
      text(unackedCount, queue !== null && queue.unacked > 0 ? count(queue.unacked) : "");
      text(ghostMore, T.more(scene.ghostsMore));
      show(ghostMore, scene.ghostsMore > 0);
      const alive = new Set(scene.ghosts.map(chip => chip.key));
      for (const key of ghosts.keys()) if (!alive.has(key)) ghosts.delete(key);
      ghostShelf.update(
        scene.ghosts,
        chip => chip.key,
        chip => {
          const part = makeGhost();
          ghosts.set(chip.key, part);
          return part;
        },
        ghostMore,
      );
      const none = scene.ghosts.length === 0 && scene.ghostsMore === 0;
      text(empty, auto ? T.autoShelf : T.noGhosts);
      // Not while something comes for a copy or rises from one: it flies where the sentence stands.
      const crossed = scene.flights.some(flight => flight.from === "ghost" || flight.to === "ghost");
      show(empty, auto || (none && !crossed));
      shown = scene;

      lost.update(scene.lost, scene.lostElsewhere, scene.lostMore);
      dead.update(scene.dead, scene.deadElsewhere, scene.deadMore);
      show(dead.node, world.ledger.dead > 0);
      this.tick(scene.t);
    },

    /** The seconds alone. @param {number} t */
    tick(t) {
      for (const ghost of ghosts.values()) ghost.tick(t);
      if (shown !== null) text(caption, captionOf(shown, t) || autoNote(shown));
      attr(caption, "data-ticking", shown === null ? null : tickingNow(shown)?.kind);
    },
  };
}

/** Digits of the longest number among these. @param {import("../types.js").Task[]} tasks */
const longest = tasks => String(tasks.reduce((most, task) => Math.max(most, task.n), 10)).length;

/** Whether an ack timeout is counted down on one of these ghosts. @param {import("../types.js").Task[]} copies @param {import("../types.js").World} world */
const counted = (copies, world) =>
  copies.some(task => patience(task, world.workers.get(task.worker ?? ""), world.at) !== null);

/** Who gets the next message. @param {import("../types.js").Queue} queue @param {import("../types.js").Task|undefined} first */
function nextOf(queue, first) {
  if (queue.consumers === 0) return T.noConsumers;
  if (first === undefined) return "";
  return queue.ready < MANY ? T.nextOut(first.n) : T.nextOutShort(first.n);
}

/** Under auto-ack, what the shelf is for. @param {import("../types.js").Scene} scene */
const autoNote = ({ world }) => (world.settings.ack === "auto" ? T.autoShelfNote : "");
