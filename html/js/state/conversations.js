import { Emitter } from "../emitter.js";

/**
 * The list of conversations, pinned ones first, then newest first, without hidden ones. Event: `change`.
 * @extends {Emitter<{ change: void }>}
 * @typedef {import("../api.js").Conversation} Conversation
 */
export class Conversations extends Emitter {
  #api;
  /** @type {Conversation[]} */
  #items = [];
  #hidden = new Set();
  /** The ids of the conversations of which this page knows documents. @type {Set<string>} */
  withDocuments = new Set();
  /** Conversations of this page that no list of the server has contained yet. */
  #unlisted = new Set();
  #cursor = null;

  /** @param {import("../api.js").HistoryApi} api */
  constructor(api) {
    super();
    this.#api = api;
  }

  get items() {
    return this.#items.filter((item) => !this.#hidden.has(item.conversationId));
  }

  get hasMore() {
    return Boolean(this.#cursor);
  }

  /** Return a conversation of the list, or undefined if it is hidden or not loaded. */
  find(conversationId) {
    return this.items.find((item) => item.conversationId === conversationId);
  }

  /** Return whether the conversation is loaded, hidden or not. */
  has(conversationId) {
    return Boolean(this.#find(conversationId));
  }

  async load() {
    await this.#loadPage(null);
  }

  /** Load the list again, and keep the pages after the first one. */
  async refresh() {
    const page = await this.#api.conversations().catch(() => null);
    if (!page) return;
    const last = page.conversations.at(-1);
    const later = page.nextCursor ? this.#items.filter((item) => inOrder(last, item) < 0) : [];
    if (later.length === 0) this.#cursor = page.nextCursor ?? null;
    for (const { conversationId } of page.conversations) this.#unlisted.delete(conversationId);
    const listed = new Set(page.conversations.map(({ conversationId }) => conversationId));
    this.#items = [
      ...this.#replace(page.conversations),
      ...later.filter(({ conversationId }) => !listed.has(conversationId)),
    ];
    this.#changed();
  }

  async loadMore() {
    await this.#loadPage(this.#cursor);
  }

  /** Move a conversation to the top of its group because a question was asked. The first question is the title. */
  touch(conversationId, question) {
    /** @type {Conversation} */
    const item = this.#find(conversationId) ?? { conversationId, title: question.split("\n", 1)[0] };
    if (!this.#find(conversationId)) this.#unlisted.add(conversationId);
    item.lastActivityAt = new Date().toISOString();
    this.#items = [item, ...this.#items.filter((other) => other !== item)].sort(inOrder);
    this.#changed();
  }

  /** Return whether the conversation was deleted, and can still be restored. */
  isHidden(conversationId) {
    return this.#hidden.has(conversationId);
  }

  hide(conversationId) {
    this.#hidden.add(conversationId);
    this.#changed();
  }

  restore(conversationId) {
    this.#hidden.delete(conversationId);
    this.#changed();
  }

  /** Delete a conversation. If that fails, restore it in the list and throw. */
  async remove(conversationId) {
    this.hide(conversationId);
    try {
      await this.#api.remove(conversationId);
      this.#unlisted.delete(conversationId);
    } catch (error) {
      this.restore(conversationId);
      throw error;
    }
  }

  async removeAll() {
    await this.#api.removeAll();
    this.#items = [];
    this.#unlisted.clear();
    this.#changed();
  }

  async rename(conversationId, title) {
    const renamed = await this.#api.change(conversationId, { title });
    Object.assign(this.#find(conversationId), { title: renamed.title, titleSource: "user" });
    this.#changed();
  }

  /** Show the title that the model has given, unless the user has given one meanwhile. */
  setModelTitle(conversationId, title) {
    const item = this.#find(conversationId);
    if (!item || item.titleSource === "user") return;
    Object.assign(item, { title, titleSource: "model" });
    this.#changed();
  }

  /** Let the user's instructions stand in a conversation's prompts, or not. */
  async useInstructions(conversationId, instructions) {
    await this.#api.change(conversationId, { instructions });
    Object.assign(this.#find(conversationId) ?? {}, { instructions });
    this.#changed();
  }

  /** Pin or unpin a conversation. If that fails, move it back in the list and throw. */
  async pin(conversationId, pinned) {
    this.#setPinned(conversationId, pinned);
    try {
      await this.#api.change(conversationId, { pinned });
    } catch (error) {
      this.#setPinned(conversationId, !pinned);
      throw error;
    }
  }

  #setPinned(conversationId, pinned) {
    Object.assign(this.#find(conversationId) ?? {}, { pinned });
    this.#items = [...this.#items].sort(inOrder);
    this.#changed();
  }

  #find(conversationId) {
    return this.#items.find((item) => item.conversationId === conversationId);
  }

  async #loadPage(cursor) {
    try {
      const page = await this.#api.conversations(cursor);
      for (const { conversationId } of page.conversations) this.#unlisted.delete(conversationId);
      this.#items = cursor ? this.#extend(page.conversations) : this.#replace(page.conversations);
      this.#cursor = page.nextCursor ?? null;
    } catch {
      this.#cursor = null; // the transcript already reports that the history cannot be loaded
    }
    this.#changed();
  }

  #extend(items) {
    return [...this.#items, ...items.filter((item) => !this.has(item.conversationId))];
  }

  /** Replace the list by the server's, which can be older than the questions that were asked meanwhile. */
  #replace(items) {
    const merged = items.map((item) => {
      const shown = this.#find(item.conversationId);
      return shown && activity(shown) > activity(item) ? { ...item, lastActivityAt: shown.lastActivityAt } : item;
    });
    const unlisted = this.#items.filter((item) => this.#unlisted.has(item.conversationId));
    return [...unlisted, ...merged].sort(inOrder);
  }

  #changed() {
    this.emit("change");
  }
}

/** Compare two conversations for sorting: pinned ones first, then the newest. */
function inOrder(one, other) {
  return Number(other.pinned ?? false) - Number(one.pinned ?? false) || activity(other) - activity(one);
}

/** @param {Conversation} conversation */
function activity({ lastActivityAt }) {
  return Date.parse(lastActivityAt);
}
