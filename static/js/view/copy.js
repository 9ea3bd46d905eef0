// @ts-check
/** The button that gives the program away, so that it runs as it is against this broker. */
import { freeName, inForce } from "../core/code.js";
import { PASSWORD, tapUrl } from "../core/tap.js";
import { foot as T } from "../text/foot.js";
import { text as words } from "../text.js";
import { openDialog } from "./dialog.js";
import { h, show, text } from "./dom.js";

export function makeCopy() {
  const button = h("button", {
    type: "button",
    class: "button small",
    "data-role": "copy",
    title: T.copyNote,
    text: T.copy,
    hidden: true,
  });
  const said = h("span", { class: "copy-said", role: "status" });
  let source = "";
  /** @type {import("../types.js").World|null} */
  let world = null;

  button.addEventListener("click", async () => {
    if (world === null) return;
    const { broker, settings } = world;
    const url = tapUrl(broker, location.hostname);
    const program = inForce(source, {
      AMQP_URL: url,
      WORKER_NAME: freeName("my-worker", world),
      WORKER_ACK: settings.ack,
      WORKER_PREFETCH: String(settings.prefetch),
      WORKER_QUEUE: settings.queue,
    });
    try {
      await navigator.clipboard.writeText(program);
    } catch {
      return byHand(program); // no clipboard: not a secure page, or the browser's user said no
    }
    text(said, url.includes(`:${PASSWORD}@`) ? T.copiedPassword : T.copied);
  });
  button.addEventListener("blur", () => text(said, ""));

  return {
    node: h("span", { class: "copy" }, said, button),
    /** @param {string} it */
    program(it) {
      source = it;
      show(button, true);
    },
    /** @param {import("../types.js").World} it */
    world(it) {
      world = it;
    },
  };
}

/** @param {string} program */
function byHand(program) {
  const field = h("textarea", { class: "by-hand", readonly: true, rows: 16, "aria-label": T.copyByHand });
  field.value = program;
  openDialog({
    name: "copy",
    title: T.copyByHand,
    close: words.close,
    body: [h("p", { text: T.copyByHandNote }), field],
  });
  field.focus();
  field.select();
}
