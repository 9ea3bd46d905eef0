// @ts-check
/** The words of the time bar. */
import { count } from "../core/format.js";
import { moment, plain } from "../core/moment.js";

export const timeText = {
  bar: "Time",
  pause: "Pause the picture; what runs goes on",
  play: "Go on from here",
  back: "Previous event",
  on: "Next event",
  scrub: "Moment of the run",
  rate: "Speed of the picture",
  rates: (/** @type {number} */ rate) => `${count(rate)}×`,
  live: "live",
  toLive: "Back to live",
  paused: "paused",
  playing: "playing",
  waiting: "fetching",
  behind: (/** @type {number} */ seconds) => `${plain(seconds)} behind`,
  isLive: "Live again.",
  stands: (/** @type {string} */ mode, /** @type {number} */ t) => `${mode} at ${moment(t, true)}`,
  value: (/** @type {number} */ t, /** @type {number} */ behind) =>
    behind > 0 ? `${moment(t, true)}, ${plain(behind)} behind` : `${moment(t, false)}, live`,
  thin: "So long ago only a picture every few seconds is kept.",
  /** Somebody acts while the picture shows the past. */
  acted: (/** @type {number} */ behind) =>
    `That was done now, on what runs. You are looking at ${plain(behind)} ago.`,
  gone: "A fresh run has begun: the film of the old one is gone, this is live.",
  begins: "This is where the film begins.",
  ends: "There is no later event yet.",
  stepped: (/** @type {number} */ t, /** @type {import("../types.js").WireLine} */ line) =>
    `${moment(t, true)}: ${line.who}${line.to ? ` to ${line.to}` : ""}, ${line.method} ${line.detail}`.trim(),
};
