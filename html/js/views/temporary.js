import { temporaryKey, temporaryLock } from "../keys.js";
import { supports } from "../protocol.js";
import { t } from "../text.js";
import { byId, setHidden } from "./dom.js";

const CLAIM_MS = 1_000; // a reloaded page may get the lock of the page before it later
const LATE_MS = 5_000; // a question on its way would store the deleted conversation again

/**
 * The temporary conversation of this tab: its start, its mark, and its deletion once another one is shown. The tab's
 * storage names it, so that a reload keeps it.
 */
export class TemporaryView {
  #chat;
  #api;
  #conversations;
  #delivery;
  #status;
  #storage;
  #tabStorage;
  #drafts;
  /** Whether the server may have the conversation. */
  #isStored;

  constructor({ chat, api, conversations, delivery, navigation, status, storage, tabStorage, drafts }) {
    this.#chat = chat;
    this.#api = api;
    this.#conversations = conversations;
    this.#delivery = delivery;
    this.#status = status;
    this.#storage = storage;
    this.#tabStorage = tabStorage;
    this.#drafts = drafts;
    this.#isStored = Boolean(tabStorage.get(this.#key));
    const start = byId("start-temporary");
    start.hidden = !supports("chat.temporary");
    start.title = start.ariaLabel;
    start.addEventListener("click", () => navigation.start(true));
    byId("end-temporary").addEventListener("click", () => navigation.start());
    chat.on("conversation", () => this.#update());
    chat.on("turn", () => this.#update());
  }

  /** A new guest has no secret before the first request. */
  get #key() {
    return temporaryKey(this.#storage);
  }

  #update() {
    const { isTemporary, conversationId, turns, history } = this.#chat;
    const kept = this.#tabStorage.get(this.#key);
    if (kept && kept !== conversationId) this.#end(kept);
    setHidden(byId("temporary"), !isTemporary, byId("transcript"));
    if (!isTemporary) return;
    if (history !== "loading") this.#isStored = turns.length > 0 || history === "failed";
    if (kept === conversationId) return;
    this.#tabStorage.set(this.#key, conversationId);
    claimTemporary(conversationId);
    this.#status.announce(byId("temporary-note").textContent);
  }

  /** Stop the answer and delete the conversation. */
  async #end(id) {
    this.#tabStorage.remove(this.#key);
    this.#drafts.set("temporary", "");
    this.#drafts.set("temporary.model", "");
    if (!this.#isStored && !this.#conversations.withDocuments.has(id)) return;
    this.#isStored = false;
    const turns = this.#delivery.pending(id);
    for (const turn of turns) if (turn.status !== "queued") this.#delivery.stop(turn);
    this.#delivery.discardConversation(id);
    try {
      await this.#api.remove(id);
      this.#status.announce(t("temporaryEnded"));
      if (turns.some(({ known }) => !known)) setTimeout(() => this.#api.remove(id), LATE_MS);
    } catch {
      this.#status.alert(t("temporaryNotEnded"));
    }
  }
}

/** Hold a temporary conversation until this tab closes. Return whether no other tab, a duplicate, holds it. */
export function claimTemporary(id) {
  return new Promise((resolve) => {
    const hold = () => {
      resolve(true);
      return new Promise(() => {});
    };
    const options = { signal: AbortSignal.timeout(CLAIM_MS) };
    navigator.locks.request(temporaryLock(id), options, hold).catch(({ name }) => resolve(name !== "TimeoutError"));
  });
}
