// @ts-check
/** Keys, where nobody types. A table from key to action. */

/**
 * @param {{stop: (n: number) => void, field: () => void, theme: () => void, help: () => void, release: () => void}} actions
 */
export function mountKeys(actions) {
  /** @type {Record<string, () => void>} */
  const table = { n: actions.field, t: actions.theme, "?": actions.help, Escape: actions.release };
  for (let n = 1; n <= 9; n++) table[String(n)] = () => actions.stop(n);

  document.addEventListener("keydown", event => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (document.querySelector("dialog[open]") !== null) return;
    const { target } = event;
    const typing =
      target instanceof HTMLElement &&
      target.closest("input[type=text], select, textarea, [contenteditable]");
    if (typing && event.key === "Escape" && target instanceof HTMLElement) target.blur();
    if (typing) return;
    const action = table[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}
