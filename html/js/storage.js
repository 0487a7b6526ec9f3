/** A web storage, by default `localStorage`. Falls back to memory in private windows and on full disks. */
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

  /** @returns {string | null} */
  get(key) {
    return this.#memory.get(key) ?? this.#local?.getItem(key) ?? null;
  }

  /** Return the parsed value of a key, or null if there is none or if it is not JSON. */
  getJson(key) {
    try {
      return JSON.parse(this.get(key));
    } catch {
      return null;
    }
  }

  /** @param {string} value */
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

  /** @returns {string[]} */
  keys(prefix) {
    const stored = this.#local ? Object.keys(this.#local) : [];
    return [...new Set([...stored, ...this.#memory.keys()])].filter((key) => key.startsWith(prefix));
  }
}
