import { ageOf } from "../dates.js";
import { excerptAt, searchFor, splitAt } from "../search.js";
import { say, sayCount } from "../text.js";
import { element, hide, icon, part, paths } from "./dom.js";
import { RenameView } from "./rename.js";

const GROUPS = { today: "today", week: "week", older: "earlier" };

/**
 * The list in its groups, and the search over it. `actions`: `open(id)`, `rename(id, title)`, which may fail,
 * `remove(item, byKey)`, and `tell(text)`.
 */
export class ConversationsView {
  #conversations;
  #chat;
  #actions;
  #list = part("conversations");
  #query = part("search");
  #renaming = null;

  constructor(conversations, chat, actions) {
    this.#conversations = conversations;
    this.#chat = chat;
    this.#actions = actions;
    conversations.addEventListener("change", () => this.#update());
    for (const type of ["conversation", "older"]) chat.addEventListener(type, () => this.#update());
    document.addEventListener("visibilitychange", () => this.#render()); // it may be another day
    part("more-conversations").addEventListener("click", () => conversations.loadMore());
    this.#query.addEventListener("input", () => this.#search());
    this.#query.addEventListener("keydown", (event) => this.#leave(event));
  }

  /** Brings the keyboard back to a row, or to the row that took its place. */
  focus(id, index = 0) {
    const rows = [...this.#list.querySelectorAll("li")];
    const row = rows.find((other) => other.dataset.id === id) ?? rows[Math.min(index, rows.length - 1)];
    (row?.querySelector("button") ?? this.#query).focus();
  }

  #update() {
    this.#render();
    const shown = this.#conversations.items.find((item) => item.conversation_id === this.#chat.conversationId);
    document.title = shown ? `${nameOf(shown)} · ${say("name")}` : say("name");
  }

  #search() {
    this.#render();
    const { length } = this.#list.querySelectorAll("li");
    if (searchFor(this.#query.value)) this.#actions.tell(length ? sayCount("found", length) : say("nothingFound"));
  }

  /** Esc empties the box first; only the next one closes the drawer. */
  #leave(event) {
    if (event.key !== "Escape" || event.isComposing || !this.#query.value) return;
    event.preventDefault();
    this.#query.value = "";
    this.#render();
  }

  /** A title that is being written is left alone, and so is its composition: the list waits. */
  #render() {
    if (this.#renaming) return;
    const { items, hasMore } = this.#conversations;
    const search = searchFor(this.#query.value);
    const focused = this.#rememberFocus();
    const rows = items.map((item) => [ageOf(item.last_activity_at), this.#renderRow(item, search)]);
    const groups = Object.entries(GROUPS).map(([age, words]) => renderGroup(words, rows, age));
    this.#list.replaceChildren(...groups.filter(Boolean));
    const found = rows.some(([, row]) => row);
    part("no-conversations").hidden = items.length > 0;
    part("nothing-found").hidden = found || items.length === 0;
    hide(part("more-conversations"), !hasMore, this.#query);
    focused?.();
  }

  #rememberFocus() {
    const button = document.activeElement;
    const row = button?.closest?.("#conversations li");
    if (!row) return null;
    const place = [...row.querySelectorAll("button")].indexOf(button);
    return () => this.#list.querySelector(`[data-id="${row.dataset.id}"]`)?.querySelectorAll("button")[place]?.focus();
  }

  /** Null where the search finds nothing in the title and in what was read. */
  #renderRow(item, search) {
    const title = nameOf(item);
    const inTitle = search && splitAt(title, search);
    const inText = search && !inTitle && this.#findText(item, search);
    if (search && !inTitle && !inText) return null;
    const open = element("button", { type: "button", className: "row-open", title }, ...mark(inTitle || [title]));
    if (inText) open.append(element("span", { className: "row-excerpt" }, ...mark(inText)));
    if (item.conversation_id === this.#chat.conversationId) open.ariaCurrent = "true";
    open.addEventListener("click", () => this.#actions.open(item.conversation_id));
    const rename = renderTool("rename", title, paths.pencil);
    const remove = renderTool("remove", title, paths.trash);
    const tools = element("div", { className: "row-tools" }, rename, remove);
    const row = element("li", { dataset: { id: item.conversation_id } }, open, tools);
    rename.addEventListener("click", () => this.#rename(row, item, title));
    remove.addEventListener("click", ({ detail }) => {
      this.#renaming?.cancel();
      this.#actions.remove(item, detail === 0);
    });
    return row;
  }

  #findText({ conversation_id: id }, search) {
    for (const { text, answer } of this.#chat.read(id)) {
      const found = excerptAt(text, search) ?? excerptAt(answer, search);
      if (found) return found;
    }
    return null;
  }

  #rename(row, { conversation_id: id }, title) {
    this.#renaming?.cancel();
    this.#renaming = new RenameView(row, title, {
      save: (text) => this.#actions.rename(id, text),
      end: (renamed) => {
        this.#renaming = null;
        this.#render();
        this.focus(id);
        if (renamed) this.#actions.tell(say("renamed"));
      },
    });
  }
}

function nameOf({ title }) {
  return title || say("untitled");
}

function renderGroup(words, rows, age) {
  const mine = rows.filter(([other, row]) => row && other === age).map(([, row]) => row);
  if (mine.length === 0) return null;
  const heading = element("h2", { id: `group-${age}`, className: "group" }, say(words));
  const list = element("ul", {}, ...mine);
  list.setAttribute("aria-labelledby", heading.id);
  return element("section", {}, heading, list);
}

function renderTool(words, title, path) {
  const ariaLabel = say(words, { title });
  return element("button", { type: "button", className: "quiet icon-button", ariaLabel, title: ariaLabel }, icon(path));
}

function mark([before, found = "", after = ""]) {
  return found ? [before, element("mark", {}, found), after] : [before];
}
