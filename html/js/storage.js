/** localStorage that a private window or a full disk cannot break: then the page's own memory serves. */
export class Storage {
  #local;
  #memory = new Map();

  constructor(open = () => window.localStorage) {
    try {
      this.#local = open();
    } catch {
      this.#local = null;
    }
  }

  get(key) {
    return this.#memory.get(key) ?? this.#local?.getItem(key) ?? null;
  }

  set(key, value) {
    try {
      this.#local.setItem(key, value);
      this.#memory.delete(key);
    } catch {
      this.#memory.set(key, value);
    }
  }

  remove(key) {
    this.#memory.delete(key);
    this.#local?.removeItem(key);
  }

  keys(prefix) {
    const stored = this.#local ? Object.keys(this.#local) : [];
    return [...new Set([...stored, ...this.#memory.keys()])].filter((key) => key.startsWith(prefix));
  }
}
