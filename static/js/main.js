// @ts-check
/** The only module that knows the socket: frames in, commands out, over Socket.IO. */
import { io } from "/vendor/socket.io.esm.min.js";
import { createApp } from "./app.js";
import { createPulse, LOOK } from "./core/pulse.js";
import { text as T } from "./text.js";

/** How long an answer may take, in ms; many tasks take a broker a while to confirm, and RabbitMQ a while to start. */
const PATIENCE = 5000;
/** @type {Record<string, number>} */
const LONGER = { submit: 60_000, reset: 30_000, restart_broker: 60_000 };

const socket = io({
  transports: ["websocket", "polling"],
  reconnectionDelay: 300,
  reconnectionDelayMax: 2000,
});

/** @param {string} title @returns {import("./types.js").Answer} */
const failed = title => ({ ok: false, status: 0, title, detail: "" });

const now = () => performance.now() / 1000;

createApp({
  start(on) {
    const pulse = createPulse();
    const heard = () => {
      if (pulse.heard(now()) && socket.connected) on.link(true);
    };
    setInterval(() => {
      if (!socket.connected) return;
      const next = pulse.look(now());
      if (next === "ask") socket.emit("there", heard);
      else if (next === "gone") on.link(false); // nothing has closed: it was stopped, or the network swallows everything
    }, LOOK * 1000);
    socket.on("connect", () => {
      pulse.heard(now());
      on.link(true);
    });
    socket.on("disconnect", () => on.link(false));
    socket.on("frame", (...frames) => {
      heard();
      for (const frame of frames) on.frame(frame);
    });
    if (socket.connected) on.link(true);
  },
  sync() {
    socket.emit("sync");
  },
  seen(n) {
    socket.volatile.emit("seen", { n });
  },
  async film(query) {
    if (!socket.connected) return null;
    const words = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
    try {
      const answer = await fetch(`/api/film?${words}`, { signal: AbortSignal.timeout(PATIENCE) });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null; // the connection broke, or it took too long
    }
  },
  async program() {
    const answer = await fetch("/api/worker.py");
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.text();
  },
  async command(command) {
    if (!socket.connected) return failed(T.offline);
    try {
      const patience = LONGER[String(command.do)] ?? PATIENCE;
      const answer = await socket.timeout(patience).emitWithAck("command", command);
      return answer !== null && typeof answer === "object" && typeof answer.ok === "boolean"
        ? answer
        : failed(T.noAnswer);
    } catch {
      return failed(T.noAnswer); // Socket.IO's own timeout, or the connection broke while we waited
    }
  },
});
