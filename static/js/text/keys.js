// @ts-check
/** The words of the keys: what each does, and how help writes the names of those that have no sign of their own. */

/** What a key does. view/keys.js names these; help shows no others. @type {Record<string, string>} */
export const keyWords = {
  submit: "submit the task in the field",
  field: "go to the task field",
  stop: "stop that worker: kill -9",
  start: "start that worker again",
  add: "add a worker",
  ack: "manual ack or auto-ack",
  reset: "start over (asks first)",
  pause: "pause the picture, or go on; what runs goes on",
  back: "back to the previous event",
  on: "on to the next event",
  earlier: "back 5 seconds",
  later: "on 5 seconds",
  slower: "slower",
  faster: "faster",
  begin: "to the beginning of the run",
  live: "back to live",
  full: "full screen",
  remote: "in full screen: nothing, so that a remote’s start button does not load the page again",
  big: "big type, for the last row",
  theme: "light or dark",
  share: "a link to this scene",
  help: "this list",
  release: "close what is open, leave the field, let go of the pinned task, leave full screen",
};

/** @type {Record<string, string>} */
export const keyFaces = {
  " ": "Space",
  Escape: "Esc",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  PageUp: "Page Up",
  PageDown: "Page Down",
};

export const keyRange = (/** @type {string} */ from, /** @type {string} */ to) => `${from} – ${to}`;
