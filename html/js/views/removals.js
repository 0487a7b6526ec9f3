import { REMOVAL_PREFIX } from "../keys.js";
import { t } from "../text.js";
import { byId, element } from "./dom.js";

const UNDO_MS = 10_000;

/**
 * Deletions of conversations, each of which can be undone for ten seconds, and longer while its toast is hovered or
 * focused. Leaving the page makes them final. The tab's storage keeps pending ones: the page can be closed before the
 * request is sent, and after a reload the list can still contain the conversation.
 */
export class RemovalsView {
  #box = byId("removals");
  #pending = new Map();
  #chat;
  #conversations;
  #delivery;
  #navigation;
  #status;
  #storage;

  constructor({ chat, conversations, delivery, navigation, status, storage }) {
    this.#chat = chat;
    this.#conversations = conversations;
    this.#delivery = delivery;
    this.#navigation = navigation;
    this.#status = status;
    this.#storage = storage;
    addEventListener("pagehide", () => {
      for (const { finish } of this.#pending.values()) finish();
    });
    navigation.on("address", ({ detail }) => this.#pending.get(detail)?.undo(false));
    byId("sidebar").addEventListener("toggle", ({ newState }) => newState === "open" && this.#raise());
  }

  /** Load the list, and finish the deletions that a previous page has not finished. */
  async resume() {
    const ids = this.#storage.keys(REMOVAL_PREFIX).map((key) => key.slice(REMOVAL_PREFIX.length));
    for (const id of ids) this.#conversations.hide(id);
    await this.#conversations.load();
    for (const id of ids) {
      if (this.#conversations.has(id)) this.#removeFromServer(id);
      else this.#storage.remove(REMOVAL_PREFIX + id);
    }
  }

  /** Hide a conversation and offer to undo that. `focusRow` is called when it is undone by keyboard. */
  remove(id, byKeyboard, focusRow) {
    const wasShown = id === this.#chat.conversationId;
    if (wasShown) this.#navigation.leave();
    this.#conversations.hide(id);
    const text = t(this.#conversations.withDocuments.has(id) ? "removedWithDocuments" : "removed");
    this.#status.announce(text);
    const restore = (undoneByKeyboard) => {
      this.#conversations.restore(id);
      this.#status.announce(t("undone"));
      if (wasShown) this.#navigation.open(id);
      else if (undoneByKeyboard) focusRow();
    };
    this.#offerUndo(id, text, restore, byKeyboard);
  }

  #offerUndo(id, text, restore, byKeyboard) {
    const button = element("button", { type: "button" }, t("undo"));
    const toast = element("div", { className: "toast" }, element("span", {}, text), button);
    let timer = 0;
    const pause = () => clearTimeout(timer);
    const close = () => {
      pause();
      this.#pending.delete(id);
      toast.remove();
      if (this.#pending.size === 0) this.#box.hidePopover();
    };
    const finish = () => {
      close();
      this.#removeFromServer(id);
    };
    const startTimer = () => {
      pause();
      if (toast.isConnected && !toast.matches(":hover, :focus-within")) timer = setTimeout(finish, UNDO_MS);
    };
    for (const type of ["pointerenter", "focusin"]) toast.addEventListener(type, pause);
    for (const type of ["pointerleave", "focusout"]) toast.addEventListener(type, () => setTimeout(startTimer));
    const undo = (undoneByKeyboard) => {
      close();
      this.#storage.remove(REMOVAL_PREFIX + id);
      restore(undoneByKeyboard);
    };
    button.addEventListener("click", ({ detail }) => undo(detail === 0));
    this.#storage.set(REMOVAL_PREFIX + id, "");
    this.#pending.set(id, { finish, undo });
    this.#box.append(toast);
    this.#box.showPopover();
    startTimer();
    if (byKeyboard) button.focus();
  }

  /** Show the toasts above the drawer, which has opened later and would cover them. */
  #raise() {
    if (this.#pending.size === 0) return;
    this.#box.hidePopover();
    this.#box.showPopover();
  }

  async #removeFromServer(id) {
    try {
      await this.#conversations.remove(id);
      this.#delivery.discardConversation(id);
    } catch {
      this.#status.alert(t("removeFailed"));
    }
    this.#storage.remove(REMOVAL_PREFIX + id);
  }
}
