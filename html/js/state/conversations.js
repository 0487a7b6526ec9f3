/** The list of conversations, newest first. Event: `change`. */
export class Conversations extends EventTarget {
  #api;
  #items = [];
  #cursor = null;

  constructor(api) {
    super();
    this.#api = api;
  }

  get items() {
    return this.#items;
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
    const known = this.#items.find((item) => item.conversation_id === conversationId);
    const item = known ?? { conversation_id: conversationId, title: question.split("\n", 1)[0] };
    this.#items = [item, ...this.#items.filter((other) => other !== item)];
    this.#changed();
  }

  async remove(conversationId) {
    await this.#api.remove(conversationId);
    this.#items = this.#items.filter((item) => item.conversation_id !== conversationId);
    this.#changed();
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
