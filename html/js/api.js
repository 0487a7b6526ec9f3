import { backoff } from "./backoff.js";
import { Emitter } from "./emitter.js";
import { forgetKept } from "./keys.js";
import { renameMembers, toCamelCase, toSnakeCase } from "./wire.js";

/**
 * A turn as the history API returns it (docs/openapi.yaml), with the page's names.
 * @typedef {object} StoredTurn
 * @property {string} requestId
 * @property {string} conversationId
 * @property {"chat" | "translate" | "grammar"} mode
 * @property {"ko" | "en" | null} [targetLanguage] of a translation; null if it followed from the language of the text
 * @property {string} question `text` on the wire
 * @property {string | null} answer
 * @property {"streaming" | "done" | "failed"} status
 * @property {string | null} stopReason
 * @property {string | null} code why the turn failed
 * @property {Usage | null} usage
 * @property {string | null} modelId the model that answered
 * @property {string | null} [model] the one that was chosen
 * @property {number} run the last run of the answer
 * @property {string} createdAt ISO 8601
 * @property {string} [turnId] absent, as the next three, in the history of older functions
 * @property {string} [parent] the turn that this one follows, or "root"
 * @property {Variants | null} [variants] null if no other turn has the same parent
 * @property {string | null} [wish]
 * @property {Source[]} [sources] absent in the history of older functions
 * @property {Feedback | null} [feedback] absent in the history of older functions
 */

/** @typedef {{ rating: "up" | "down", text: string, share: boolean }} Feedback the user's rating of an answer */

/**
 * @typedef {object} Source a passage of a document that an answer cites
 * @property {number} n of its mark, such as `[1]`
 * @property {string} documentId
 * @property {string} name of the document
 * @property {StoredDocument["unit"]} unit
 * @property {string} unitName such as "3", for a page
 * @property {number} part its place in the document's text
 * @property {string} text its beginning
 */

/**
 * @typedef {object} StoredDocument a document as the history API returns it
 * @property {string} documentId
 * @property {string} name
 * @property {number} size in bytes
 * @property {"uploading" | "reading" | "ready" | "failed"} status
 * @property {string | null} code why it could not be read
 * @property {string | null} kind such as "hwp"
 * @property {"page" | "section" | "sheet" | "slide" | null} unit
 * @property {number} units
 * @property {number} characters
 * @property {boolean} truncated whether the text ends before the document does
 * @property {Record<string, number>} skipped what was not read, such as `{header: 2}`
 */

/**
 * @typedef {object} Variants the turns with the same parent, oldest first
 * @property {number} index of the turn itself
 * @property {(string | import("./state/turn.js").Turn)[]} heads for each of them, the newest turn that follows from it:
 *   its turn id, or a turn of this page that the server may not have yet
 */

/** @typedef {{ promptTokens: number, completionTokens: number, totalTokens: number }} Usage */

/**
 * @typedef {object} Conversation
 * @property {string} conversationId
 * @property {string} title
 * @property {"question" | "model" | "user"} [titleSource] who wrote the title
 * @property {boolean} [pinned]
 * @property {boolean} [instructions] whether the user's instructions stand in its prompts
 * @property {string} [createdAt]
 * @property {string} [lastActivityAt]
 */

/** Rename the members of an API result for the page. */
export function fromWire(value) {
  return renameMembers(value, toCamelCase);
}

/** Restore the API's names, for an export. */
export function toWire(value) {
  return renameMembers(value, (name) => (name === "question" ? "text" : toSnakeCase(name)));
}

const INSTRUCTIONS = "/history/instructions";
const THROTTLED = 429;
const ATTEMPTS = 6; // about 15 s
const KEEP_MS = 3_000; // until a page is kept, so that it does not slow the first load down

const loadKept = () => import("./state/kept.js");

/**
 * The history API. A method throws if the request is refused (`error.status`) or if the network fails. A throttled
 * request is repeated. Event: `throttled` (a request waits for its next attempt).
 * @extends {Emitter<{ throttled: void }>}
 */
export class HistoryApi extends Emitter {
  #token;
  #renew;
  /** @type {Map<string, Promise<any>>} */
  #prefetched = new Map();

  /**
   * @param {() => string | Promise<string>} token
   * @param {(refused: string) => Promise<string> | undefined} [renew] Returns a token in place of a refused one.
   */
  constructor(token, renew = undefined) {
    super();
    this.#token = token;
    this.#renew = renew;
  }

  /**
   * Fetch a page of a conversation, by default of the newest one: the newest page first, its turns oldest first. Without
   * `head`, the turns are those of the branch that the conversation shows.
   * @param {string | null} conversationId
   * @param {string | null} cursor
   * @param {{ head?: string, branches?: "all" }} branch
   * @returns {Promise<{ turns: StoredTurn[], nextCursor: string | null }>}
   */
  async turns(conversationId, cursor = null, branch = {}) {
    const page = await this.#get("/history", { conversation_id: conversationId, cursor, ...branch });
    return { ...page, turns: page.turns.map(({ text: question, ...turn }) => ({ ...turn, question })) };
  }

  /** @returns {Promise<{ conversations: Conversation[], nextCursor: string | null }>} pinned ones first, then newest first */
  conversations(cursor = null) {
    return this.#get("/history/conversations", { cursor });
  }

  /** Request the first pages before they are needed. `turns` and `conversations` return each of them once. */
  prefetch(conversationId) {
    for (const [path, query] of /** @type {[string, object][]} */ ([
      ["/history", { conversation_id: conversationId, cursor: null }],
      ["/history/conversations", { cursor: null }],
    ])) {
      const page = this.request("GET", path, query);
      page.catch(() => {}); // reported by `turns` or `conversations`
      this.#prefetched.set(JSON.stringify([path, query]), page);
    }
  }

  /**
   * @param {string} conversationId
   * @param {{ title?: string, pinned?: boolean, head?: string, instructions?: boolean }} changes
   * @returns {Promise<Conversation>}
   */
  change(conversationId, changes) {
    return this.request("PATCH", conversationPath(conversationId), {}, changes).then(fromWire);
  }

  /** @returns {Promise<string>} the user's instructions, "" if there are none */
  async instructions() {
    return (await this.request("GET", INSTRUCTIONS)).text;
  }

  /** @returns {Promise<string>} the instructions as stored */
  async setInstructions(text) {
    return (await this.request("PUT", INSTRUCTIONS, {}, { text })).text;
  }

  async removeAll() {
    await this.request("DELETE", "/history");
    await forgetKept();
  }

  /** Remove a conversation, even while the page closes. */
  remove(conversationId) {
    forget(conversationId);
    return this.removeAt(conversationPath(conversationId));
  }

  /** Remove a turn and all that follow from it. */
  removeTurn(conversationId, turnId) {
    forget(conversationId);
    return this.removeAt(`${conversationPath(conversationId)}/turns/${encodeURIComponent(turnId)}`);
  }

  /** @returns {Promise<StoredDocument[]>} the documents of a conversation, oldest first */
  async documents(conversationId) {
    return fromWire(await this.request("GET", documentsPath(conversationId))).documents;
  }

  /** Remove the resource of a path. A missing one counts as removed. */
  async removeAt(path) {
    await this.request("DELETE", path).catch((error) => {
      if (error.status !== 404) throw error;
    });
  }

  /** Return a page. Without a network, return the kept one. */
  async #get(path, query) {
    const key = JSON.stringify([path, query]);
    const prefetched = this.#prefetched.get(key);
    this.#prefetched.delete(key);
    const { cursor, head, branches } = query;
    const isKept = globalThis.caches && !cursor && !head && !branches;
    try {
      const page = await (prefetched ?? this.request("GET", path, query));
      if (isKept) setTimeout(() => useKept(({ keep }) => keep(path, page)), KEEP_MS);
      return fromWire(page);
    } catch (error) {
      const isAnswered = error.status !== undefined;
      const kept = isKept && !isAnswered && (await loadKept().then(({ read }) => read(path, query)));
      if (!kept) throw error;
      return fromWire(kept);
    }
  }

  /**
   * Send a request. A throttled one is repeated; one beyond a daily quota is not.
   * @param {[method: string, path: string, query?: object, body?: object, headers?: Record<string, string>]} request
   * @returns {Promise<any>} the body of the response, with the API's names
   */
  async request(...request) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#authorize(...request);
      } catch (error) {
        const isFinal = error.status !== THROTTLED || error.code === "quota_exceeded";
        if (isFinal || attempt + 1 === ATTEMPTS) throw error;
        this.emit("throttled");
        await new Promise((resolve) => setTimeout(resolve, backoff(attempt)));
      }
    }
  }

  async #authorize(method, path, query = {}, body = undefined, headers = {}) {
    const token = await this.#token();
    try {
      return await this.#send(token, method, path, query, body, headers);
    } catch (error) {
      const renewed = error.status === 401 && (await this.#renew?.(token));
      if (!renewed) throw error;
      return this.#send(renewed, method, path, query, body, headers);
    }
  }

  async #send(token, method, path, query, body, more) {
    const url = new URL(path, location.href);
    for (const [name, value] of Object.entries(query)) {
      if (value) url.searchParams.set(name, value);
    }
    /** @type {Record<string, string>} */
    const headers = { ...more, Authorization: `Bearer ${token}` };
    if (body) headers["Content-Type"] = "application/json";
    const keepalive = method === "DELETE";
    const response = await fetch(url, { method, headers, keepalive, cache: "no-store", body: JSON.stringify(body) });
    const { ok, status } = response;
    if (!ok) {
      const { code } = await response.json().catch(() => ({}));
      throw Object.assign(new Error(`history: ${status}`), { status, code });
    }
    return status === 204 ? null : response.json();
  }
}

/** Return the path of a conversation's documents, or of one of them. */
export function documentsPath(conversationId, documentId = "") {
  return `${conversationPath(conversationId)}/documents${documentId && `/${encodeURIComponent(documentId)}`}`;
}

/** Delete a conversation from what this device keeps. */
function forget(conversationId) {
  if (globalThis.caches) useKept((kept) => kept.forget(conversationId));
}

/** Change what this device keeps. After a failure, the next list that is kept corrects it. */
function useKept(change) {
  loadKept()
    .then(change)
    .catch(() => {});
}

function conversationPath(conversationId) {
  return `/history/conversations/${encodeURIComponent(conversationId)}`;
}
