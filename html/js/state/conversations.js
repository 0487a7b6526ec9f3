import { Emitter } from "../emitter.js";

/**
 * The list of conversations, newest first, without hidden ones. Event: `change`.
 * @extends {Emitter<{ change: void }>}
 * @typedef {import("../api.js").Conversation} Conversation
 */
export class Conversations extends Emitter {
  #api;
  /** @type {Conversation[]} */
  #items = [];
  #hidden = new Set();
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

  async loadMore() {
    await this.#loadPage(this.#cursor);
  }

  /** Move a conversation to the top because a question was asked. The first question is the title. */
  touch(conversationId, question) {
    /** @type {Conversation} */
    const item = this.#find(conversationId) ?? { conversationId, title: question.split("\n", 1)[0] };
    item.lastActivityAt = new Date().toISOString();
    this.#items = [item, ...this.#items.filter((other) => other !== item)];
    this.#changed();
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
    } catch (error) {
      this.restore(conversationId);
      throw error;
    }
  }

  async rename(conversationId, title) {
    const renamed = await this.#api.rename(conversationId, title);
    Object.assign(this.#find(conversationId), { title: renamed.title });
    this.#changed();
  }

  #find(conversationId) {
    return this.#items.find((item) => item.conversationId === conversationId);
  }

  async #loadPage(cursor) {
    try {
      const page = await this.#api.conversations(cursor);
      const known = new Set((cursor ? this.#items : []).map((item) => item.conversationId));
      const added = page.conversations.filter((item) => !known.has(item.conversationId));
      this.#items = cursor ? [...this.#items, ...added] : added;
      this.#cursor = page.nextCursor ?? null;
    } catch {
      this.#cursor = null; // the transcript already reports that the history cannot be loaded
    }
    this.#changed();
  }

  #changed() {
    this.emit("change");
  }
}
