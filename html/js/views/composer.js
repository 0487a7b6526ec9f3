import { hasTouchKeyboard } from "../enter.js";
import { t } from "../text.js";
import { byId } from "./dom.js";
import { ModeView } from "./mode.js";
import { QuestionField } from "./question_field.js";

const DOUBLE_PRESS_MS = 600;

/**
 * The question box with its mode. Its button sends the text; while there is none to send, it stops the answer. A question
 * that is submitted before the shown conversation is known stays in the box until then.
 */
export class ComposerView {
  #field = byId("question");
  #question;
  #send = byId("send");
  #mode;
  #drafts;
  #draftKey = "pending";
  #preferences;
  #limit;
  #chat;
  #navigation;
  #due = false;
  #stops = false;
  #sentAt = -Infinity; // by the button

  constructor({ storage, tabStorage, drafts, preferences, limit, chat, navigation, status }) {
    this.#drafts = drafts;
    this.#preferences = preferences;
    this.#limit = limit;
    this.#chat = chat;
    this.#navigation = navigation;
    this.#question = this.createField(this.#field, byId("counter"), () => this.#submit());
    this.#field.value = drafts.get(this.#draftKey);
    this.#field.addEventListener("input", () => this.#changed());
    this.#listenToForm(byId("composer"));
    this.#mode = new ModeView({ storage, tabStorage, status, focus: () => this.focus() });
    for (const type of ["conversation", "turn", "removed"]) chat.on(type, () => this.#showButton());
    // A conversation in the address that has no turns becomes a new one, and its text belongs to that.
    chat.on("conversation", () => {
      const carriers = chat.isTemporary ? ["new"] : ["pending", chat.conversationId];
      this.#showDraft(carriers.includes(this.#draftKey));
    });
    chat.on("turn", () => this.#showDraft(true)); // the first question gives a new conversation its id
    chat.on("history", () => this.#due && chat.ready && this.#submit());
    preferences.on("change", () => {
      this.#showHint();
      this.#question.resize(); // the text size may have changed
    });
    this.#showHint();
    this.#changed();
  }

  /** Create a field for another text box, with the limit and the Enter key of this one. */
  createField(node, counter, submit) {
    return new QuestionField(node, counter, { limit: this.#limit, preferences: this.#preferences, submit });
  }

  /** Focus the question box, unless that would open a touch keyboard. */
  focus() {
    if (!hasTouchKeyboard()) this.#field.focus({ preventScroll: true });
  }

  /**
   * Append a question to the text in the box, with its mode, for the user to edit.
   * @param {{ question: string, mode: string, targetLanguage: "ko" | "en" | null }} turn
   */
  edit({ question, mode, targetLanguage }) {
    const field = this.#field;
    this.#mode.choose(mode, targetLanguage);
    field.value = field.value.trim() ? `${field.value}\n${question}` : question;
    this.#changed();
    this.focus();
  }

  get text() {
    return this.#field.value;
  }

  clear() {
    this.#field.value = "";
    this.#changed();
  }

  clearAll() {
    this.#drafts.clear();
    this.clear();
  }

  /** Show the draft of the shown conversation. `carries`: the text in the box belongs to that one, too. */
  #showDraft(carries) {
    const key = this.#chat.draftKey;
    if (key === this.#draftKey) return;
    const draft = this.#drafts.get(key);
    if (carries) this.#drafts.set(this.#draftKey, "");
    const texts = carries ? [draft, this.#field.value] : [draft];
    this.#draftKey = key;
    this.#field.value = texts.filter(Boolean).join("\n");
    this.#changed();
  }

  #listenToForm(form) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.#stops) {
        this.#sentAt = event.timeStamp;
        this.#submit();
      } else if (event.timeStamp - this.#sentAt > DOUBLE_PRESS_MS) this.stop();
    });
    form.addEventListener("pointerdown", (event) => {
      if (event.target === form) event.preventDefault();
      if (!event.target.closest("button, label")) this.#field.focus();
    });
  }

  /** Stop the answer. The questions that wait for its end return to the box, so that none is sent by a stop. */
  stop() {
    if (!this.#chat.current) return;
    for (const turn of this.#chat.queued) {
      this.edit(turn);
      this.#chat.discard(turn);
    }
    this.#chat.stop();
  }

  #submit() {
    if (!this.#question.canSubmit) return;
    this.#due = !this.#chat.ready;
    if (this.#due) return;
    this.#navigation.ask(this.#question.text, this.#mode.options);
    this.#mode.release();
    this.clear();
    this.focus();
  }

  #showButton() {
    const button = this.#send;
    const sends = this.#question.canSubmit;
    const stops = !sends && Boolean(this.#chat.current);
    this.#stops = stops;
    button.dataset.stops = stops;
    button.ariaLabel = t(stops ? "stop" : "send");
    if (!sends && !stops && document.activeElement === button) this.focus();
    button.disabled = !sends && !stops;
  }

  #changed() {
    this.#due = false;
    this.#mode.textChanged();
    this.#drafts.set(this.#draftKey, this.#field.value);
    this.#question.update();
    this.#showButton();
  }

  get #breaksLines() {
    return this.#preferences.get("enter") === "line";
  }

  #showHint() {
    const key = this.#breaksLines ? "enterHintLine" : "enterHint";
    const chord = navigator.platform.startsWith("Mac") ? "⌘" : "Ctrl";
    byId("hint").textContent = t(hasTouchKeyboard() ? "enterHintTouch" : key, { chord });
  }
}
