import { say } from "../text.js";
import { element, icon, part, paths } from "./dom.js";

export class ConversationsView {
  #conversations;
  #chat;
  #list = part("conversations");
  #open;
  #remove;
  #failed;

  constructor({ conversations, chat, open, remove, failed }) {
    this.#conversations = conversations;
    this.#chat = chat;
    this.#open = open;
    this.#remove = remove;
    this.#failed = failed;
    conversations.addEventListener("change", () => this.#render());
    chat.addEventListener("conversation", () => this.#render());
    part("more-conversations").addEventListener("click", () => conversations.loadMore());
  }

  #render() {
    const { items, hasMore } = this.#conversations;
    const focused = document.activeElement?.closest?.("#conversations li")?.dataset.id;
    this.#list.replaceChildren(...items.map((item) => this.#renderRow(item)));
    part("no-conversations").hidden = items.length > 0;
    part("more-conversations").hidden = !hasMore;
    if (focused) this.#list.querySelector(`[data-id="${focused}"] button`)?.focus();
  }

  #renderRow(item) {
    const title = item.title || say("untitled");
    const open = element("button", { type: "button", className: "row-open", title }, title);
    if (item.conversation_id === this.#chat.conversationId) open.ariaCurrent = "true";
    open.addEventListener("click", () => this.#open(item.conversation_id));
    const label = say("remove", { title });
    const remove = element("button", { type: "button", className: "quiet icon-button", ariaLabel: label }, icon(paths.trash));
    const row = element("li", { dataset: { id: item.conversation_id } }, open, remove);
    remove.addEventListener("click", () => this.#ask(row, item));
    return row;
  }

  async #ask(row, item) {
    const back = () => {
      row.replaceWith(this.#renderRow(item));
      this.#list.querySelector(`[data-id="${item.conversation_id}"] .icon-button`)?.focus();
    };
    try {
      const { askRemoval } = await import("./removal.js");
      askRemoval(row, () => this.#remove(item.conversation_id).catch(back), back);
    } catch {
      this.#failed();
    }
  }
}
