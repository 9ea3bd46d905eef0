// @ts-check
/**
 * How the page looks to whoever sits at it: light or dark, big type, full screen. theme.js has set the first two before the first paint;
 * here they are changed, and remembered.
 */

/** @typedef {{theme: "light"|"dark"|null, type: "big"|null, full: boolean}} Look */

/**
 * In full screen the browser takes Escape for its own, and a dialog stays; where it lets us have the key (Chromium does), Escape closes
 * first what is open, and leaves full screen when nothing is. Held down, it is the browser's in any case.
 * @type {{lock?: (keys: string[]) => Promise<void>, unlock?: () => void}|undefined}
 */
const keyboard = /** @type {any} */ (navigator).keyboard;

/** @param {() => void} changed */
export function mountLook(changed) {
  const html = document.documentElement;

  /** @param {"theme"|"type"} name @param {string|null} value */
  function set(name, value) {
    if (value === null) delete html.dataset[name];
    else html.dataset[name] = value;
    try {
      if (value === null) localStorage.removeItem(`unacked.${name}`);
      else localStorage.setItem(`unacked.${name}`, value);
    } catch {
      // nowhere to keep it: it holds until the page is left
    }
    changed();
  }

  document.addEventListener("fullscreenchange", () => {
    if (document.fullscreenElement === null) keyboard?.unlock?.();
    else keyboard?.lock?.(["Escape"]).catch(() => {}); // refused: Escape stays the browser's
    changed();
  });

  return {
    /** @returns {Look} */
    now: () => ({
      theme: html.dataset.theme === "light" || html.dataset.theme === "dark" ? html.dataset.theme : null,
      type: html.dataset.type === "big" ? "big" : null,
      full: document.fullscreenElement !== null,
    }),
    toggleTheme() {
      const dark = html.dataset.theme
        ? html.dataset.theme === "dark"
        : matchMedia("(prefers-color-scheme: dark)").matches;
      set("theme", dark ? "light" : "dark");
    },
    toggleType() {
      set("type", html.dataset.type === "big" ? null : "big");
    },
    /** Browsers allow it at a click or a key only; where they refuse, the page stays as it is. */
    toggleFull() {
      const asked = document.fullscreenElement ? document.exitFullscreen() : html.requestFullscreen?.();
      asked?.catch(() => {});
    },
  };
}
