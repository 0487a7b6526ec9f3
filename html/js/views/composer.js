import { sayNumber } from "../dates.js";
import { hasTouchKeyboard, submitOnEnter } from "../enter.js";
import { countCharacters, normalizeText } from "../protocol.js";
import { say } from "../text.js";
import { part } from "./dom.js";

const DRAFT = "seoyeon.draft";
const MODE = "seoyeon.mode";
const COUNTER_FROM = 0.9; // of the limit
const PLACEHOLDERS = { chat: "placeholderChat", translate: "placeholderTranslate", grammar: "placeholderGrammar" };

/**
 * The question box. `ask(text, mode)` is called with a text that may be sent, `stop()` by its button and Esc.
 * What is sent before the page `isReady` stays in the box until `ready` is called.
 * The box is emptied when a question goes to the outbox, which keeps it until it is answered.
 */
export class ComposerView {
  #field = part("question");
  #send = part("send");
  #modes = part("composer").elements.mode;
  #storage;
  #limit;
  #ask;
  #isReady;
  #preferences;
  #due = false;

  constructor({ storage, preferences, limit, ask, stop, isReady }) {
    this.#storage = storage;
    this.#limit = limit;
    this.#ask = ask;
    this.#isReady = isReady;
    this.#preferences = preferences;
    const form = part("composer");
    const field = this.#field;
    field.value = storage.get(DRAFT) ?? "";
    field.addEventListener("input", () => this.#changed());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    form.addEventListener("pointerdown", (event) => {
      if (event.target === form) event.preventDefault();
      if (!event.target.closest("button, label")) field.focus();
    });
    this.#offerModes();
    part("stop").addEventListener("click", stop);
    document.addEventListener("keydown", (event) => {
      const closes =
        event.defaultPrevented || document.querySelector(":popover-open:not([popover=manual]), dialog[open]");
      if (event.key === "Escape" && !event.isComposing && !closes) stop();
    });
    submitOnEnter(
      field,
      () => this.#submit(),
      () => hasTouchKeyboard() || this.#breaksLines,
    );
    preferences.addEventListener("change", () => {
      this.#hint();
      this.#resize(); // the text size may be another
    });
    this.#hint();
    this.#changed();
  }

  /** Where a keyboard would cover the screen, the box waits to be touched. */
  focus() {
    if (!hasTouchKeyboard()) this.#field.focus({ preventScroll: true });
  }

  /** Puts a text into the box, to be changed and sent; what is there already is kept before it. */
  write(text, mode) {
    const field = this.#field;
    this.#choose(mode);
    field.value = field.value.trim() ? `${field.value}\n${text}` : text;
    this.#changed();
    this.focus();
  }

  clear() {
    this.#field.value = "";
    this.#changed();
  }

  ready() {
    if (this.#due) this.#submit();
  }

  answering(busy) {
    const stop = part("stop");
    if (!busy && document.activeElement === stop) this.focus();
    stop.hidden = !busy;
  }

  /** Arrow keys choose and stay; a pointer, and Enter, go on to the text. */
  #offerModes() {
    const box = part("modes");
    this.#choose(this.#storage.get(MODE));
    box.addEventListener("change", () => this.#choose(this.#modes.value));
    box.addEventListener("click", ({ detail }) => detail > 0 && this.focus());
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#field.focus();
    });
  }

  #choose(mode) {
    const known = mode in PLACEHOLDERS ? mode : "chat";
    this.#modes.value = known;
    this.#storage.set(MODE, known === "chat" ? "" : known);
    this.#field.placeholder = say(PLACEHOLDERS[known]);
  }

  #submit() {
    const text = normalizeText(this.#field.value);
    if (!text || countCharacters(text) > this.#limit) return;
    this.#due = !this.#isReady();
    if (this.#due) return;
    this.#ask(text, this.#modes.value);
    this.clear();
    this.focus();
  }

  #changed() {
    this.#due = false;
    const counter = part("counter");
    this.#resize();
    this.#storage.set(DRAFT, this.#field.value);
    const count = countCharacters(normalizeText(this.#field.value));
    const over = count - this.#limit;
    this.#send.disabled = count === 0 || over > 0;
    counter.dataset.over = over > 0;
    counter.textContent = this.#countText(count, over);
  }

  #countText(count, over) {
    if (count < this.#limit * COUNTER_FROM) return "";
    const text = say("counter", { count: sayNumber(count), limit: sayNumber(this.#limit) });
    return over > 0 ? `${text} · ${say("tooLong", { over: sayNumber(over) })}` : text;
  }

  get #breaksLines() {
    return this.#preferences.get("enter") === "line";
  }

  #resize() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }

  #hint() {
    const key = this.#breaksLines ? "enterHintLine" : "enterHint";
    const chord = navigator.platform.startsWith("Mac") ? "⌘" : "Ctrl";
    part("hint").textContent = say(hasTouchKeyboard() ? "enterHintTouch" : key, { chord });
  }
}
