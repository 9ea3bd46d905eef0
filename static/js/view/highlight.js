// @ts-check
/** The same task lights up everywhere: the pinned one, and the one under the pointer or the focus. Goes by attributes, so that no view need know. */

/** @param {HTMLElement} root */
export function mountHighlight(root) {
  /** @type {string|null} */
  let over = null;
  /** @type {string|null} */
  let pinned = null;
  const numberOf = (/** @type {EventTarget|null} */ target) => {
    const node = target instanceof Element ? target.closest("[data-task],[data-of]") : null;
    return node?.getAttribute("data-task") ?? node?.getAttribute("data-of") ?? null;
  };
  const apply = () => {
    mark("lit", over);
    mark("pin", pinned);
  };
  const mark = (/** @type {string} */ name, /** @type {string|null} */ n) => {
    for (const node of root.querySelectorAll(`.${name}`))
      if (numberOf(node) !== n) node.classList.remove(name);
    if (n === null) return;
    for (const node of root.querySelectorAll(`[data-task="${CSS.escape(n)}"],[data-of="${CSS.escape(n)}"]`))
      node.classList.add(name);
  };
  const look = (/** @type {Event} */ event) => {
    const n = numberOf(event.target);
    if (n === over) return;
    over = n;
    apply();
  };
  root.addEventListener("pointerover", look);
  root.addEventListener("focusin", look);
  root.addEventListener("pointerleave", () => {
    over = null;
    apply();
  });
  return {
    /** @param {import("../types.js").Scene} scene */
    update(scene) {
      pinned = scene.pin === null ? null : String(scene.pin);
      if (pinned !== null || over !== null || root.querySelector(".lit,.pin") !== null) apply();
    },
  };
}
