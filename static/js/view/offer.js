// @ts-check
/** One question at the page's upper edge that can wait: it covers little, takes no focus, and stays until it is answered. */
import { h } from "./dom.js";

/**
 * @typedef {Object} Offer
 * @property {(words: string) => void} say
 * @property {() => void} away
 */

/**
 * @param {string} words
 * @param {{label: string, role: string, strong?: boolean, choose: () => void}[]} answers
 * @returns {Offer}
 */
export function openOffer(words, answers) {
  const said = h("p", { text: words });
  const node = h(
    "section",
    { class: "offer", role: "status", "data-role": "offer" },
    said,
    ...answers.map(answer => {
      const button = h("button", {
        type: "button",
        class: answer.strong ? "button dark" : "button",
        "data-role": answer.role,
        text: answer.label,
      });
      button.addEventListener("click", () => {
        node.remove();
        answer.choose();
      });
      return button;
    }),
  );
  document.body.append(node);
  return {
    say(next) {
      if (said.textContent !== next) said.textContent = next;
    },
    away: () => node.remove(),
  };
}
