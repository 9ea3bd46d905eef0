// @ts-check
/** Several queues: a tab each for the first few and the one shown, with what is in them; the others in a menu. */
import { count } from "../core/format.js";
import { chooseTabs } from "../core/tabs.js";
import * as words from "../text.js";
import { act, attr, h, reconcile, rove, show, text } from "./dom.js";
import { openMenu } from "./menu.js";

const { text: T } = words;
/** @typedef {import("../types.js").Queue} Queue */

export function makeTabs() {
  const row = h("div", { class: "tabs-row", role: "group", "aria-label": T.queues });
  const others = h("button", {
    type: "button",
    class: "tab others",
    "data-role": "more-queues",
    "aria-haspopup": "menu",
    hidden: true,
  });
  const node = h("div", { class: "tabs queues", hidden: true }, row, others);
  const settle = rove(row, "button");
  /** @type {Queue[]} */
  let rest = [];
  others.addEventListener("click", () =>
    openMenu(others, {
      label: T.queues,
      items: rest.map(queue => ({
        label: queue.name,
        note: T.queueHas(queue.ready, queue.unacked),
        role: `queue-${queue.name}`,
        choose: () => act(others, "queue", { name: queue.name }),
      })),
    }),
  );

  return {
    node,
    /** @param {import("../types.js").Scene} scene */
    update({ queues, queue }) {
      const several = queues.length > 1;
      show(node, several);
      const tabs = several ? chooseTabs(queues, queue) : [];
      rest = queues.filter(each => !tabs.includes(each));
      reconcile(row, tabs, each => each.name, makeTab);
      for (const tab of row.querySelectorAll("button"))
        attr(tab, "aria-pressed", tab.dataset.queue === queue?.name ? "true" : "false");
      show(others, several && rest.length > 0);
      text(others, T.moreQueues(rest.length));
      settle();
    },
  };
}

/** @returns {import("./dom.js").Part<Queue>} */
function makeTab() {
  const name = h("bdi", {});
  const number = h("b", {});
  const node = h("button", { type: "button", class: "tab" }, name, number);
  node.addEventListener("click", () => act(node, "queue", { name: node.dataset.queue }));
  return {
    node,
    update(queue) {
      attr(node, "data-queue", queue.name);
      attr(node, "title", `${queue.name} · ${T.queueHas(queue.ready, queue.unacked)}`);
      text(name, queue.name);
      const all = queue.ready + queue.unacked;
      text(number, all > 0 ? count(all) : "");
    },
  };
}
