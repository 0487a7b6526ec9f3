import "../common.js";
import { formatNumber } from "../dates.js";
import { modelChoices } from "../models.js";
import { supports } from "../protocol.js";
import { Documents } from "../state/documents.js";
import { t } from "../text.js";
import { documentText } from "./document_text.js";
import { openText } from "./document_viewer.js";
import { byId, element, icon, setHidden } from "./dom.js";

/**
 * @typedef {object} DocumentsContext
 * @property {import("../api.js").HistoryApi} api
 * @property {import("../state/chat.js").Chat} chat
 * @property {import("../state/conversations.js").Conversations} conversations
 * @property {import("../state/delivery.js").Delivery} delivery
 * @property {import("../state/drafts.js").Drafts} drafts
 * @property {import("../state/navigation.js").Navigation} navigation
 * @property {import("../storage.js").Storage} storage
 * @property {import("../storage.js").Storage} tabStorage
 * @property {import("./composer.js").ComposerView} composer
 * @property {import("./status.js").StatusView} status
 *
 * @typedef {import("../state/documents.js").Item} Item
 */

const CROSS = "M6 6l12 12M18 6 6 18";
const LINES = "M5 6h14M5 10h14M5 14h9M5 18h6";
const LONG = 50_000; // characters: a summary of more is estimated first
// 130,000 characters take a model with a context of 8,192 tokens 19 calls, four at once, some 15 s each.
const CHARACTERS_A_MINUTE = 60_000;

/** The cards of the shown conversation's documents, above the question box. */
export class DocumentsView {
  documents;
  #context;
  #box = byId("documents");
  #list = element("ul");
  #summarise = button("", () => this.#offerSummary(), "quiet summarise");
  #estimate = element("div", { className: "estimate", role: "group", hidden: true });
  #fit = element("div", { className: "estimate", role: "status", hidden: true });
  /** @type {Map<string, Card>} */
  #cards = new Map();

  /** @param {DocumentsContext} context */
  constructor(context) {
    this.#context = context;
    this.documents = new Documents(context);
    this.#summarise.append(icon(LINES), t("summarise"));
    this.#box.append(
      this.#fit,
      this.#estimate,
      element("div", { className: "document-row" }, this.#list, this.#summarise),
    );
    this.documents.on("change", () => this.#render());
    this.documents.on("status", ({ detail }) => this.#announce(detail));
    context.chat.on("conversation", () => this.#render());
    for (const type of /** @type {const} */ (["model", "branch"])) context.chat.on(type, () => this.#showFit());
  }

  /** Add files to a conversation, or, if it was not known yet, to the shown one as soon as it is. */
  async add(conversationId, files) {
    const { chat, composer } = this.#context;
    const target = () => conversationId ?? chat.conversationId;
    while (!target()) await new Promise((resolve) => chat.addEventListener("history", resolve, { once: true }));
    this.documents.add(target(), files);
    this.#list.lastElementChild?.scrollIntoView({ block: "nearest", inline: "nearest" });
    composer.focus();
  }

  #render() {
    const { conversationId } = this.#context.chat;
    const items = this.documents.items(conversationId);
    const shown = new Set(items.map(({ documentId }) => documentId));
    const focused = document.activeElement;
    for (const [id, { node }] of this.#cards) {
      if (shown.has(id)) continue;
      if (node.contains(focused)) byId("question").focus({ preventScroll: true });
      node.remove();
      this.#cards.delete(id);
    }
    for (const item of items) {
      let card = this.#cards.get(item.documentId);
      if (!card) {
        card = new Card(item, this.#actions(conversationId, item));
        this.#cards.set(item.documentId, card);
        this.#list.append(card.node);
      }
      card.update();
    }
    setHidden(this.#box, items.length === 0, byId("question"));
    const canSummarise = supports("mode.summary") && this.#ready.length > 0;
    setHidden(this.#summarise, !canSummarise, byId("question"));
    if (!canSummarise) setHidden(this.#estimate, true, byId("question"));
    this.#showFit();
  }

  /** Say if the documents are too long for the chosen model. */
  async #showFit() {
    if (modelChoices().length === 0) return;
    const module = await import("./model.js").catch(() => null);
    module?.showFit(this.#fit, this.#ready, this.#context);
  }

  get #ready() {
    return this.documents.items(this.#context.chat.conversationId).filter(({ status }) => status === "ready");
  }

  /** Ask for a summary of the documents that were read, and estimate that of long ones first. */
  #offerSummary() {
    const sum = this.#ready.reduce((total, { characters }) => total + characters, 0);
    if (sum <= LONG) {
      this.#askSummary();
      return;
    }
    const extent = t("characters", { count: formatNumber(sum) });
    const minutes = formatNumber(1 + Math.ceil(sum / CHARACTERS_A_MINUTE));
    const prompt = element("p", { id: "summary-estimate", role: "alert" }, t("summaryEstimate", { extent, minutes }));
    const close = () => {
      setHidden(this.#estimate, true, this.#summarise);
    };
    const yes = button(t("summaryYes"), () => {
      close();
      this.#askSummary();
    });
    this.#estimate.replaceChildren(prompt, yes, button(t("summaryNo"), close));
    this.#estimate.setAttribute("aria-labelledby", prompt.id);
    closeOnEscape(this.#estimate, close);
    this.#estimate.hidden = false;
    yes.focus();
  }

  #askSummary() {
    const { composer, navigation } = this.#context;
    navigation.ask(t("summaryQuestion"), { mode: "summary" });
    composer.focus();
  }

  #actions(conversationId, item) {
    return {
      again: () => this.documents.upload(conversationId, item),
      choose: () => {
        const input = element("input", { type: "file" });
        input.addEventListener("change", () => this.documents.replace(conversationId, item, input.files[0]));
        input.click();
      },
      open: () => openText(this.#context.api, conversationId, item),
      remove: () => this.#remove(conversationId, item),
    };
  }

  async #remove(conversationId, item) {
    const { status } = this.#context;
    try {
      await this.documents.remove(conversationId, item);
      status.announce(t("documentRemoved"));
    } catch {
      status.alert(t("documentRemoveFailed"));
    }
  }

  #announce(item) {
    const { status } = this.#context;
    const read = item.status === "ready" ? `${t("documentReady")} ` : "";
    const text = `${item.name}: ${read}${documentText(item)}`;
    if (item.status === "failed") status.alert(text, true);
    else status.announce(text);
  }
}

/** The card of a document: its kind, name and state, and the buttons that help it along. */
class Card {
  node = element("li", { className: "document" });
  #item;
  #actions;
  #progress = element("progress");
  #note = element("p", { className: "document-note" });
  #isConfirming = false;
  #rendered = "";

  constructor(item, actions) {
    this.#item = item;
    this.#actions = actions;
  }

  update() {
    const item = this.#item;
    this.#note.textContent = documentText(item);
    this.#progress.ariaLabel = this.#note.textContent;
    if (item.status === "uploading") this.#progress.value = item.sent;
    else this.#progress.removeAttribute("value"); // it takes an unknown time
    const state = [item.status, item.code, this.#isConfirming].join();
    if (state === this.#rendered) return;
    this.#rendered = state;
    const hadFocus = this.node.contains(document.activeElement);
    this.node.dataset.status = item.status;
    this.node.replaceChildren(...(this.#isConfirming ? this.#renderQuestion() : this.#renderCard()));
    if (hadFocus) [...this.node.querySelectorAll("button")].at(-1).focus({ preventScroll: true });
  }

  #renderCard() {
    const { name, kind, status, file, code } = this.#item;
    const isUnderWay = status === "uploading" || status === "lost" || status === "reading";
    const canRepeat = status === "failed" && file && code !== "media" && code !== "empty";
    const isLost = status === "interrupted" || (code === "not_uploaded" && !file);
    return [
      element("span", { className: "document-kind" }, kind ?? extensionOf(name)),
      this.#renderName(),
      this.#note,
      ...(isUnderWay ? [this.#progress] : []),
      ...(canRepeat ? [button(t("documentAgain"), () => this.#actions.again())] : []),
      ...(isLost ? [button(t("documentChoose"), () => this.#actions.choose())] : []),
      this.#renderRemove(isUnderWay),
    ];
  }

  /** The name opens the text of a document that was read. */
  #renderName() {
    const { name, status } = this.#item;
    const properties = { className: "document-name", title: name };
    if (status !== "ready") return element("p", properties, name);
    const open = button(name, () => this.#actions.open(), properties.className);
    return Object.assign(open, { ariaLabel: t("textOpen", { name }), ariaHasPopup: "dialog", title: name });
  }

  /** Removing needs a confirmation once the document has been read. */
  #renderRemove(isUnderWay) {
    const { name, status } = this.#item;
    const ariaLabel = t(isUnderWay ? "documentCancel" : "documentRemove", { name });
    const remove = button("", () => (status === "ready" ? this.#confirm(true) : this.#actions.remove()));
    Object.assign(remove, { ariaLabel, title: ariaLabel, className: "quiet icon-button" }).append(icon(CROSS));
    return remove;
  }

  #renderQuestion() {
    const ask = t("documentRemoveAsk", { name: this.#item.name });
    const box = element(
      "div",
      { role: "group", ariaLabel: ask },
      element("p", { role: "alert", className: "document-note" }, ask),
      button(t("documentRemoveYes"), () => this.#actions.remove(), "action danger"),
      button(t("documentRemoveNo"), () => this.#confirm(false)),
    );
    closeOnEscape(box, () => this.#confirm(false));
    return [box];
  }

  #confirm(isConfirming) {
    this.#isConfirming = isConfirming;
    this.update();
  }
}

function closeOnEscape(box, close) {
  box.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // does not stop the answer
    close();
  };
}

function button(label, onClick, className = "action") {
  const node = element("button", { type: "button", className }, label);
  node.addEventListener("click", onClick);
  return node;
}

function extensionOf(name) {
  return /\.(\w{1,4})$/.exec(name)?.[1] ?? "…";
}
