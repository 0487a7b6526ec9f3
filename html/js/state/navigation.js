import { addressedId } from "../address.js";
import { Emitter } from "../emitter.js";

/**
 * The conversation in the page's address, so that a reload and the back button find it. An address without one stands
 * for a new conversation. Events: `navigate` (the user has chosen a conversation on the page), `address` (the address has
 * changed: its conversation id).
 * @extends {Emitter<{ navigate: void, address: string }>}
 */
export class Navigation extends Emitter {
  #chat;
  #conversations;

  /**
   * @param {import("./chat.js").Chat} chat
   * @param {import("./conversations.js").Conversations} conversations
   */
  constructor(chat, conversations) {
    super();
    this.#chat = chat;
    this.#conversations = conversations;
    addEventListener("hashchange", () => this.#addressChanged());
  }

  /**
   * Show the conversation in the address, or the temporary one that a reload keeps, or the newest one, and put that one
   * into the address.
   */
  async restore(temporaryId) {
    const id = addressedId();
    await this.#chat.open(id ?? temporaryId, !id && Boolean(temporaryId));
    if (this.#chat.isTemporary) return;
    const isShown = !location.hash && this.#chat.turns.length > 0;
    if (isShown) history.replaceState(null, "", `#${this.#chat.conversationId}`);
  }

  /** Ask a question in the shown conversation; `options` as in `Chat.ask`. */
  ask(question, options) {
    const { conversationId, isTemporary } = this.#chat;
    if (!isTemporary) {
      this.#conversations.touch(conversationId, question);
      this.#setAddress(conversationId);
    }
    this.#chat.ask(question, options);
  }

  /** Put the shown conversation, which has no question yet, into the address, so that a reload finds it. */
  keep() {
    if (!this.#chat.isTemporary) history.replaceState(null, "", `#${this.#chat.conversationId}`);
  }

  /** Show a new conversation. */
  start(isTemporary = false) {
    this.leave(isTemporary);
    this.emit("navigate");
  }

  /** Show a conversation; with a turn, the branch through it. */
  open(conversationId, turnId = null) {
    this.#setAddress(conversationId);
    const opened = this.#chat.open(conversationId, false, turnId);
    this.emit("navigate");
    return opened;
  }

  /** Show a new conversation in place of one that was deleted. */
  leave(isTemporary = false) {
    this.#chat.start(isTemporary);
    this.#setAddress("");
  }

  #setAddress(id) {
    if (id !== (addressedId() ?? "")) history.pushState(null, "", id ? `#${id}` : location.pathname);
  }

  #addressChanged() {
    const id = addressedId();
    if (!location.hash) this.#chat.start();
    if (!id) return;
    this.emit("address", id);
    if (id !== this.#chat.conversationId) this.#chat.open(id);
  }
}
