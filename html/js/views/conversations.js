import { ageGroup } from "../dates.js";
import { supports } from "../protocol.js";
import { t } from "../text.js";
import { byId, element, icon, paths, setHidden } from "./dom.js";

/** The groups from top to bottom: name and message key. */
const GROUPS = /** @type {const} */ ([
  ["pinned", "pinnedGroup"],
  ["today", "today"],
  ["week", "week"],
  ["older", "earlier"],
]);

/** The list of conversations, grouped by pin and age. The page's title names the shown conversation. */
export class ConversationsView {
  #conversations;
  #chat;
  #navigation;
  #removals;
  #status;
  #list = byId("conversations");
  /** Takes the focus in place of rows that have gone. */
  #newButton = /** @type {HTMLElement} */ (document.querySelector("#sidebar .new"));
  /** @type {import("./rename.js").RenameView | null} */
  #renaming = null;

  constructor({ conversations, chat, navigation, removals, status }) {
    this.#conversations = conversations;
    this.#chat = chat;
    this.#navigation = navigation;
    this.#removals = removals;
    this.#status = status;
    conversations.on("change", () => this.#update());
    for (const type of ["conversation", "older"]) chat.on(type, () => this.#update());
    document.addEventListener("visibilitychange", () => this.#render()); // the day may have changed
    byId("more-conversations").addEventListener("click", () => conversations.loadMore());
  }

  #update() {
    this.#render();
    const { conversationId, isTemporary, turns } = this.#chat;
    const title = turns[0]?.question.split("\n", 1)[0]; // of a conversation beyond the loaded part of the list
    const named = isTemporary ? { title: t("temporary") } : title && { title };
    const shown = this.#conversations.find(conversationId) ?? named;
    const heading = byId("title");
    heading.textContent = shown ? displayTitle(shown) : t("name");
    heading.toggleAttribute("data-named", Boolean(shown));
    document.title = shown ? `${displayTitle(shown)} · ${t("name")}` : t("name");
  }

  /** Render the list, but not during a renaming: that would end the composition in its field. */
  #render() {
    if (this.#renaming) return;
    const { items, hasMore } = this.#conversations;
    const restoreFocus = this.#saveFocus();
    const rows = items.map((item) => [item.pinned ? "pinned" : ageGroup(item.lastActivityAt), this.#renderRow(item)]);
    const groups = GROUPS.map(([name, key]) => renderGroup(t(key), rows, name));
    this.#list.replaceChildren(...groups.filter(Boolean));
    byId("no-conversations").hidden = items.length > 0;
    setHidden(byId("more-conversations"), !hasMore, [...this.#list.querySelectorAll("a")].at(-1) ?? this.#newButton);
    restoreFocus();
  }

  #saveFocus() {
    const focused = document.activeElement;
    /** @type {HTMLElement} */
    const row = focused?.closest("#conversations li");
    if (!row) return () => {};
    const index = [...row.querySelectorAll("a, button")].indexOf(focused);
    return () => this.#findRow(row.dataset.id)?.querySelectorAll("a, button")[index]?.focus();
  }

  #findRow(id) {
    return this.#list.querySelector(`[data-id="${id}"]`);
  }

  /** Focus a row, or the one that has taken its place. */
  #focusRow(id, index = 0) {
    const rows = this.#list.querySelectorAll("li");
    const row = this.#findRow(id) ?? rows[Math.min(index, rows.length - 1)];
    (row?.querySelector("a") ?? this.#newButton).focus();
  }

  #renderRow(item) {
    const title = displayTitle(item);
    const open = element("a", { href: `#${item.conversationId}`, className: "row-open", title }, title);
    if (item.conversationId === this.#chat.conversationId) open.ariaCurrent = "true";
    open.addEventListener("click", (event) => this.#open(item.conversationId, event));
    const rename = renderTool("rename", title, paths.pencil);
    const remove = renderTool("remove", title, paths.trash);
    const tools = element("div", { className: "row-tools" }, rename, remove);
    if (supports("change.pinned")) tools.prepend(this.#renderPin(item, title));
    const row = element("li", { dataset: { id: item.conversationId } }, open, tools);
    rename.addEventListener("click", () => this.#rename(item, title));
    remove.addEventListener("click", ({ detail }) => this.#remove(item.conversationId, detail === 0));
    return row;
  }

  #renderPin({ conversationId, pinned }, title) {
    const button = renderTool(pinned ? "unpin" : "pin", title, pinned ? paths.unpin : paths.pin);
    button.addEventListener("click", async () => {
      const saved = this.#conversations.pin(conversationId, !pinned);
      this.#status.announce(t(pinned ? "unpinned" : "pinned"));
      await saved.catch(() => this.#status.alert(t("pinFailed")));
    });
    return button;
  }

  /** Open a conversation here, unless the browser opens the link elsewhere: in a new tab or window. */
  #open(conversationId, event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.#navigation.open(conversationId);
  }

  async #rename({ conversationId, titleSource }, title) {
    this.#renaming?.cancel();
    const module = await import("./rename.js").catch(() => this.#status.alert(t("renameFailed")));
    const row = this.#findRow(conversationId);
    if (!module || this.#renaming || !row) return;
    this.#renaming = new module.RenameView(row, title, titleSource !== "model", {
      save: (text) => this.#conversations.rename(conversationId, text),
      end: (isRenamed) => {
        this.#renaming = null;
        this.#render();
        this.#focusRow(conversationId);
        if (isRenamed) this.#status.announce(t("renamed"));
      },
    });
  }

  #remove(id, byKeyboard) {
    this.#renaming?.cancel();
    const index = this.#conversations.items.findIndex((item) => item.conversationId === id);
    this.#removals.remove(id, byKeyboard, () => this.#focusRow(id));
    if (!byKeyboard) this.#focusRow(id, index);
  }
}

function displayTitle({ title }) {
  return title || t("untitled");
}

function renderGroup(title, rows, name) {
  const members = rows.filter(([other]) => other === name).map(([, row]) => row);
  if (members.length === 0) return null;
  const heading = element("h2", { id: `group-${name}`, className: "group" }, title);
  const list = element("ul", {}, ...members);
  list.setAttribute("aria-labelledby", heading.id);
  return element("section", {}, heading, list);
}

function renderTool(key, title, path) {
  const ariaLabel = t(key, { title });
  return element("button", { type: "button", className: "quiet icon-button", ariaLabel, title: ariaLabel }, icon(path));
}
