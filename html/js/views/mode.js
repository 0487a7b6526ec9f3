import { MODE } from "../keys.js";
import { supports } from "../protocol.js";
import { t } from "../text.js";
import { detectTargetLanguage, directionText } from "../translation.js";
import { byId, setHidden } from "./dom.js";

/** @type {Record<string, import("../text.js").MessageKey>} */
const PLACEHOLDERS = { chat: "placeholderChat", translate: "placeholderTranslate", grammar: "placeholderGrammar" };

/**
 * The mode of the next question. A mode other than chat is let go after one use, unless it is pinned. A chip in the
 * composer names it, with the direction of a translation.
 */
export class ModeView {
  #field = byId("question");
  #radios = byId("composer").elements.mode;
  #chip = byId("mode-chip");
  #direction = byId("direction");
  #storage;
  #tabStorage;
  #status;
  /** @type {"chat" | "translate" | "grammar"} */
  #mode = "chat";
  #isPinned = false;
  /** The direction that the user has chosen. @type {"ko" | "en" | null} */
  #chosenLanguage = null;

  /**
   * @param {object} context
   * @param {import("../storage.js").Storage} context.storage keeps a pinned mode
   * @param {import("../storage.js").Storage} context.tabStorage keeps another one across a reload
   * @param {import("./status.js").StatusView} context.status
   * @param {() => void} context.focus focuses the question box
   */
  constructor({ storage, tabStorage, status, focus }) {
    this.#storage = storage;
    this.#tabStorage = tabStorage;
    this.#status = status;
    for (const { value, parentElement } of this.#radios) parentElement.hidden = !supports(`mode.${value}`);
    this.#listenToRadios(byId("modes"), focus);
    this.#direction.addEventListener("click", () => this.#turnRound());
    byId("pin-mode").addEventListener("click", () => this.#set(this.#mode, !this.#isPinned));
    byId("close-mode").addEventListener("click", () => {
      this.choose("chat");
      focus();
    });
    const chosen = tabStorage.get(MODE);
    this.#set(chosen || storage.get(MODE), !chosen);
  }

  /** The mode and the direction to ask the question with. */
  get options() {
    return { mode: this.#mode, targetLanguage: this.#mode === "translate" ? this.#targetLanguage : null };
  }

  /** Choose a mode for one question, and announce it. */
  choose(mode, targetLanguage = null) {
    const before = this.#mode;
    if (mode !== before) this.#set(mode, false);
    this.#chosenLanguage = targetLanguage;
    this.#showDirection();
    if (this.#mode === before) return;
    this.#status.announce(this.#mode === "chat" ? t("modeOff") : t("modeOn", { mode: t(this.#mode) }));
  }

  /** Return to chat after a question, unless the mode is pinned. */
  release() {
    if (this.#isPinned) this.#chosenLanguage = null;
    else if (this.#mode !== "chat") this.choose("chat");
  }

  /** Show the direction for the text in the box. An empty box has no chosen one. */
  textChanged() {
    if (!this.#field.value.trim()) this.#chosenLanguage = null;
    this.#showDirection();
  }

  #showDirection() {
    if (this.#mode === "translate") this.#direction.firstElementChild.textContent = directionText(this.#targetLanguage);
  }

  get #targetLanguage() {
    return this.#chosenLanguage ?? detectTargetLanguage(this.#field.value);
  }

  #turnRound() {
    this.#chosenLanguage = this.#targetLanguage === "en" ? "ko" : "en";
    this.#showDirection();
    this.#status.announce(directionText(this.#chosenLanguage));
  }

  /** Choose a mode with the arrow keys; a pointer and Enter also move the focus to the question box. */
  #listenToRadios(fieldset, focus) {
    fieldset.addEventListener("change", () => this.choose(this.#radios.value));
    fieldset.addEventListener("click", ({ detail }) => detail > 0 && focus());
    fieldset.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#field.focus();
    });
  }

  #set(mode, isPinned) {
    /** @type {"chat" | "translate" | "grammar"} */
    const known = mode in PLACEHOLDERS && supports(`mode.${mode}`) ? mode : "chat";
    if (this.#isPinned) this.#storage.remove(MODE);
    this.#mode = known;
    this.#isPinned = isPinned && known !== "chat";
    if (this.#isPinned) this.#storage.set(MODE, known);
    if (this.#isPinned || known === "chat") this.#tabStorage.remove(MODE);
    else this.#tabStorage.set(MODE, known);
    this.#show();
  }

  #show() {
    const isChat = this.#mode === "chat";
    this.#radios.value = this.#mode;
    this.#field.placeholder = t(PLACEHOLDERS[this.#mode]);
    byId("mode-name").textContent = isChat ? "" : t(this.#mode);
    byId("pin-mode").ariaPressed = String(this.#isPinned);
    this.#direction.hidden = this.#mode !== "translate" || !supports("chat.target_language");
    setHidden(this.#chip, isChat, byId("transcript"));
  }
}
