import { formatNumber } from "../../dates.js";
import { Exporter } from "../../export.js";
import { fileName, saveFile } from "../../save.js";
import { forgetConversations } from "../../state/kept.js";
import { t } from "../../text.js";
import { element } from "../dom.js";
import { choice } from "./choices.js";
import { button, section } from "./dialog.js";

/** The export of the shown conversation or of all conversations into a file. */
export class ExportSection {
  node;
  #api;
  #shown;
  #closed;
  #head;
  #scope;
  #allBranches;
  #controls = element("div", { className: "progress" });
  #status = element("p", { role: "status" });
  #start;

  /**
   * @param {import("../settings.js").SettingsContext} context
   * @param {import("../../api.js").Conversation | null} shown
   * @param {AbortSignal} closed aborted when the dialog closes
   */
  constructor({ api, chat, hasBranches }, shown, closed) {
    this.#api = api;
    this.#head = chat.turns.findLast(({ turnId }) => turnId)?.turnId;
    this.#shown = shown;
    this.#closed = closed;
    this.#scope = shown ? "shown" : "all";
    const scopes = [
      ["shown", t("exportShown")],
      ["all", t("exportAll")],
    ];
    const scope = choice("scope", t("exportWhich"), shown ? scopes : scopes.slice(1), this.#scope, (value) => {
      this.#scope = value;
    });
    this.#start = element(
      "div",
      { className: "buttons" },
      button(t("exportMarkdown"), () => this.#export("markdown")),
      button(t("exportJson"), () => this.#export("json")),
    );
    this.#allBranches = element("input", { type: "checkbox" });
    const branches = element(
      "label",
      { className: "check", hidden: !hasBranches },
      this.#allBranches,
      t("exportBranches"),
    );
    this.node = section(t("exportTitle"), scope, branches, this.#start, this.#status, this.#controls);
  }

  #export(format) {
    const isShown = this.#scope === "shown";
    const branch = isShown && this.#head ? { head: this.#head } : {};
    const branches =
      this.#allBranches.checked && format === "json" ? { branches: /** @type {const} */ ("all") } : branch;
    this.#collect(new Exporter(this.#api, format, isShown ? [this.#shown] : undefined, branches));
  }

  async #collect(exporter) {
    const cancelled = new AbortController();
    const cancel = button(t("cancel"), () => cancelled.abort());
    const progress = () => this.#showProgress("exporting", exporter);
    this.#start.hidden = true;
    this.#controls.replaceChildren(cancel);
    cancel.focus();
    progress();
    try {
      await exporter.collect(AbortSignal.any([cancelled.signal, this.#closed]), progress);
      this.#save(exporter, "exported");
    } catch {
      if (cancelled.signal.aborted) this.#finish(t("exportCancelled"));
      else if (!this.#closed.aborted) this.#offerContinuation(exporter);
    }
  }

  /** After a network failure, offer to continue or to save the conversations collected so far. */
  #offerContinuation(exporter) {
    this.#showProgress("exportFailed", exporter);
    const again = button(t("exportAgain"), () => this.#collect(exporter));
    const save = button(t("exportPartly"), () => this.#save(exporter, "exportedPartly"));
    const cancel = button(t("cancel"), () => this.#finish(""));
    save.disabled = exporter.collected === 0;
    this.#controls.replaceChildren(again, save, cancel);
    again.focus();
  }

  #save(exporter, key) {
    const blob = exporter.createBlob();
    saveFile([blob], fileName("", exporter.title, exporter.extension), blob.type);
    this.#finish(t(key, counts(exporter)));
  }

  #finish(text) {
    this.#status.textContent = text;
    this.#controls.replaceChildren();
    this.#start.hidden = false;
    this.#start.querySelector("button").focus();
  }

  #showProgress(key, exporter) {
    this.#status.textContent = t(key, counts(exporter));
  }
}

/** The choice to keep conversations on this device, for times without a network. */
export function keepSection({ preferences, api, chat }) {
  const options = [
    ["off", t("keepOff")],
    ["on", t("keepOn")],
  ];
  const choose = async (value) => {
    preferences.set("keep", value);
    if (value === "off") await forgetConversations();
    else if (!chat.isTemporary) await api.turns(chat.conversationId); // which keeps it
  };
  return section(
    t("keepTitle"),
    element("p", { className: "note" }, t("keepNote")),
    choice("keep", t("keep"), options, preferences.get("keep"), (value) => choose(value).catch(() => {})),
  );
}

/** The deletion of all conversations, with a confirmation. */
export class RemoveAllSection {
  node;
  #box = element("div", { className: "buttons" });
  #context;
  #close;

  /** @param {import("../settings.js").SettingsContext} context */
  constructor(context, close) {
    this.#context = context;
    this.#close = close;
    this.node = section(t("removeAllTitle"), element("p", { className: "note" }, t("removeAllNote")), this.#box);
    this.#showButton();
  }

  #showButton() {
    const start = button(t("removeAll"), () => this.#confirm(t("removeAllAsk")), "danger");
    this.#box.replaceChildren(start);
    return start;
  }

  #confirm(text) {
    const yes = button(t("removeAllYes"), () => this.#removeAll(yes), "danger");
    const no = button(t("cancel"), () => this.#showButton().focus());
    const prompt = element("p", { id: "remove-all-ask", role: "alert" }, text);
    const box = element("div", { className: "confirm", role: "group" }, prompt, element("div", {}, yes, no));
    box.setAttribute("aria-labelledby", prompt.id);
    this.#box.replaceChildren(box);
    no.focus();
  }

  async #removeAll(yes) {
    const { composer, conversations, delivery, instructions, navigation, status } = this.#context;
    yes.disabled = true;
    yes.textContent = t("removingAll");
    try {
      await conversations.removeAll();
      delivery.discardAll();
      composer.clearAll();
      instructions.clear();
      navigation.start();
      status.announce(t("removedAll"));
      this.#close();
    } catch {
      this.#confirm(t("removeAllFailed"));
    } finally {
      conversations.load(); // after a failure, too: the server may have deleted a part of them
    }
  }
}

function counts({ collected, total }) {
  return { count: formatNumber(collected), total: formatNumber(total) };
}
