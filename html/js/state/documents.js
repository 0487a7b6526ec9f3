import { documentsPath, fromWire } from "../api.js";
import { backoff } from "../backoff.js";
import { Emitter } from "../emitter.js";
import { NEW_ID, uploadsKey } from "../keys.js";
import { sendFile } from "../upload.js";

const MAX_POLL_MS = 5_000;
const UPLOAD_ATTEMPTS = 4;
const MAX_NAME_LENGTH = 255; // as in docs/openapi.yaml
const MEDIA = /^(?:image|audio|video)\//;
const WAITING = new Set(["uploading", "lost", "reading"]);
/** The codes with which the API refuses a document. */
const REFUSALS = new Set(["too_many_documents", "too_large", "quota_exceeded", "throttled"]);

/**
 * A document of a conversation. `lost`: the connection broke during the upload, which will be repeated. `interrupted`:
 * the page was closed during the upload.
 * @typedef {Omit<import("../api.js").StoredDocument, "status"> & {
 *   status: "uploading" | "lost" | "interrupted" | "reading" | "ready" | "failed",
 *   file?: File, sent?: number, isOwn?: boolean, abort?: AbortController, uploaded?: Promise<void> }} Item
 *   `file`, until it is uploaded; `sent`: the uploaded share; `isOwn`: whether this tab has uploaded it; `uploaded`: the
 *   end of the upload
 */

/**
 * The documents of the conversations that this page has shown, and their uploads. The questions of a conversation wait
 * for those that are uploaded or read. Events: `change` (of a conversation's documents: its id), `status` (of a document).
 * @extends {Emitter<{ change: string, status: Item }>}
 */
export class Documents extends Emitter {
  #context;
  /** @type {Map<string, Item[]>} */
  #items = new Map();
  #removed = new Set();
  #polls = new Map();
  /** @type {Promise<unknown>} */
  #announced = Promise.resolve();
  /** The number of changes: a list that was asked for before one of them is too old. */
  #revision = 0;

  /** @param {import("../views/documents.js").DocumentsContext} context */
  constructor(context) {
    super();
    this.#context = context;
  }

  /** Return the documents of a conversation, oldest first. */
  items(conversationId) {
    return this.#items.get(conversationId) ?? [];
  }

  /** @param {File[]} files */
  add(conversationId, files) {
    const { chat, drafts, navigation } = this.#context;
    const isNew = conversationId === chat.conversationId && chat.turns.length === 0;
    if (isNew && !chat.isTemporary) {
      drafts.set(NEW_ID, conversationId);
      navigation.keep();
    }
    const items = files.map(createItem);
    this.#items.set(conversationId, [...this.items(conversationId), ...items]);
    for (const item of items) if (item.status === "uploading") this.upload(conversationId, item);
    for (const item of items) if (item.status === "failed") this.emit("status", item);
    this.#changed(conversationId);
  }

  /** Upload a document, or upload it again. */
  upload(conversationId, item) {
    item.uploaded = this.#upload(conversationId, item);
  }

  /** Upload a file in place of a document that was interrupted. */
  async replace(conversationId, item, file) {
    this.add(conversationId, [file]);
    await this.remove(conversationId, item);
  }

  /** Remove a document, also while it is uploaded. If that fails, restore it and throw. */
  async remove(conversationId, item) {
    const { api, drafts } = this.#context;
    const items = this.items(conversationId);
    this.#removed.add(item.documentId);
    this.#items.set(
      conversationId,
      items.filter((other) => other !== item),
    );
    this.#changed(conversationId);
    item.abort?.abort();
    try {
      await item.uploaded; // the API would add the document after its deletion
      await api.removeAt(documentsPath(conversationId, item.documentId));
    } catch (error) {
      this.#removed.delete(item.documentId);
      this.#items.set(conversationId, [...this.items(conversationId), item]);
      this.#changed(conversationId);
      throw error;
    }
    const isEmpty = this.items(conversationId).length === 0;
    if (isEmpty && drafts.get(NEW_ID) === conversationId) drafts.set(NEW_ID, "");
  }

  /** Take over the uploads that a reload has interrupted. Their conversation's questions wait until that is done. */
  async restore(conversationId) {
    const { storage, tabStorage } = this.#context;
    const kept = tabStorage.getJson(uploadsKey(storage, conversationId)) ?? [];
    this.#items.set(
      conversationId,
      kept.map((item) => ({ ...item, status: "interrupted", isOwn: true })),
    );
    for (let attempt = 0; !(await this.load(conversationId)); attempt += 1) await delay(backoff(attempt));
  }

  /**
   * Take over the documents as the API lists them.
   * @param {import("../api.js").StoredDocument[]} listed
   */
  receive(conversationId, listed) {
    const before = this.items(conversationId);
    const stored = listed.filter(({ documentId }) => !this.#removed.has(documentId));
    const items = stored.map((document) => {
      const item = before.find(({ documentId }) => documentId === document.documentId);
      if (item?.file) return item;
      const status = document.status === "uploading" ? "interrupted" : document.status;
      return this.#update(/** @type {Item} */ (item ?? {}), { ...document, status }, Boolean(item));
    });
    const local = before.filter((item) => (item.file || item.status === "interrupted") && !items.includes(item));
    this.#items.set(conversationId, [...items, ...local]);
    this.#changed(conversationId);
    this.#poll(conversationId);
  }

  async #upload(conversationId, item) {
    const { api } = this.#context;
    const path = documentsPath(conversationId, item.documentId);
    item.abort = new AbortController();
    const { signal } = item.abort;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      this.#change(conversationId, item, { status: "uploading", code: null, sent: 0 });
      try {
        const { documentId: document_id, name, size } = item;
        const body = { document_id, name, size };
        const { upload } = await this.#announce(() => api.request("POST", documentsPath(conversationId), {}, body));
        signal.throwIfAborted();
        const progress = (sent) => {
          item.sent = sent;
          this.emit("change", conversationId);
        };
        if (upload) await sendFile(upload, item.file, signal, progress);
        const { document } = await api.request("POST", `${path}/read`);
        item.file = undefined;
        this.#change(conversationId, item, fromWire(document));
        this.#poll(conversationId);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (error.status || attempt + 1 === UPLOAD_ATTEMPTS) {
          const code = REFUSALS.has(error.code) ? error.code : "not_uploaded";
          this.#change(conversationId, item, { status: "failed", code });
          return;
        }
        this.#change(conversationId, item, { status: "lost" });
        await connection(signal, backoff(attempt));
      }
    }
  }

  /**
   * Announce one document after another: the API lists them in this order, and counts them for one quota.
   * @template T
   * @param {() => Promise<T>} request
   */
  #announce(request) {
    const announced = this.#announced.then(request);
    this.#announced = announced.catch(() => {});
    return announced;
  }

  /** Ask for the list, less and less often, while documents are read. */
  #poll(conversationId, attempt = 0) {
    clearTimeout(this.#polls.get(conversationId));
    if (!this.items(conversationId).some(({ status }) => status === "reading")) return;
    const ask = async () => {
      await this.load(conversationId);
      this.#poll(conversationId, attempt + 1);
    };
    this.#polls.set(conversationId, setTimeout(ask, Math.min(backoff(attempt), MAX_POLL_MS)));
  }

  /** Load the list. Return whether that succeeded. */
  async load(conversationId) {
    const revision = this.#revision;
    const listed = await this.#context.api.documents(conversationId).catch(() => null);
    if (listed && revision !== this.#revision) return this.load(conversationId);
    if (listed) this.receive(conversationId, listed);
    return Boolean(listed);
  }

  #change(conversationId, item, changes) {
    if (this.#removed.has(item.documentId)) return;
    this.#update(item, changes, true);
    this.#changed(conversationId);
  }

  #update(item, changes, isShown) {
    const before = item.status;
    Object.assign(item, changes);
    if (isShown && item.status !== before) this.emit("status", item);
    return item;
  }

  /** Keep the uploads for a reload, and let the questions wait for them. */
  #changed(conversationId) {
    this.#revision += 1;
    const { conversations, delivery, storage, tabStorage } = this.#context;
    const items = this.items(conversationId);
    const key = uploadsKey(storage, conversationId);
    /** @param {Item} item */
    const waits = ({ status, isOwn }) => WAITING.has(status) || (status === "interrupted" && isOwn);
    const kept = items.filter((item) => item.isOwn && waits(item));
    if (kept.length === 0) tabStorage.remove(key);
    else {
      const entries = kept.map(({ documentId, name, size }) => ({ documentId, name, size }));
      tabStorage.set(key, JSON.stringify(entries));
    }
    if (items.length > 0) conversations.withDocuments.add(conversationId);
    else conversations.withDocuments.delete(conversationId);
    this.emit("change", conversationId);
    delivery.hold(conversationId, items.some(waits));
  }
}

/** @returns {Item} */
function createItem(file) {
  const { name, size, type } = file;
  const code = (MEDIA.test(type) && "media") || (size === 0 && "empty") || null;
  return /** @type {Item} */ ({
    documentId: crypto.randomUUID(),
    name: printable(name) || "…",
    size,
    status: code ? "failed" : "uploading",
    code,
    sent: 0,
    isOwn: true,
    file,
  });
}

/** Return a file's name as the API takes it. macOS decomposes the syllables. */
function printable(name) {
  const plain = name.normalize("NFC").replace(/\p{Z}/gu, " ").replace(/\p{C}/gu, "");
  return [...plain].slice(0, MAX_NAME_LENGTH).join("");
}

/** Wait for the connection, or for some time if the browser has one. */
function connection(signal, time) {
  if (navigator.onLine) return delay(time);
  return new Promise((resolve) => {
    addEventListener("online", resolve, { once: true, signal });
    signal.addEventListener("abort", resolve);
  });
}

function delay(time) {
  return new Promise((resolve) => setTimeout(resolve, time));
}
