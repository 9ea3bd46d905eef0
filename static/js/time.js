// @ts-check
/** Time on the page: the projector and its bar, put together. app.js asks for what to draw, and hands on the verbs. */
import { createProjector } from "./projector.js";
import { timeText as T } from "./text/time.js";
import { mountTimeline } from "./view/timeline.js";

const TICK = 100; // ms between two looks at the clock …
const CALM = 5; // … of which, live, only each fifth is written down

/**
 * @param {HTMLElement} root
 * @param {import("./types.js").FrameSource} source
 * @param {() => void} redraw
 */
export function mountTime(root, source, redraw) {
  const bar = mountTimeline(root);
  let mode = "live";
  let ticks = 0;

  const projector = createProjector(source, {
    changed() {
      tell();
      bar.update(projector.moment);
      redraw();
    },
    said: what => bar.say(T[what]),
    stepped(world, t) {
      mode = "paused"; // the event says more than that it stands
      const line = world.wire.at(-1);
      const began = projector.moment?.began ?? 0;
      if (line !== undefined) bar.tell(T.stepped(t - began, line));
    },
  });

  let warned = "";

  /** Says that the picture has stopped, or goes with the present again, to those who cannot see it. */
  function tell() {
    const now = projector.moment;
    if (now === null || now.mode === mode) return;
    mode = now.mode;
    if (mode === "live") bar.unsay(warned); // it is the present that is shown now
    bar.tell(mode === "live" ? T.isLive : T.stands(now.mode, now.t - now.began));
  }

  bar.update(null);
  setInterval(() => {
    ticks++;
    if (document.hidden || (projector.isLive && ticks % CALM > 0)) return;
    bar.update(projector.moment);
  }, TICK);

  return {
    frame: projector.frame,
    show() {
      const now = projector.show();
      tell(); // it may have caught up with the present
      return now;
    },
    get isLive() {
      return projector.isLive;
    },
    /** Somebody has changed what runs. */
    acted() {
      if (projector.isLive) return;
      warned = T.acted(projector.behind);
      bar.say(warned);
    },
    /** @type {Record<string, (detail: Record<string, any>) => void>} */
    verbs: {
      "time-pause": () => projector.pause(),
      "time-step": ({ way }) => void projector.step(way),
      "time-jump": ({ seconds }) => projector.jump(seconds),
      "time-seek": ({ t }) => projector.seek(t),
      "time-begin": () => projector.begin(),
      "time-live": () => projector.live(),
      "time-rate": ({ rate }) => projector.rate(rate),
      "time-faster": ({ way }) => projector.faster(way),
    },
  };
}
