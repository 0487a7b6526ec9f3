import { formatNumber } from "../../dates.js";
import { countCharacters, normalizeText } from "../../protocol.js";
import { t } from "../../text.js";
import { element } from "../dom.js";
import { button, section } from "./dialog.js";

const MAX_LENGTH = 1_500; // characters, as in docs/openapi.yaml

/** The user's instructions: a text that is loaded from the server and saved there. */
export class InstructionsSection {
  node;
  #instructions;
  #field = element("textarea", {
    rows: 4,
    readOnly: true,
    placeholder: t("instructionsExample"),
    ariaLabel: t("instructions"),
  });
  #counter = element("p", { className: "counter", id: "instructions-counter" });
  #status = element("p", { role: "status" });
  #save = button(t("instructionsSave"), () => this.#store());
  #again = button(t("instructionsAgain"), () => this.#loadAgain());
  #buttons = element("div", { className: "buttons" });

  /** @param {import("../../state/instructions.js").Instructions} instructions */
  constructor(instructions) {
    this.#instructions = instructions;
    const note = element("p", { className: "note", id: "instructions-note" }, t("instructionsNote"));
    this.#field.setAttribute("aria-describedby", `${note.id} ${this.#counter.id}`);
    this.#field.addEventListener("input", () => this.#edited());
    this.node = section(t("instructions"), note, this.#field, this.#counter, this.#status, this.#buttons);
    this.#load();
  }

  get #text() {
    return normalizeText(this.#field.value);
  }

  async #load() {
    this.#show("instructionsLoading");
    try {
      await this.#instructions.load();
    } catch {
      this.#show("instructionsNotLoaded");
      this.#buttons.replaceChildren(this.#again);
      return;
    }
    this.#field.value = this.#instructions.draft ?? this.#instructions.text;
    this.#field.readOnly = false;
    this.#buttons.replaceChildren(this.#save);
    this.#edited();
  }

  #loadAgain() {
    this.#field.focus();
    this.#buttons.replaceChildren();
    this.#load();
  }

  async #store() {
    const text = this.#text;
    this.#show("instructionsSaving");
    this.#field.readOnly = true;
    this.#field.focus(); // the button loses the focus when it is disabled
    this.#save.disabled = true;
    const isSaved = await this.#instructions.save(text).then(
      () => true,
      () => false,
    );
    this.#field.readOnly = false;
    this.#edited();
    if (!isSaved) this.#show("instructionsNotSaved");
    else this.#show(text ? "instructionsSaved" : "instructionsDeleted");
  }

  #edited() {
    const count = countCharacters(this.#text);
    const excess = count - MAX_LENGTH;
    const isChanged = this.#text !== this.#instructions.text;
    this.#instructions.draft = isChanged ? this.#field.value : null;
    this.#save.disabled = !isChanged || excess > 0;
    this.#counter.dataset.over = String(excess > 0);
    const counted = t("counter", { count: formatNumber(count), limit: formatNumber(MAX_LENGTH) });
    const over = t("instructionsLong", { over: formatNumber(excess) });
    this.#counter.textContent = excess > 0 ? `${counted} · ${over}` : counted;
    this.#show(isChanged ? "instructionsUnsaved" : null);
  }

  /** @param {import("../../text.js").MessageKey | null} key */
  #show(key) {
    const text = key ? t(key) : "";
    if (this.#status.textContent !== text) this.#status.textContent = text;
  }
}
