const PREFIX = "seoyeon.";
const PAPER = { light: "#faf9f5", dark: "#151817" };

/** What may be chosen; the first of each is what holds until someone chooses. */
const CHOICES = {
  language: ["ko", "en"],
  theme: ["system", "light", "dark"],
  size: ["medium", "small", "large"],
  enter: ["send", "line"],
};

/** How this browser's user likes the page. Theme and text size are on the root element. Event: `change`. */
export class Preferences extends EventTarget {
  #storage;

  constructor(storage) {
    super();
    this.#storage = storage;
    this.#apply();
  }

  get(name) {
    const value = this.#storage.get(PREFIX + name);
    return CHOICES[name].includes(value) ? value : CHOICES[name][0];
  }

  set(name, value) {
    this.#storage.set(PREFIX + name, value);
    this.#apply();
    this.dispatchEvent(new Event("change"));
  }

  #apply() {
    const theme = this.get("theme");
    Object.assign(document.documentElement.dataset, { theme, size: this.get("size") });
    for (const bar of document.querySelectorAll('meta[name="theme-color"]')) {
      bar.content = PAPER[theme] ?? PAPER[bar.media.includes("dark") ? "dark" : "light"];
    }
  }
}
