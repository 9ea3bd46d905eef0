// @ts-check
/**
 * The same task lights up everywhere: the pinned one, and what is under the pointer or the focus. A task is meant by `data-task` or `data-of`, a
 * worker and what is in its hands by `data-worker` or `data-by`, all tasks of a number of the ledger by `data-term`. Goes by these alone, so that
 * no view need know.
 */
import { counted } from "../core/counted.js";

const TASKS = "[data-task],[data-of]";
const WORKERS = "[data-worker],[data-by]";
const NOBODY = {
  numbers: /** @type {ReadonlySet<string>} */ (new Set()),
  worker: /** @type {string|null} */ (null),
};

/** @typedef {{what: "task"|"term"|"worker", name: string}} Over */

/** @param {HTMLElement} root */
export function mountHighlight(root) {
  /** @type {Over|null} */
  let over = null;
  /** @type {string|null} */
  let pinned = null;
  /** @type {import("../types.js").World|null} */
  let world = null;
  let marked = false; // something is, so it may have to be taken back

  /** What is lit: tasks by number, and a worker. */
  function lit() {
    if (over === null || world === null) return NOBODY;
    if (over.what === "task") return { numbers: new Set([over.name]), worker: null };
    if (over.what === "term") return { numbers: numbers(counted(world, over.name)), worker: null };
    const worker = world.workers.get(over.name);
    const ids = [...(worker?.holding ?? []), ...(worker?.dropped ?? [])];
    return { numbers: numbers(ids.flatMap(id => world?.tasks.get(id) ?? [])), worker: over.name };
  }

  function apply() {
    if (over === null && pinned === null && !marked) return;
    const now = lit();
    marked = over !== null || pinned !== null;
    for (const node of root.querySelectorAll(`${TASKS},${WORKERS},.lit,.pin`)) {
      const n = node.getAttribute("data-task") ?? node.getAttribute("data-of");
      const by = node.getAttribute("data-by") ?? node.getAttribute("data-worker");
      toggle(node, "lit", (n !== null && now.numbers.has(n)) || (by !== null && by === now.worker));
      toggle(node, "pin", n !== null && n === pinned);
    }
  }

  const look = (/** @type {Event} */ event) => {
    const next = event.target instanceof Element ? meant(event.target) : null;
    if (next?.what === over?.what && next?.name === over?.name) return;
    over = next;
    apply();
  };
  const leave = () => {
    over = null;
    apply();
  };
  root.addEventListener("pointerover", look);
  root.addEventListener("focusin", look);
  root.addEventListener("pointerleave", leave);
  root.addEventListener("focusout", event => {
    if (event.relatedTarget === null && over !== null) leave();
  });
  return {
    /** @param {import("../types.js").Scene} scene */
    update(scene) {
      pinned = scene.pin === null ? null : String(scene.pin);
      world = scene.world;
      apply();
    },
  };
}

/** @param {import("../types.js").Task[]} tasks */
const numbers = tasks => new Set(tasks.map(task => String(task.n)));

/** What a place on the page stands for; a task before the worker that has it. @param {Element} target @returns {Over|null} */
function meant(target) {
  const task = target.closest(TASKS);
  const n = task?.getAttribute("data-task") ?? task?.getAttribute("data-of");
  if (n) return { what: "task", name: n };
  const term = target.closest("[data-term]")?.getAttribute("data-term");
  if (term) return { what: "term", name: term };
  const worker = target.closest(WORKERS);
  const name = worker?.getAttribute("data-worker") ?? worker?.getAttribute("data-by");
  return name ? { what: "worker", name } : null;
}

/** @param {Element} node @param {string} name @param {boolean} on */
function toggle(node, name, on) {
  if (node.classList.contains(name) !== on) node.classList.toggle(name, on);
}
