import { submitOnEnter } from "../enter.js";
import { countCharacters, normalizeText } from "../protocol.js";
import { say } from "../text.js";
import { element } from "./dom.js";

const LIMIT = 100; // characters, as in docs/openapi.yaml

/** A title that is changed in its row: `save(title)` may fail, `end(renamed)` gives the row back. */
export class RenameView {
  #field;
  #note = element("p", { id: "rename-note", className: "note" });
  #title;
  #save;
  #end;
  #saving = false;

  constructor(row, title, { save, end }) {
    this.#title = title;
    this.#save = save;
    this.#end = end;
    this.#note.setAttribute("role", "alert");
    this.#field = element("input", { type: "text", value: title, ariaLabel: say("renameTitle"), autocomplete: "off" });
    this.#field.setAttribute("aria-describedby", this.#note.id);
    const store = element("button", { type: "button", className: "action primary" }, say("renameSave"));
    const leave = element("button", { type: "button", className: "action" }, say("renameCancel"));
    const box = element("div", { className: "rename" }, this.#field, this.#note, element("div", {}, store, leave));
    store.addEventListener("click", () => this.#submit());
    leave.addEventListener("click", () => this.cancel());
    submitOnEnter(
      this.#field,
      () => this.#submit(),
      () => false,
    ); // one line: Enter is no line break on touch either
    box.addEventListener("keydown", (event) => this.#leave(event));
    row.replaceChildren(box);
    this.#field.select();
    this.#field.focus();
  }

  cancel() {
    this.#end(false);
  }

  #leave(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    this.cancel();
  }

  async #submit() {
    const title = normalizeText(this.#field.value).replace(/\s+/g, " ");
    if (this.#saving) return;
    if (!title) this.#complain("renameEmpty");
    else if (countCharacters(title) > LIMIT) this.#complain("renameLong");
    else if (title === this.#title) this.cancel();
    else await this.#store(title);
  }

  async #store(title) {
    this.#saving = true;
    this.#field.ariaInvalid = null;
    this.#note.textContent = say("renaming");
    try {
      await this.#save(title);
    } catch {
      this.#complain("renameFailed");
      return;
    } finally {
      this.#saving = false;
    }
    this.#end(true);
  }

  #complain(words) {
    this.#note.textContent = say(words, { limit: LIMIT });
    this.#field.ariaInvalid = "true";
    this.#field.focus();
  }
}
