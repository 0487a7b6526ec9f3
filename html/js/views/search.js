import "../common.js";
import { formatDayAndTime } from "../dates.js";
import { Search } from "../state/search.js";
import messages from "../text/search.js";
import { addMessages, plural, t } from "../text.js";
import { element } from "./dom.js";
import { clearFound, showFound } from "./found.js";
import { button, loadMessages, openDialog } from "./settings/dialog.js";

/**
 * @typedef {object} SearchContext
 * @property {import("../api.js").HistoryApi} api
 * @property {import("../state/chat.js").Chat} chat
 * @property {import("../state/conversations.js").Conversations} conversations
 * @property {import("../state/navigation.js").Navigation} navigation
 * @property {import("./scroll.js").ScrollView} scroll
 * @property {import("./status.js").StatusView} status
 *
 * @typedef {import("../state/search.js").Result} Result
 */

const MAX_LENGTH = 200;
const FIELDS = /** @type {const} */ ({
  title: "searchTitleHit",
  question: "searchQuestionHit",
  answer: "searchAnswerHit",
});
/** The open dialog. @type {SearchView | null} */
let opened = null;

addMessages(messages[document.documentElement.lang] ?? messages.ko);

/**
 * Open the search over all conversations, or focus it.
 * @param {SearchContext} context
 */
export async function openSearch(context) {
  await loadMessages();
  opened ??= new SearchView(context, () => {
    opened = null;
  });
  opened.focus();
}

/** A field, and the results as a list that the arrow keys walk through while the field has the focus. */
class SearchView {
  #context;
  #search;
  #dialog;
  #input = element("input", {
    type: "search",
    className: "search",
    role: "combobox",
    autocomplete: "off",
    enterKeyHint: "search",
    maxLength: MAX_LENGTH,
    placeholder: t("searchTitle"),
    ariaLabel: t("searchField"),
    ariaAutoComplete: "list",
  });
  #list = element("div", { id: "search-results", role: "listbox", ariaLabel: t("searchResults") });
  #state = element("p", { role: "status", className: "note" }, t("searchHint"));
  #again = button(t("searchAgain"), () => this.#search.again());
  #more = button(t("searchMore"), () => this.#showMore());
  #active = -1;

  /** @param {SearchContext} context */
  constructor(context, closed) {
    this.#context = context;
    this.#search = new Search(context.api);
    this.#input.setAttribute("aria-controls", this.#list.id);
    this.#dialog = openDialog(t("searchTitle"), this.#input, this.#state, this.#again, this.#list, this.#more);
    this.#dialog.classList.add("search-dialog");
    this.#dialog.addEventListener("close", () => {
      this.#search.stop();
      closed();
    });
    this.#input.addEventListener("input", () => this.#search.type(this.#input.value));
    this.#input.addEventListener("keydown", (event) => this.#keyPressed(event));
    this.#list.addEventListener("click", ({ target }) => {
      const option = /** @type {Element} */ (target).closest("[role=option]");
      if (option) this.#choose([...this.#list.children].indexOf(option));
    });
    this.#search.on("change", () => this.#render());
    this.#render();
  }

  focus() {
    this.#input.focus();
    this.#input.select();
  }

  /** The results, without conversations that were just deleted and can still be restored. */
  get #results() {
    return this.#search.results.filter(({ conversationId }) => !this.#context.conversations.isHidden(conversationId));
  }

  #render() {
    const { state, pending, hasMore } = this.#search;
    const results = this.#results;
    const chosen = this.#list.children[this.#active]?.id;
    this.#list.replaceChildren(...results.map(renderResult));
    this.#activate([...this.#list.children].findIndex(({ id }) => id === chosen));
    this.#list.hidden = results.length === 0;
    this.#list.ariaBusy = String(state === "busy");
    this.#input.ariaExpanded = String(results.length > 0);
    this.#state.textContent = stateText(state, results.length, pending, hasMore);
    this.#again.hidden = state !== "failed";
    this.#more.hidden = state !== "done" || !hasMore;
  }

  async #showMore() {
    const { length } = this.#results;
    this.#input.focus();
    await this.#search.loadMore();
    if (this.#results.length > length) this.#activate(length);
  }

  #keyPressed(event) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const { length } = this.#list.children;
      const from = this.#active < 0 && step < 0 ? length : this.#active;
      this.#activate(length === 0 ? -1 : (from + step + length) % length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.#search.isCurrent && this.#list.children.length > 0) this.#choose(Math.max(0, this.#active));
    }
  }

  #activate(index) {
    this.#list.children[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = index;
    const option = this.#list.children[index];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.#input.setAttribute("aria-activedescendant", option.id);
    else this.#input.removeAttribute("aria-activedescendant");
  }

  #choose(index) {
    const result = this.#results[index];
    this.#dialog.close();
    openResult(this.#context, result);
  }
}

function stateText(state, count, pending, hasMore) {
  if (state === "empty") return t("searchHint");
  if (state === "failed") return t("searchFailed");
  if (state === "busy") return pending > 0 ? plural("searchingMore", pending) : t("searching");
  if (count === 0) return t("searchNothing");
  return plural(hasMore ? "searchFoundMore" : "searchFound", count);
}

/** @param {Result} result */
function renderResult({ conversationId, title, turnId, at, field, excerpt }) {
  const marked = excerpt.map(({ text, match }) => (match ? element("mark", {}, text) : text));
  const head = field === "title" ? marked : [title || t("untitled")];
  const time = element("time", { dateTime: at }, formatDayAndTime(Date.parse(at)));
  const option = element(
    "div",
    { id: `found-${conversationId}-${turnId ?? ""}`, role: "option", className: "result", ariaSelected: "false" },
    element("p", { className: "result-title" }, ...head),
    element("p", { className: "result-place" }, `${t(FIELDS[field])} · `, time),
  );
  if (field !== "title") option.append(element("p", { className: "result-excerpt" }, ...marked));
  return option;
}

/**
 * Show the place of a result: its conversation, on its branch, scrolled to the words, which are marked.
 * @param {SearchContext} context
 * @param {Result} result
 */
async function openResult({ chat, navigation, scroll, status }, { conversationId, turnId, excerpt }) {
  clearFound();
  const isShown = chat.conversationId === conversationId && chat.turns.some((turn) => turn.turnId === turnId);
  if (!isShown) await navigation.open(conversationId, turnId);
  if (!turnId) return;
  const turn = await loadTurn(chat, conversationId, turnId);
  if (chat.conversationId !== conversationId) return; // the user has opened another one
  /** @type {HTMLElement | null} */
  const article = turn && document.querySelector(`[data-request-id="${turn.requestId}"]`);
  if (!article) {
    if (chat.history !== "ready") return; // the transcript offers to load it again
    await navigation.open(conversationId);
    status.alert(t("searchGone"));
    return;
  }
  const words = excerpt.filter(({ match }) => match).map(({ text }) => text);
  showFound(article, [...new Set(words)], scroll);
  article.tabIndex = -1;
  article.focus({ preventScroll: true });
  chat.addEventListener("conversation", clearFound, { once: true });
}

/** Load earlier turns up to one of them. */
async function loadTurn(chat, conversationId, turnId) {
  while (chat.conversationId === conversationId) {
    const turn = chat.turns.find((each) => each.turnId === turnId);
    if (turn || !chat.hasOlder || chat.history === "failed") return turn;
    if (chat.history === "loading") {
      await new Promise((resolve) => chat.addEventListener("history", resolve, { once: true }));
    } else await chat.loadOlder();
  }
}
