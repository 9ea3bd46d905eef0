// @ts-check
/** The foot's left half: four views of what happened, one shown at a time, and beside their tabs the task that is pinned. */
import { foot as T } from "../text/foot.js";
import { mountCode } from "./code.js";
import { act, attr, h, show, text } from "./dom.js";
import { describeTask, mountLife } from "./life.js";
import { mountOutput } from "./output.js";
import { mountStints } from "./stints.js";

/** The views by name, in the order of their tabs. */
export const TABS = ["life", "workers", "code", "output"];

const words = /** @type {Record<string, string>} */ (/** @type {unknown} */ (T));

/** Ids of their panels. @type {Record<string, string>} */
const PANELS = { life: "life", workers: "stints", code: "code", output: "output" };

/** Where a key leads in the row of tabs, from tab i of n. @type {Record<string, (i: number, n: number) => number>} */
const STEPS = {
  ArrowRight: (i, n) => (i + 1) % n,
  ArrowLeft: (i, n) => (i + n - 1) % n,
  Home: () => 0,
  End: (_, n) => n - 1,
};

/**
 * @param {HTMLElement} root
 * @param {() => Promise<string>} program  loads the text of the workers' program
 */
export function mountFoot(root, program) {
  const tabs = TABS.map(name =>
    h("button", {
      type: "button",
      role: "tab",
      id: `tab-${name}`,
      class: "foot-tab",
      "data-tab": name,
      "data-word": words[name],
      "aria-controls": PANELS[name],
      text: words[name],
    }),
  );
  const row = h("div", { role: "tablist", class: "foot-tabs", "aria-label": T.tabs }, ...tabs);
  for (const tab of tabs) tab.addEventListener("click", () => act(tab, "tab", { name: tab.dataset.tab }));
  row.addEventListener("keydown", event => {
    const at = tabs.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const to = tabs[STEPS[event.key]?.(at, tabs.length) ?? -1];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    to.focus();
    to.click();
  });

  const pinText = h("span", { class: "pin-text" });
  const unpin = h("button", {
    type: "button",
    class: "icon small",
    "data-role": "unpin",
    "aria-label": T.unpin,
    title: T.unpin,
    text: "✕",
  });
  unpin.addEventListener("click", () => act(unpin, "pin", { n: null }));
  const pinned = h("div", { class: "pinned", hidden: true }, pinText, unpin);

  const panel = (/** @type {string} */ name) =>
    h("div", { role: "tabpanel", id: PANELS[name], class: "foot-panel", "aria-labelledby": `tab-${name}` });
  const [life, stints, code, output] = [panel("life"), panel("workers"), panel("code"), panel("output")];
  const panels = [life, stints, code, output];
  root.append(h("header", { class: "foot-head" }, row, pinned), ...panels);
  /** @type {Record<string, {update: (scene: import("../types.js").Scene) => number|void, draw?: (t: number) => void}>} */
  const views = {
    life: mountLife(life),
    workers: mountStints(stints),
    code: mountCode(code, program),
    output: mountOutput(output),
  };
  // A lane's name chooses whose code is looked at, wherever the lanes are.
  document.addEventListener("click", event => {
    const name = event.target instanceof Element ? event.target.closest(".lane .who") : null;
    const worker = name?.closest("[data-worker]")?.getAttribute("data-worker");
    if (worker) act(root, "lane", { name: worker });
  });

  let shown = "";
  return {
    /**
     * Returns when this picture changes by itself; Infinity if it does not.
     * @param {import("../types.js").Scene} scene
     * @returns {number}
     */
    update(scene) {
      shown = scene.tab !== null && scene.tab in views ? scene.tab : (TABS[0] ?? "");
      for (const [i, tab] of tabs.entries()) {
        const on = tab.dataset.tab === shown;
        attr(tab, "aria-selected", on ? "true" : "false");
        attr(tab, "tabindex", on ? 0 : -1);
        const it = panels[i];
        if (it) show(it, on);
      }
      pin(scene);
      return views[shown]?.update(scene) ?? Number.POSITIVE_INFINITY;
    },
    /** Time goes on. @param {number} t */
    draw(t) {
      views[shown]?.draw?.(t);
    },
  };

  /** @param {import("../types.js").Scene} scene */
  function pin({ world, pin: n }) {
    const task = n === null ? undefined : [...world.tasks.values()].find(each => each.n === n);
    show(pinned, n !== null);
    attr(pinned, "data-of", n);
    text(pinText, n === null ? "" : task === undefined ? T.pinned(n) : `#${n} ${task.body}`);
    attr(pinText, "title", task === undefined ? null : describeTask(task));
  }
}
