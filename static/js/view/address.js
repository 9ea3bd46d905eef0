// @ts-check
/**
 * The page's address: what it asks for when the page opens, and that it follows what is chosen later.
 *
 * How the page looks is taken at once. A scene would change what runs, for everybody: it is set up at once only where nothing can be lost by
 * it, else the page asks. An answered question leaves the address, so that a reload does not ask again.
 */
import { format, missing, parse, SET, untouched } from "../core/link.js";
import { linkText as L, sceneWords, wrongWords } from "../text/link.js";
import { openOffer } from "./offer.js";

/** @typedef {import("../types.js").World} World */

/** Milliseconds that a scene's tasks wait for its workers at most: who consumes first would be given them all. */
const PATIENCE = 5000;

/**
 * @param {{
 *   look: ReturnType<typeof import("./look.js").mountLook>,
 *   note: (title: string, detail?: string) => void,
 *   command: (detail: Record<string, unknown>) => Promise<boolean>,
 *   kept: {persistent: boolean},
 * }} page  `kept`: what the form makes of its tasks
 */
export function mountAddress({ look, note, command, kept }) {
  const asked = parse(location.search);
  let scene = asked.scene;
  let full = asked.view.full === "1";
  /** @type {import("./offer.js").Offer|null} */
  let offer = null;
  let arrived = false;
  /** @type {World|null} */
  let world = null;
  /** Told of each new world, while somebody waits for one. @type {((here: World) => void)|null} */
  let watcher = null;

  /** Until a fresh run has begun after that one and all its workers consume. @param {number} run */
  function readyAfter(run) {
    return new Promise(resolve => {
      const late = setTimeout(done, PATIENCE);
      function done() {
        clearTimeout(late);
        watcher = null;
        resolve(undefined);
      }
      watcher = here => {
        if (here.run !== run && [...here.workers.values()].every(worker => worker.state !== "starting"))
          done();
      };
    });
  }

  /** @param {World} here */
  function arrive(here) {
    arrived = true;
    if (asked.wrong.length > 0) note(L.wrongTitle, wrongWords(asked.wrong));
    if (scene.persistent !== undefined) kept.persistent = scene.persistent; // this window's form: nobody has to be asked
    if (scene.body === undefined) delete scene.persistent;
    if (Object.keys(missing(scene, here)).length === 0) scene = {};
    else if (untouched(here)) return void setUp();
    if (Object.keys(scene).length > 0 || full) ask(here);
  }

  /** @param {World} here */
  function ask(here) {
    const some = Object.keys(scene).length > 0;
    offer = openOffer(words(here), [
      {
        label: some ? L.setUp : L.full,
        role: "offer-yes",
        strong: true,
        choose() {
          if (full && !look.now().full) look.toggleFull();
          if (some) void setUp();
          else decided();
        },
      },
      { label: L.notNow, role: "offer-no", choose: decided },
    ]);
  }

  /** @param {World} here */
  const words = here =>
    Object.keys(scene).length > 0 ? L.offer(sceneWords(scene)) + L.costs(here.ledger.published) : L.offerFull;

  function decided() {
    offer = null;
    scene = {};
    full = false;
    write();
  }

  async function setUp() {
    const { body, count, persistent = kept.persistent } = scene;
    const said = sceneWords(scene);
    const settings = given(Object.fromEntries(SET.map(name => [name, scene[name]])));
    const fresh = world?.ledger.published === 0 && Object.keys(settings).length === 0;
    const run = world?.run ?? 0;
    decided();
    if (!fresh) {
      if (!(await command({ do: "reset", ...settings }))) return;
      if (body !== undefined) await readyAfter(run);
    }
    if (body === undefined || (await command({ do: "submit", body, count: count ?? 1, persistent })))
      note(L.done(said));
  }

  /** @type {{pin: number|null, queue: string|null, tab?: string|null}} */
  let chosen = { pin: asked.view.pin ?? null, queue: asked.view.queue ?? null, tab: asked.view.tab ?? null };

  /** @returns {import("../core/link.js").View} */
  function view() {
    const { theme, type, full: isFull } = look.now();
    const { tab, pin, queue } = chosen;
    return given({ theme, type, full: isFull || full ? "1" : null, tab, pin, queue });
  }

  function write() {
    const search = format(view(), scene);
    if (search !== location.search)
      history.replaceState(null, "", `${location.pathname}${search}${location.hash}`);
  }

  return {
    /** What the address chose of the view. */
    first: asked.view,
    view,
    /** @param {World} next */
    update(next) {
      world = next;
      watcher?.(next);
      if (!arrived) arrive(next);
      else offer?.say(words(next));
    },
    /** The address follows. @param {{pin: number|null, queue: string|null, tab?: string|null}} now */
    follow(now) {
      chosen = now;
      write();
    },
  };
}

/** Those that have a value. @param {Record<string, unknown>} all @returns {Record<string, any>} */
const given = all =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== null));
