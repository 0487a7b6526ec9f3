/**
 * A library of the renderer that is loaded when an answer first needs it.
 * @template Library
 */
export class LazyLibrary {
  /** @type {Library | null} null until it is loaded */
  loaded = null;
  #load;
  #isLoading = false;
  #waiting = [];

  /** @param {() => Promise<Library>} load */
  constructor(load) {
    this.#load = load;
  }

  /** Load the library if it is not being loaded, and call `use` afterwards. After a failure, the next call tries again. */
  async use(use) {
    this.#waiting.push(use);
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      this.loaded = await this.#load();
      for (const each of this.#waiting.splice(0)) each();
    } catch {
      this.#isLoading = false;
    }
  }
}
