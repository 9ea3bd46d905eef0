// @ts-check
/**
 * A shelf of equal cells. A chip's cell is a function of its index, set as a transform, so that chips slide up when one leaves and nobody
 * has to measure them. The shelf itself is measured when its size changes, and then only.
 */
import { attr, h, reconcile, rove, show, style } from "./dom.js";

/**
 * @typedef {Object} Shelf
 * @property {HTMLElement} node
 * @property {(cell: {width: number, height: number}) => number} room    how many cells fit; lengths in rem
 * @property {() => number} cell  how wide a cell is, with its share of what is left over at the end of a row, in rem
 * @property {<T>(items: readonly T[], key: (item: T) => string, make: (item: T) => import("./dom.js").Part<T>, more: HTMLElement|null) => void} update
 * @property {(index: number) => {left: number, y: number}} spot  a cell's left edge and its middle line, in px from the shelf's corner
 * @property {(index: number) => number} width  of the chip in a cell, in px
 * @property {() => number} pitch  from one cell to the next, in px
 * @property {() => number} columns
 */

/** The size of the root's font in px: what 1 rem is. */
export const rem = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;

const phone = matchMedia("(max-width: 480px)");
/** Whether rows have to be high enough for a thumb: css/touch.css has the same width. */
export const forThumbs = () => phone.matches;
/** Px by which a room may be too low for its rows: a chip is a little lower than its row. */
const ROUNDED = 0.6;
/** A row for a thumb, in rem: 40 px and a little. */
export const THUMB = 2.75;

/**
 * @param {string} name  a class
 * @param {() => void} changed  its size is another
 * @returns {Shelf}
 */
export function makeShelf(name, changed) {
  const list = h("div", { class: "cells" });
  const node = h("div", { class: `shelf-room ${name}` }, list);
  const settle = rove(list, "button");
  let width = 0;
  let height = 0;
  let unit = 16;
  let cell = { width: 4, height: 2.2 };

  new ResizeObserver(() => {
    const size = { width: node.clientWidth, height: node.clientHeight };
    if (size.width === width && size.height === height) return;
    ({ width, height } = size);
    unit = rem();
    changed();
  }).observe(node);

  const columns = () => Math.max(1, Math.floor((width + 1) / (cell.width * unit)));
  const corner = (/** @type {number} */ i) => ({
    x: (i % columns()) * cell.width * unit,
    y: Math.floor(i / columns()) * cell.height * unit,
  });

  return {
    node,
    columns,
    pitch: () => cell.width * unit,
    cell: () => Math.max(cell.width, width / unit / columns()),
    room(wanted) {
      cell = wanted;
      style(node, "--cell-width", `${cell.width}rem`);
      style(node, "--cell-height", `${cell.height}rem`);
      return columns() * Math.max(1, Math.floor((height + ROUNDED) / (cell.height * unit)));
    },
    spot(index) {
      const at = corner(index);
      return { left: at.x + 2, y: at.y + (cell.height * unit) / 2 };
    },
    width(index) {
      const chip = list.children[index];
      return chip instanceof HTMLElement ? chip.offsetWidth : 0;
    },
    update(items, key, make, more) {
      reconcile(list, items, key, item => {
        const part = make(item);
        return {
          node: part.node,
          update(each, index) {
            part.update(each, index);
            const at = corner(index);
            style(part.node, "transform", `translate(${at.x}px, ${at.y}px)`);
          },
        };
      });
      if (more !== null) {
        show(more, !more.hidden);
        const at = corner(items.length);
        style(more, "transform", `translate(${at.x}px, ${at.y}px)`);
        if (more.parentNode !== node) node.append(more);
      }
      attr(node, "data-count", items.length);
      settle();
    },
  };
}
