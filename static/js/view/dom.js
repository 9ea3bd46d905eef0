// @ts-check
/**
 * The few lines between the page and the DOM. Text goes in through textContent only; nothing is written that is there already;
 * lists reuse their nodes by key. Must not know what it shows.
 */

/** @typedef {Node | string | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined>} Props */

/**
 * An element with attributes and children. `text` is its text; true is an attribute without value; false and null leave it out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Props} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "text") node.textContent = String(value);
    else attr(node, name, value);
  }
  for (const child of children) if (child) node.append(child);
  return node;
}

/**
 * @param {string} tag
 * @param {Props} [props]
 * @param {...Node} children
 * @returns {SVGElement}
 */
export function svg(tag, props = {}, ...children) {
  const node = /** @type {SVGElement} */ (document.createElementNS("http://www.w3.org/2000/svg", tag));
  for (const [name, value] of Object.entries(props)) attr(node, name, value);
  node.append(...children);
  return node;
}

/** @param {Node} node @param {string|number} value */
export function text(node, value) {
  const next = String(value);
  const only = node.firstChild;
  // The usual case, a text and nothing else, costs neither a new node nor the gathering of old ones.
  if (only instanceof Text && only === node.lastChild) {
    if (only.data !== next) only.data = next;
  } else if (node.textContent !== next) node.textContent = next;
}

/** @param {Element} node @param {string} name @param {string|number|boolean|null|undefined} value */
export function attr(node, name, value) {
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
    return;
  }
  const next = value === true ? "" : String(value);
  if (node.getAttribute(name) !== next) node.setAttribute(name, next);
}

/** @param {HTMLElement} node @param {boolean} shown */
export function show(node, shown) {
  if (node.hidden === shown) node.hidden = !shown;
}

/** @param {HTMLElement|SVGElement} node @param {string} property @param {string} value */
export function style(node, property, value) {
  if (node.style.getPropertyValue(property) !== value) node.style.setProperty(property, value);
}

/**
 * A part of the page that shows one item and can be told to show another.
 * @template T
 * @typedef {{node: HTMLElement | SVGElement, update: (item: T, index: number) => void}} Part
 */

/** @type {WeakMap<Element, Map<string, Part<unknown>>>} */
const parts = new WeakMap();

/**
 * Makes the children of `parent` be those of `items`, in order; a node stays with its key.
 * @template T
 * @param {Element} parent
 * @param {readonly T[]} items
 * @param {(item: T) => string} key
 * @param {(item: T) => Part<T>} make
 */
export function reconcile(parent, items, key, make) {
  const before = /** @type {Map<string, Part<T>>} */ (parts.get(parent) ?? new Map());
  /** @type {Map<string, Part<T>>} */
  const after = new Map();
  for (const item of items) {
    const name = key(item);
    if (!after.has(name)) after.set(name, before.get(name) ?? make(item));
  }
  for (const [name, part] of before) if (!after.has(name)) part.node.remove();
  let i = 0;
  let place = parent.firstChild;
  for (const item of items) {
    const part = after.get(key(item));
    if (part === undefined) continue;
    part.update(item, i++);
    if (part.node === place) place = place.nextSibling;
    else parent.insertBefore(part.node, place);
  }
  parts.set(parent, /** @type {Map<string, Part<unknown>>} */ (after));
}

/**
 * A verb goes up: an event that bubbles to the page's root.
 * @param {Element} from
 * @param {string} verb
 * @param {Record<string, unknown>} [detail]
 */
export function act(from, verb, detail = {}) {
  from.dispatchEvent(new CustomEvent(verb, { bubbles: true, detail }));
}

/**
 * One tab stop for a row of many: the arrow keys move inside it.
 * @param {HTMLElement} container
 * @param {string} selector
 */
export function rove(container, selector) {
  const all = () => /** @type {HTMLElement[]} */ ([...container.querySelectorAll(selector)]);
  container.addEventListener("keydown", event => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined || !(event.target instanceof HTMLElement)) return;
    const items = all();
    const at = items.indexOf(event.target);
    const next = items[at + step];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    next.focus();
  });
  container.addEventListener("focusin", event => {
    for (const item of all()) item.tabIndex = item === event.target ? 0 : -1;
  });
  /** After an update: exactly one of them can be reached by Tab. */
  return () => {
    const items = all();
    const stop = items.find(item => item === document.activeElement) ?? items[0];
    for (const item of items)
      if (item.tabIndex !== (item === stop ? 0 : -1)) item.tabIndex = item === stop ? 0 : -1;
  };
}
