/*
 * A Hangul syllable is still being composed when Enter is pressed, and that Enter means "send"; with
 * kana, pinyin or a choice of Hanja it only confirms. What was committed decides, and one press sends
 * at most once, since browsers tell the story in different orders:
 * - Chromium on Windows: keydown 229, compositionend, line break, keyup;
 * - Chromium on macOS: keydown 229, compositionend, keydown 13 of the same press, keyup;
 * - Safari: compositionend, keydown 229 that is no longer composing, keyup.
 */
const HANGUL = /\p{Script=Hangul}/u;
const NOT_KOREAN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}]/u;
const IME_KEY = 229;
const SAFARI_GAP_MS = 100;

/** Enter submits; where `breaksLines()`, it makes a new line, and Ctrl+Enter or Cmd+Enter submits. */
export function submitOnEnter(field, submit, breaksLines = hasTouchKeyboard) {
  return new EnterKey(field, submit, breaksLines);
}

export function hasTouchKeyboard() {
  return matchMedia("(hover: none) and (pointer: coarse)").matches;
}

class EnterKey {
  #submit;
  #breaksLines;
  #composing = false;
  #pressed = false;
  #pending = false;
  #due = false;
  #lastEnd = { at: -Infinity, hangul: false };

  constructor(field, submit, breaksLines) {
    this.#submit = submit;
    this.#breaksLines = breaksLines;
    for (const type of ["keydown", "keyup", "beforeinput", "blur"]) {
      field.addEventListener(type, (event) => this[type](event));
    }
    field.addEventListener("compositionstart", () => {
      this.#composing = true;
    });
    field.addEventListener("compositionend", (event) => this.#ended(event));
  }

  keydown(event) {
    if (!isEnter(event)) {
      this.#release();
      return;
    }
    const chord = event.ctrlKey || event.metaKey;
    if (event.shiftKey || event.altKey || chord !== this.#breaksLines()) return;
    const composing = event.isComposing || this.#composing;
    if (!composing && event.keyCode !== IME_KEY) event.preventDefault();
    if (event.repeat || this.#pressed) return;
    this.#pressed = true;
    if (composing) this.#pending = true;
    else if (event.keyCode !== IME_KEY) this.#submit();
    else if (event.timeStamp - this.#lastEnd.at < SAFARI_GAP_MS && this.#lastEnd.hangul) this.#soon();
  }

  keyup(event) {
    const withheld = event.key === "Meta"; // macOS tells nothing of a key that goes up while Cmd is down
    if (isEnter(event) || withheld) this.#pressed = false;
  }

  beforeinput(event) {
    const breaks = event.inputType === "insertLineBreak" || event.inputType === "insertParagraph";
    if (breaks && this.#pressed) event.preventDefault();
  }

  blur() {
    this.#release();
  }

  #ended(event) {
    this.#composing = false;
    const hangul = HANGUL.test(event.data) && !NOT_KOREAN.test(event.data);
    this.#lastEnd = { at: event.timeStamp, hangul };
    const send = this.#due || (this.#pending && hangul);
    this.#pending = false;
    if (send) this.#soon();
  }

  /** In the next task the text box holds what was committed. Never clear it in a composition. */
  #soon() {
    this.#due = true;
    setTimeout(() => {
      if (this.#composing || !this.#due) return;
      this.#due = false;
      this.#submit();
    });
  }

  #release() {
    this.#pressed = false;
    this.#pending = false;
  }
}

function isEnter(event) {
  return event.key === "Enter" || event.code === "Enter" || event.code === "NumpadEnter";
}
