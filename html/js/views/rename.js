import "../common.js";
import { submitOnEnter } from "../enter.js";
import { countCharacters, normalizeText } from "../protocol.js";
import messages from "../text/rename.js";
import { addMessages, t } from "../text.js";
import { element } from "./dom.js";

const MAX_LENGTH = 100; // characters, as in docs/openapi.yaml

addMessages(messages[document.documentElement.lang] ?? messages.ko);

/** The form that renames a conversation, in place of its row. */
export class RenameView {
  #field;
  #note = element("p", { id: "rename-note", className: "note" });
  #title;
  #save;
  #end;
  #saving = false;

  /**
   * @param {HTMLElement} row
   * @param {string} title
   * @param {boolean} isWritten whether the user wrote the title; it is suggested only then
   * @param {{ save: (title: string) => Promise<void>, end: (isRenamed: boolean) => void }} callbacks
   */
  constructor(row, title, isWritten, { save, end }) {
    this.#title = isWritten ? title : "";
    this.#save = save;
    this.#end = end;
    this.#note.setAttribute("role", "alert");
    const properties = { type: "text", value: this.#title, placeholder: title, autocomplete: "off" };
    this.#field = element("input", { ...properties, ariaLabel: t("renameTitle") });
    this.#field.setAttribute("aria-describedby", this.#note.id);
    const store = element("button", { type: "button", className: "action primary" }, t("renameSave"));
    const cancel = element("button", { type: "button", className: "action" }, t("renameCancel"));
    const form = element("div", { className: "rename" }, this.#field, this.#note, element("div", {}, store, cancel));
    store.addEventListener("click", () => this.#submit());
    cancel.addEventListener("click", () => this.cancel());
    const breaksLines = () => false; // a title has one line, so that Enter submits on touch keyboards, too
    submitOnEnter(this.#field, () => this.#submit(), breaksLines);
    form.addEventListener("keydown", (event) => this.#cancelOnEscape(event));
    row.replaceChildren(form);
    this.#field.select();
    this.#field.focus();
  }

  cancel() {
    this.#end(false);
  }

  #cancelOnEscape(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    this.cancel();
  }

  async #submit() {
    const title = normalizeText(this.#field.value).replace(/\s+/g, " ");
    if (this.#saving) return;
    if (!title) this.#showError("renameEmpty");
    else if (countCharacters(title) > MAX_LENGTH) this.#showError("renameLong");
    else if (title === this.#title) this.cancel();
    else await this.#store(title);
  }

  async #store(title) {
    this.#saving = true;
    this.#field.ariaInvalid = null;
    this.#note.textContent = t("renaming");
    try {
      await this.#save(title);
    } catch {
      this.#showError("renameFailed");
      return;
    } finally {
      this.#saving = false;
    }
    this.#end(true);
  }

  #showError(key) {
    this.#note.textContent = t(key, { limit: MAX_LENGTH });
    this.#field.ariaInvalid = "true";
    this.#field.focus();
  }
}
