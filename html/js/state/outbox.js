import { OUTBOX_PREFIX } from "../keys.js";
import { Turn } from "./turn.js";

/**
 * @typedef {object} Entry a question without its answer
 * @property {string} requestId
 * @property {string} conversationId
 * @property {string} question
 * @property {"chat" | "translate" | "grammar"} mode
 * @property {"ko" | "en" | null} [targetLanguage]
 * @property {number} askedAt
 * @property {string} [after]
 * @property {string} [parent]
 * @property {string} [variantOf]
 * @property {string} [wish]
 * @property {string | null} [model]
 */

/**
 * The questions without a complete answer, kept across reloads. After a reload, an unaccepted question is sent again,
 * an accepted one is resumed, and a refused one can be edited.
 */
export class Outbox {
  #storage;
  #tabStorage;

  /**
   * @param {import("../storage.js").Storage} storage
   * @param {import("../storage.js").Storage} tabStorage for the questions of temporary conversations
   */
  constructor(storage, tabStorage) {
    this.#storage = storage;
    this.#tabStorage = tabStorage;
  }

  /** @param {Turn} turn */
  put(turn) {
    const { conversationId, question, known, refusal, askedAt, options } = turn;
    // The names of the first builds, so that an update of the page loses no question.
    const entry = { conversationId, text: question, known, refusal, at: askedAt, ...options };
    this.#storageOf(turn).set(OUTBOX_PREFIX + turn.requestId, JSON.stringify(entry));
  }

  has(turn) {
    return this.get(turn) !== null;
  }

  /** Return the stored entry of a turn, or null. */
  get(turn) {
    return this.#storageOf(turn).getJson(OUTBOX_PREFIX + turn.requestId);
  }

  remove(turn) {
    this.#storageOf(turn).remove(OUTBOX_PREFIX + turn.requestId);
  }

  /** Return the turns in the order in which they were asked. Entries that are not questions are left out. */
  turns() {
    const read = (storage) =>
      storage.keys(OUTBOX_PREFIX).flatMap((key) => {
        const { text: question, at: askedAt, ...entry } = storage.getJson(key) ?? {};
        return question ? [{ ...entry, question, askedAt, requestId: key.slice(OUTBOX_PREFIX.length) }] : [];
      });
    const entries = [...read(this.#storage), ...read(this.#tabStorage)];
    entries.sort((a, b) => a.askedAt - b.askedAt);
    return entries.map(Turn.fromOutbox);
  }

  #storageOf({ temporary }) {
    return temporary ? this.#tabStorage : this.#storage;
  }
}
