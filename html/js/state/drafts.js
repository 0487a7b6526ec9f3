import { DRAFT, userTag } from "../keys.js";

/**
 * The unsent texts, one for each conversation. A tab first finds its own text, then the last one of any tab: tabs do not
 * overwrite each other's, and a new tab finds a text that a closed one has left.
 */
export class Drafts {
  #storage;
  #tabStorage;

  /**
   * @param {import("../storage.js").Storage} storage
   * @param {import("../storage.js").Storage} tabStorage
   */
  constructor(storage, tabStorage) {
    this.#storage = storage;
    this.#tabStorage = tabStorage;
  }

  /** @param {string} key begins with Chat.draftKey; a draft of `temporary` is the tab's alone */
  get(key) {
    return this.#tabStorage.get(this.#tabKey(key)) ?? this.#storage.get(sharedKey(key)) ?? "";
  }

  set(key, text) {
    const before = this.get(key);
    if (text === before) return;
    this.#tabStorage.set(this.#tabKey(key), text);
    if (key.startsWith("temporary")) return;
    if (text) this.#storage.set(sharedKey(key), text);
    else if (this.#storage.get(sharedKey(key)) === before) this.#storage.remove(sharedKey(key));
  }

  clear() {
    for (const storage of [this.#storage, this.#tabStorage]) {
      for (const key of storage.keys(DRAFT)) storage.remove(key);
    }
  }

  #tabKey(key) {
    return `${DRAFT}.${userTag(this.#storage)}.${key}`;
  }
}

/** The first builds had one draft, which is now that of a new conversation. */
function sharedKey(key) {
  return key === "new" ? DRAFT : `${DRAFT}.${key}`;
}
