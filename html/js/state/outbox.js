import { Turn } from "./turn.js";

const PREFIX = "seoyeon.outbox.";

/**
 * Questions that have no whole answer yet. They survive a reload: what was not accepted is sent again as it was,
 * what is being answered is asked after, what was refused is there to be changed.
 */
export class Outbox {
  #storage;

  constructor(storage) {
    this.#storage = storage;
  }

  put(turn) {
    const { conversationId, text, mode, known, refusal, askedAt } = turn;
    const entry = { conversationId, text, mode, known, refusal, at: askedAt };
    this.#storage.set(PREFIX + turn.requestId, JSON.stringify(entry));
  }

  has({ requestId }) {
    return this.#storage.get(PREFIX + requestId) !== null;
  }

  remove({ requestId }) {
    this.#storage.remove(PREFIX + requestId);
  }

  turns() {
    const entries = this.#storage.keys(PREFIX).map((key) => {
      const entry = JSON.parse(this.#storage.get(key));
      return { ...entry, requestId: key.slice(PREFIX.length) };
    });
    entries.sort((a, b) => a.at - b.at);
    return entries.map(Turn.fromOutbox);
  }
}
