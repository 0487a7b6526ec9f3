import { Turn } from "./turn.js";

const PREFIX = "seoyeon.outbox.";

/** Questions that the server has not accepted yet; they survive a reload and are sent again as they were. */
export class Outbox {
  #storage;

  constructor(storage) {
    this.#storage = storage;
  }

  add({ requestId, conversationId, text }) {
    this.#storage.set(PREFIX + requestId, JSON.stringify({ conversationId, text, at: Date.now() }));
  }

  remove(requestId) {
    this.#storage.remove(PREFIX + requestId);
  }

  turns() {
    const entries = this.#storage.keys(PREFIX).map((key) => {
      const entry = JSON.parse(this.#storage.get(key));
      return { ...entry, requestId: key.slice(PREFIX.length) };
    });
    entries.sort((a, b) => a.at - b.at);
    return entries.map((entry) => Turn.ask(entry.conversationId, entry.text, entry.requestId));
  }
}
