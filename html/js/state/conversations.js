/** The list of conversations, newest first; those that are deleted are not in it. Event: `change`. */
export class Conversations extends EventTarget {
  #api;
  #items = [];
  #hidden = new Set();
  #cursor = null;

  constructor(api) {
    super();
    this.#api = api;
  }

  get items() {
    return this.#items.filter((item) => !this.#hidden.has(item.conversation_id));
  }

  get hasMore() {
    return Boolean(this.#cursor);
  }

  async load() {
    await this.#fetch(null);
  }

  async loadMore() {
    await this.#fetch(this.#cursor);
  }

  /** A question was asked in it: it is the newest now, and its first question is its title. */
  touch(conversationId, question) {
    const known = this.#find(conversationId);
    const item = known ?? { conversation_id: conversationId, title: question.split("\n", 1)[0] };
    item.last_activity_at = new Date().toISOString();
    this.#items = [item, ...this.#items.filter((other) => other !== item)];
    this.#changed();
  }

  /** Whether the server has it, as far as we know, hidden or not. */
  has(conversationId) {
    return Boolean(this.#find(conversationId));
  }

  hide(conversationId) {
    this.#hidden.add(conversationId);
    this.#changed();
  }

  restore(conversationId) {
    this.#hidden.delete(conversationId);
    this.#changed();
  }

  /** Deletes one for good; one that could not be deleted is in the list again. */
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
    return this.#items.find((item) => item.conversation_id === conversationId);
  }

  async #fetch(cursor) {
    try {
      const page = await this.#api.conversations(cursor);
      const known = new Set((cursor ? this.#items : []).map((item) => item.conversation_id));
      const fresh = page.conversations.filter((item) => !known.has(item.conversation_id));
      this.#items = cursor ? [...this.#items, ...fresh] : fresh;
      this.#cursor = page.next_cursor ?? null;
    } catch {
      this.#cursor = null; // the list is a convenience: the shown conversation says what is wrong
    }
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
