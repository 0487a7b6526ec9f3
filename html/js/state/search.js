import { fromWire } from "../api.js";
import { Emitter } from "../emitter.js";

const PAUSE_MS = 250; // after the last key
const STALLED = 5; // requests after which as many conversations are pending as before

/**
 * @typedef {object} Result a turn, or without a `turnId` a title, that has all words of the query
 * @property {string} conversationId
 * @property {string} title
 * @property {string | null} turnId
 * @property {string} at ISO 8601
 * @property {"title" | "question" | "answer"} field
 * @property {{ text: string, match: boolean }[]} excerpt
 */

/**
 * A search while its query is typed. It is repeated while the server has not read all conversations. Event: `change`.
 * @extends {Emitter<{ change: void }>}
 */
export class Search extends Emitter {
  #api;
  #query = "";
  #timer = 0;
  #run = 0;
  #cursor = null;
  /** @type {Result[]} */
  results = [];
  /** Whether the results are of the query as it is now. */
  isCurrent = false;
  /** Conversations that have not been read yet. */
  pending = 0;
  /** @type {"empty" | "busy" | "done" | "failed"} */
  state = "empty";

  /** @param {import("../api.js").HistoryApi} api */
  constructor(api) {
    super();
    this.#api = api;
  }

  get hasMore() {
    return this.#cursor !== null;
  }

  /** Search for another query, once no more is typed. */
  type(query) {
    const words = query.trim();
    if (words === this.#query) return;
    this.#query = words;
    this.isCurrent = false;
    this.stop();
    if (!words) {
      this.results = [];
      this.#set("empty");
      return;
    }
    this.#set("busy");
    this.#timer = setTimeout(() => this.again(), PAUSE_MS);
  }

  /** Search for the same query from the beginning. */
  async again() {
    this.stop();
    const run = this.#run;
    this.#set("busy");
    try {
      for (let stalled = 0; ; ) {
        const before = this.pending;
        const page = await this.#request();
        if (run !== this.#run) return;
        this.results = page.results;
        this.isCurrent = true;
        this.pending = page.pending;
        this.#cursor = page.nextCursor;
        if (this.pending === 0) break;
        stalled = this.pending === before ? stalled + 1 : 0;
        if (stalled === STALLED) throw new Error("The search makes no progress.");
        this.#set("busy");
      }
      this.#set("done");
    } catch {
      if (run === this.#run) this.#set("failed");
    }
  }

  /** Add the next page. */
  async loadMore() {
    const run = this.#run;
    const cursor = this.#cursor;
    this.#cursor = null;
    this.#set("busy");
    try {
      const page = await this.#request(cursor);
      if (run !== this.#run) return;
      this.results = [...this.results, ...page.results];
      this.#cursor = page.nextCursor;
      this.#set("done");
    } catch {
      if (run !== this.#run) return;
      this.#cursor = cursor;
      this.#set("failed");
    }
  }

  /** Ignore the answers that are under way. */
  stop() {
    clearTimeout(this.#timer);
    this.#run += 1;
    this.pending = 0;
    this.#cursor = null;
  }

  async #request(cursor = undefined) {
    return fromWire(await this.#api.request("POST", "/history/search", {}, { query: this.#query, cursor }));
  }

  #set(state) {
    this.state = state;
    this.emit("change");
  }
}
