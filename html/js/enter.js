/*
 * When Enter is pressed, a Hangul syllable is still being composed, and Enter means "send". While kana, pinyin or Hanja
 * are composed, Enter only confirms the composition. The committed text distinguishes the two. A press sends at most
 * once, as browsers fire the events in different orders:
 * - Chromium on Windows: keydown 229, compositionend, line break, keyup;
 * - Chromium on macOS: keydown 229, compositionend, keydown 13 of the same press, keyup;
 * - Safari: compositionend, keydown 229 with isComposing = false, keyup.
 */
const HANGUL = /\p{Script=Hangul}/u;
const NOT_KOREAN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}]/u;
const IME_KEY = 229;
const SAFARI_GAP_MS = 100;

/** Submit a field on Enter, or on Ctrl+Enter and Cmd+Enter if `breaksLines()`: then Enter starts a new line. */
export function submitOnEnter(field, submit, breaksLines) {
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
  #lastComposition = { end: -Infinity, isHangul: false };

  constructor(field, submit, breaksLines) {
    this.#submit = submit;
    this.#breaksLines = breaksLines;
    for (const type of ["keydown", "keyup", "beforeinput", "blur"]) {
      field.addEventListener(type, (event) => this[type](event));
    }
    field.addEventListener("compositionstart", () => {
      this.#composing = true;
    });
    field.addEventListener("compositionend", (event) => this.#compositionEnded(event));
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
    else if (event.timeStamp - this.#lastComposition.end < SAFARI_GAP_MS && this.#lastComposition.isHangul)
      this.#submitLater();
  }

  keyup(event) {
    const endsChord = event.key === "Meta"; // macOS sends no keyup for keys released while Cmd is down
    if (isEnter(event) || endsChord) this.#pressed = false;
  }

  beforeinput(event) {
    const breaks = event.inputType === "insertLineBreak" || event.inputType === "insertParagraph";
    if (breaks && this.#pressed) event.preventDefault();
  }

  blur() {
    this.#release();
  }

  #compositionEnded(event) {
    this.#composing = false;
    const isHangul = HANGUL.test(event.data) && !NOT_KOREAN.test(event.data);
    this.#lastComposition = { end: event.timeStamp, isHangul };
    const submits = this.#due || (this.#pending && isHangul);
    this.#pending = false;
    if (submits) this.#submitLater();
  }

  /** Submit in the next task, when the field contains the committed text, and never during a composition. */
  #submitLater() {
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
