import { documentsPath } from "../api.js";
import { t } from "../text.js";
import { extentText, placeText } from "./document_text.js";
import { element } from "./dom.js";
import { button, loadMessages, openDialog } from "./settings/dialog.js";

/** @typedef {{ n: number, unit: import("../api.js").StoredDocument["unit"], name: string, text: string }} Part */

const NOT_FOUND = 404;
const SHOWN_AT_ONCE = 20; // parts of about 800 characters

/** Open the text of a document, as it was read. */
export async function openText(api, conversationId, item) {
  await loadMessages();
  const note = element("p", { className: "note" }, `${extentText(item)}. ${t("textNote")}`);
  const text = new DocumentText(api, documentsPath(conversationId, item.documentId));
  const notice = item.kind === "hwp" ? [element("p", { className: "note", lang: "ko" }, t("hwpNotice"))] : [];
  openDialog(item.name, note, text.node, ...notice);
  await text.show(0, SHOWN_AT_ONCE);
}

/**
 * Open the passage that an answer cites, with the text before and after it.
 * @param {import("../api.js").HistoryApi} api
 * @param {string} conversationId
 * @param {import("../api.js").Source} source
 */
export async function openPassage(api, conversationId, source) {
  await loadMessages();
  const text = new DocumentText(api, documentsPath(conversationId, source.documentId), source);
  openDialog(source.name, element("p", { className: "note" }, placeText(source)), text.node);
  const before = Math.min(source.part, 1);
  await text.show(source.part - before, before + 2);
  text.node.querySelector("mark")?.scrollIntoView();
}

/** The text of a document. Its beginning and its later parts are loaded on demand, the latter also by scrolling. */
class DocumentText {
  node = element("div", { className: "document-text" });
  #api;
  #path;
  #source;
  /** @type {Part[]} loaded, but not shown */
  #waiting = [];
  /** @type {number | null} */
  #next = null;
  #place = "";
  #isLoading = false;
  /** @type {HTMLElement | null} the beginning of the passage */
  #stored = null;
  #parts = element("div");
  #state = element("p", { role: "status" });
  #beginning = button(t("textBeginning"), () => this.show(0, SHOWN_AT_ONCE));
  #more = button(t("textMore"), () => this.#showMore(SHOWN_AT_ONCE));
  #atEnd = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.#showMore(SHOWN_AT_ONCE));

  /** @param {import("../api.js").Source} [source] the passage to mark */
  constructor(api, path, source) {
    this.#api = api;
    this.#path = path;
    this.#source = source;
    this.node.append(this.#beginning, this.#parts, this.#state, this.#more);
  }

  /** Show `count` parts from the given one on, in place of those that are shown. */
  async show(from, count) {
    this.#waiting = [];
    this.#next = from;
    this.#place = "";
    this.#parts.replaceChildren();
    this.#beginning.hidden = from === 0;
    await this.#showMore(count);
    if (count === SHOWN_AT_ONCE) this.#atEnd.observe(this.#more);
  }

  async #showMore(count) {
    if (this.#isLoading) return;
    this.#isLoading = true;
    this.#more.hidden = true;
    try {
      while (this.#waiting.length < count && this.#next !== null) await this.#load();
      this.#stored?.remove();
      this.#parts.append(...this.#waiting.splice(0, count).flatMap((part) => this.#render(part)));
      this.#state.textContent = "";
      this.#more.textContent = t("textMore");
      this.#more.hidden = this.#waiting.length === 0 && this.#next === null;
    } catch (error) {
      this.#showFailure(error);
    }
    this.#isLoading = false;
  }

  async #load() {
    this.#state.textContent = t("textLoading");
    const { parts, next } = await this.#api.request("GET", `${this.#path}/text`, { from: this.#next });
    this.#waiting.push(...parts);
    this.#next = next;
  }

  /** Say that the text is not there, and show the beginning of the cited passage, which is stored with the answer. */
  #showFailure({ status }) {
    const isDeleted = status === NOT_FOUND;
    this.#state.textContent = t(isDeleted ? "textDeleted" : "textFailed");
    this.#more.textContent = t("textAgain");
    this.#more.hidden = isDeleted;
    this.#beginning.hidden ||= isDeleted;
    this.#atEnd.disconnect();
    if (!this.#source || this.#parts.hasChildNodes()) return;
    this.#stored = element("p", {}, element("mark", {}, this.#source.text));
    this.#parts.append(this.#stored);
  }

  #render({ n, unit, name, text }) {
    const place = placeText({ unit, unitName: name });
    const heading = place && place !== this.#place ? [element("h3", {}, place)] : [];
    this.#place = place;
    const isCited = n === this.#source?.part;
    return [...heading, element("p", {}, isCited ? element("mark", {}, text) : text)];
  }
}
