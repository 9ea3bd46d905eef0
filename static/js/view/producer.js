// @ts-check
/** The producer's column: the form, its answer, and who else publishes here. */
import { count, dots } from "../core/format.js";
import { text as T } from "../text.js";
import { act, attr, h, reconcile, show, text } from "./dom.js";
import { makePersistence } from "./persistence.js";

const QUICK = ["m.", "m...", "m......"];
const TIMES = [5, 20];
/** Other producers that are named. */
const GUESTS = 5;

/**
 * @param {HTMLElement} root
 * @param {() => import("../types.js").World|null} world  for the i
 */
export function mountProducer(root, world) {
  const field = h("input", {
    type: "text",
    id: "field",
    "data-role": "field",
    placeholder: T.fieldHint,
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    enterkeyhint: "send",
    dir: "auto",
    "aria-label": T.field,
    "aria-describedby": "field-says",
  });
  field.value = T.fieldHint;
  const seconds = h("span", { class: "seconds", "aria-hidden": "true" });
  const submit = h(
    "button",
    { type: "submit", class: "button dark", "data-role": "submit" },
    T.submit,
    h("span", { class: "enter", text: "↵", "aria-hidden": "true" }),
  );
  const times = TIMES.map(n => {
    const node = h("button", {
      type: "button",
      class: "button",
      "data-role": `submit-${n}`,
      text: T.times(n),
      "aria-label": T.submitTimes(n),
    });
    node.addEventListener("click", () => send(field.value, n));
    return node;
  });
  const quick = QUICK.map(body => {
    const node = h("button", {
      type: "button",
      class: "button mono",
      "data-role": `quick-${dots(body)}`,
      text: body,
      "aria-label": T.quick(body),
    });
    node.addEventListener("click", () => send(body, 1));
    return node;
  });
  const kept = makePersistence(world);
  const says = h("p", { class: "says", id: "field-says" });
  const hint = h("p", { class: "hint" }, T.dotsBefore, h("code", { text: T.dotsExample }), T.dotsAfter);
  const error = h("p", { class: "problem", role: "alert", "data-role": "submit-error", hidden: true });
  says.append(error, hint);
  const form = h(
    "form",
    { class: "form", novalidate: true },
    h("div", { class: "field" }, field, seconds),
    h("div", { class: "row" }, submit, ...times),
    h("div", { class: "row" }, ...quick),
    kept.node,
    says,
  );
  const others = h("ul", { class: "others" });
  const rest = h("b", {});
  const guests = h("div", { class: "guests", hidden: true }, h("h3", {}, T.otherProducers, rest), others);
  root.append(h("h2", { text: T.producer }), form, guests);

  const count0 = () => {
    const n = dots(field.value);
    text(seconds, n > 99999 ? "∞" : T.seconds(n));
  };
  field.addEventListener("input", () => {
    count0();
    problem("");
  });
  form.addEventListener("submit", event => {
    event.preventDefault();
    send(field.value, 1);
  });
  count0();

  /** @param {string} body @param {number} n */
  function send(body, n) {
    if (body.trim() === "") {
      problem(T.emptyTask);
      field.focus();
      return;
    }
    problem("");
    act(form, "command", { do: "submit", body, count: n, persistent: kept.persistent });
  }

  /** @param {string} message empty: all is well */
  function problem(message) {
    text(error, message);
    show(error, message !== "");
    show(hint, message === "");
    attr(field, "aria-invalid", message !== "" ? "true" : null);
  }

  return {
    problem,
    field,
    kept,
    /** Where a published task sets out from. */
    anchor: submit,
    /** @param {import("../types.js").Scene} scene */
    update({ world }) {
      const others0 = [...world.producers.values()]
        .filter(each => each.kind !== "local")
        .sort((a, b) => a.order - b.order);
      show(guests, others0.length > 0);
      text(rest, others0.length > GUESTS ? T.moreShort(others0.length - GUESTS) : "");
      reconcile(
        others,
        others0.slice(0, GUESTS),
        each => each.name,
        () => {
          const name = h("bdi", {});
          const number = h("b", {});
          const node = h("li", {}, name, number);
          return {
            node,
            update(each) {
              text(name, each.name);
              text(number, count(each.published));
              attr(node, "title", `${each.name} · ${each.product} · ${T.published(each.published)}`);
              attr(node, "data-up", each.up ? "true" : "false");
            },
          };
        },
      );
    },
  };
}
