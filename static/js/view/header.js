// @ts-check
/** The head of the page: whose broker this is, how it acknowledges, and whether what one sees is live. */
import { count } from "../core/format.js";
import { tapUrl } from "../core/tap.js";
import * as words from "../text.js";
import { act, attr, h, show, text } from "./dom.js";
import { makeInfo } from "./info.js";
import { openMenu } from "./menu.js";

const { text: T } = words;
const PREFETCHES = [1, 2, 3, 5, 10, 20, 50, 0];

/** @param {HTMLElement} root */
export function mountHeader(root) {
  /** @type {import("../types.js").World|null} */
  let world = null;
  const product = h("b", {});
  const kind = h("span", { class: "kind" });
  const broker = h(
    "button",
    { type: "button", class: "pill broker", "data-role": "broker", "aria-haspopup": "menu" },
    h("i", { class: "dot", "aria-hidden": "true" }),
    product,
    kind,
  );

  const modes = ["manual", "auto"].map(value => {
    const input = h("input", { type: "radio", name: "ack", value, "data-role": `ack-${value}` });
    const label = h(
      "label",
      { title: value === "auto" ? T.autoNote : T.manualNote },
      input,
      value === "auto" ? T.auto : T.manual,
    );
    input.addEventListener("change", () => act(input, "command", { do: "settings", ack: value }));
    return { value, input, label };
  });
  const ack = h(
    "fieldset",
    { class: "segments", "data-role": "ack" },
    h("legend", { class: "sr", text: T.ackGroup }),
    ...modes.map(mode => mode.label),
  );

  const select = h("select", { "data-role": "prefetch" });
  for (const n of PREFETCHES) select.append(option(n));
  select.addEventListener("change", () =>
    act(select, "command", { do: "settings", prefetch: Number(select.value) }),
  );
  const prefetch = h("label", { class: "pill prefetch" }, h("span", { text: T.prefetch }), select);

  const linkWord = h("span", {});
  const link = h(
    "span",
    { class: "pill link", "data-role": "link" },
    h("i", { class: "dot", "aria-hidden": "true" }),
    linkWord,
  );
  const watching = h("span", { class: "pill watching", "data-role": "watching" });
  const button = (
    /** @type {string} */ role,
    /** @type {string} */ label,
    /** @type {string} */ face,
    /** @type {string} */ verb,
  ) => {
    const node = h(
      "button",
      { type: "button", class: "icon", "data-role": role, "aria-label": label, title: label },
      h("span", { text: face, "aria-hidden": "true" }),
    );
    node.addEventListener("click", () => act(node, verb));
    return node;
  };
  const reset = h("button", { type: "button", class: "button", "data-role": "reset", text: T.reset });
  reset.addEventListener("click", () => act(reset, "ask-reset"));

  root.append(
    broker,
    h(
      "span",
      { class: "knob" },
      ack,
      makeInfo("ack", () => world),
    ),
    h(
      "span",
      { class: "knob" },
      prefetch,
      makeInfo("prefetch", () => world),
    ),
    h("span", { class: "grow" }),
    link,
    watching,
    reset,
    button("theme", T.theme, "◐", "theme"),
    button("help", T.help, "?", "help"),
  );

  const more = button("more", T.more2, "⋯", "more");
  attr(more, "aria-haspopup", "menu");
  root.append(more);

  broker.addEventListener("click", () => {
    if (world === null) return;
    const { broker: it, settings } = world;
    const about = [T.brokerKinds[it.kind] ?? it.kind, T.joinNote, tapUrl(it, location.hostname)];
    const mine = it.kind === "embedded" || it.kind === "rabbitmq";
    openMenu(broker, {
      label: T.broker,
      about: about.filter(line => line !== ""),
      items: mine
        ? [
            {
              label: T.restartBroker,
              note: T.restartNote,
              role: "restart-broker",
              choose: () => act(broker, "ask-restart"),
            },
          ]
        : [],
      code: settings.queue,
    });
  });

  return {
    more,
    /** @param {import("../types.js").Scene} scene */
    update(scene) {
      world = scene.world;
      const { broker: it, settings } = world;
      text(product, [it.product, it.version].filter(Boolean).join(" ") || T.broker);
      const details = [
        scene.queue?.kind ? T.queueKind(scene.queue.kind) : "",
        it.up ? "" : T.brokerDown,
      ].filter(Boolean);
      text(kind, details.map(each => ` · ${each}`).join(""));
      attr(broker, "aria-label", `${product.textContent}${kind.textContent}`);
      attr(broker, "data-up", it.up ? "true" : "false");
      attr(broker, "title", it.amqp_port ? tapUrl(it, location.hostname) : T.broker);
      for (const mode of modes) {
        const on = settings.ack === mode.value;
        if (mode.input.checked !== on) mode.input.checked = on;
      }
      const value = String(settings.prefetch);
      if (select.value !== value) {
        if (![...select.options].some(each => each.value === value)) select.append(option(settings.prefetch));
        if (document.activeElement !== select) select.value = value;
      }
      const auto = settings.ack === "auto";
      if (select.disabled !== auto) select.disabled = auto;
      attr(prefetch, "title", auto ? T.prefetchVoid : T.prefetchNote);
      attr(prefetch, "data-void", auto);
      text(watching, T.watching(world.link.watching));
      show(watching, world.link.watching > 0);
    },
    /** What was asked was refused: show again what is. */
    restore() {
      if (world === null) return;
      for (const mode of modes) mode.input.checked = world.settings.ack === mode.value;
      select.value = String(world.settings.prefetch);
    },
    /** @param {import("../types.js").LinkState} state */
    link(state) {
      text(linkWord, words.links[state] ?? state);
      attr(link, "title", words.linkMeaning[state]);
    },
  };
}

/** @param {number} n */
const option = n => h("option", { value: n, text: n === 0 ? T.noLimit : count(n) });
