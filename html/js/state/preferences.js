import { Emitter } from "../emitter.js";
import { preferenceKey } from "../keys.js";

const BAR_COLOURS = { light: "#faf9f5", dark: "#151817" }; // of the browser's own bars, as --paper in css/base.css

/** The options of each preference; the first one is the default. */
const OPTIONS = {
  language: ["ko", "en"],
  theme: ["system", "light", "dark"],
  size: ["medium", "small", "large"],
  enter: ["send", "line"],
  keep: ["off", "on"],
  remoteVoice: ["off", "on"],
  speechRate: ["1", "0.8", "1.2", "1.5", "2"],
  dictation: ["off", "on"],
  list: ["shown", "hidden"],
};

/**
 * The preferences of this browser. Theme, text size and the list's state are attributes of the root element. Event:
 * `change`.
 * @extends {Emitter<{ change: void }>}
 */
export class Preferences extends Emitter {
  #storage;

  /** @param {import("../storage.js").Storage} storage */
  constructor(storage) {
    super();
    this.#storage = storage;
    this.#apply();
  }

  get(name) {
    const value = this.#storage.get(preferenceKey(name));
    return OPTIONS[name].includes(value) ? value : OPTIONS[name][0];
  }

  set(name, value) {
    this.#storage.set(preferenceKey(name), value);
    this.#apply();
    this.emit("change");
  }

  #apply() {
    const theme = this.get("theme");
    Object.assign(document.documentElement.dataset, { theme, size: this.get("size"), list: this.get("list") });
    /** @type {NodeListOf<HTMLMetaElement>} */
    const colours = document.querySelectorAll('meta[name="theme-color"]');
    for (const meta of colours) {
      meta.content = BAR_COLOURS[theme] ?? BAR_COLOURS[meta.media.includes("dark") ? "dark" : "light"];
    }
  }
}
