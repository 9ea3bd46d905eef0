// @ts-check
/** The words of the keys: what each does, and how help writes the names of those that have no sign of their own. */

/** What a key does. view/keys.js names these; help shows no others. @type {Record<string, string>} */
export const keyWords = {
  submit: "submit the task in the field",
  field: "go to the task field",
  stop: "stop that worker: kill -9",
  start: "start that worker again",
  "fault-hold": "hold that worker’s next ack in the tap; again: let it go",
  "fault-drop": "throw away what hangs in the tap",
  "fault-freeze": "freeze it (SIGSTOP), or thaw it",
  "fault-finish": "let it finish its task and leave (SIGTERM)",
  "fault-stick": "make it a worker that never acks; again: one that does",
  "fault-cut": "cut its connections",
  "fault-blackhole": "put it behind a black hole, or restore it",
  "fault-delay": "delay its wire by a second, or not any more",
  "fault-menu": "open its menu",
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

/** What stands between two keys of a row: either of them, or one after the other. */
export const keyBetween = { either: "or", after: "then" };

export const keyRange = (/** @type {string} */ from, /** @type {string} */ to) => `${from} – ${to}`;

/** What a key asks a worker for, where it is not the label of the menu. @type {Record<string, string>} */
export const keyLabels = {
  hold: "Hold the next ack, or let it go",
  drop: "Throw away what hangs in the tap",
  freeze: "Freeze or thaw",
  stick: "Never ack, or ack again",
  blackhole: "Black hole, or restore",
  delay: "Delay by a second, or not",
  menu: "Open the menu",
};
