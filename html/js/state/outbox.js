import { OUTBOX_PREFIX } from "../keys.js";
import { Turn } from "./turn.js";

/**
 * The questions without a complete answer, kept across reloads. After a reload, an unaccepted question is sent again,
 * an accepted one is resumed, and a refused one can be edited.
 */
export class Outbox {
  #storage;

  /** @param {import("../storage.js").Storage} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  /** @param {Turn} turn */
  put(turn) {
    const { conversationId, question, mode, known, refusal, askedAt } = turn;
    const entry = { conversationId, question, mode, known, refusal, askedAt };
    this.#storage.set(OUTBOX_PREFIX + turn.requestId, JSON.stringify(entry));
  }

  has({ requestId }) {
    return this.#storage.get(OUTBOX_PREFIX + requestId) !== null;
  }

  remove({ requestId }) {
    this.#storage.remove(OUTBOX_PREFIX + requestId);
  }

  /** Return the turns in the order in which they were asked. */
  turns() {
    const entries = this.#storage.keys(OUTBOX_PREFIX).map((key) => {
      const entry = JSON.parse(this.#storage.get(key));
      return { ...entry, requestId: key.slice(OUTBOX_PREFIX.length) };
    });
    entries.sort((a, b) => a.askedAt - b.askedAt);
    return entries.map(Turn.fromOutbox);
  }
}
