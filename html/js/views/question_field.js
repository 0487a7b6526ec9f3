import { formatNumber } from "../dates.js";
import { hasTouchKeyboard, submitOnEnter } from "../enter.js";
import { countCharacters, normalizeText } from "../protocol.js";
import { t } from "../text.js";

const COUNTER_FROM = 0.9; // of the limit

/** A text box for a question: it grows with its text, counts the characters near the limit, and submits on Enter. */
export class QuestionField {
  #node;
  #counter;
  #limit;

  /**
   * @param {HTMLTextAreaElement} node
   * @param {HTMLElement} counter
   * @param {{ limit: number, preferences: import("../state/preferences.js").Preferences, submit: () => void }} options
   */
  constructor(node, counter, { limit, preferences, submit }) {
    this.#node = node;
    this.#counter = counter;
    this.#limit = limit;
    submitOnEnter(node, submit, () => hasTouchKeyboard() || preferences.get("enter") === "line");
  }

  /** The question as the server stores it. */
  get text() {
    return normalizeText(this.#node.value);
  }

  get canSubmit() {
    const count = countCharacters(this.text);
    return count > 0 && count <= this.#limit;
  }

  update() {
    const count = countCharacters(this.text);
    const excess = count - this.#limit;
    this.#counter.dataset.over = String(excess > 0);
    this.#counter.textContent = this.#countText(count, excess);
    this.resize();
  }

  resize() {
    this.#node.style.height = "auto";
    this.#node.style.height = `${this.#node.scrollHeight}px`;
  }

  #countText(count, excess) {
    if (count < this.#limit * COUNTER_FROM) return "";
    const text = t("counter", { count: formatNumber(count), limit: formatNumber(this.#limit) });
    return excess > 0 ? `${text} · ${t("tooLong", { over: formatNumber(excess) })}` : text;
  }
}
