import "../common.js";
import { readableText, splitSentences } from "../speech/sentences.js";
import messages from "../text/speech.js";
import { addMessages, t } from "../text.js";
import { byId, element } from "./dom.js";
import { button, loadMessages, openDialog } from "./settings/dialog.js";

addMessages(messages[document.documentElement.lang] ?? messages.ko);

const GROWING_MS = 300; // until an answer that is being written is looked at again
const VOICES_MS = 1_000; // until the browser has loaded its voices
const HANGUL = /\p{Script=Hangul}/u;

/** @type {Reading | null} */
let current = null;

/**
 * Read an answer aloud, or stop reading it. An answer that is being written is read while it grows.
 * @param {{ chat: import("../state/chat.js").Chat, preferences: import("../state/preferences.js").Preferences,
 *   status: import("./status.js").StatusView }} context
 * @param {import("../state/turn.js").Turn} turn
 * @param {HTMLElement} pressed
 */
export async function toggleReading({ chat, preferences, status }, turn, pressed) {
  const isStop = current?.turn === turn;
  current?.stop();
  if (isStop) return;
  const voices = await loadVoices();
  const korean = chooseVoice(voices, "ko", true) ?? chooseVoice(voices, "ko", false);
  if (!korean) {
    status.alert(t("readingNone"));
    return;
  }
  if (!korean.localService && !(await agreesToRemoteVoice(preferences))) return;
  const prose = pressed.closest("article").querySelector(".prose");
  const other = chooseVoice(voices, document.documentElement.lang === "ko" ? "en" : "ko", true) ?? korean;
  current = new Reading(turn, prose, { korean, other }, preferences, () => status.alert(t("readingFailed")));
  chat.addEventListener("conversation", () => current?.stop(), { once: true });
}

/** The reading of one answer, sentence by sentence: a browser may cut a long utterance off. */
class Reading {
  turn;
  #prose;
  #voices;
  #preferences;
  #failed;
  #spoken = 0; // sentences
  #bar;
  #timer = 0;
  #stopped = new AbortController();

  constructor(turn, prose, voices, preferences, failed) {
    this.turn = turn;
    this.#prose = prose;
    this.#voices = voices;
    this.#preferences = preferences;
    this.#failed = failed;
    this.#bar = this.#renderBar();
    byId("composer").before(this.#bar);
    addEventListener("pagehide", () => this.stop(), { signal: this.#stopped.signal });
    this.#next();
  }

  stop() {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort();
    clearTimeout(this.#timer);
    speechSynthesis.cancel();
    if (this.#bar.contains(document.activeElement)) byId("transcript").focus({ preventScroll: true });
    this.#bar.remove();
    current = null;
  }

  #next() {
    if (this.#stopped.signal.aborted) return;
    const isFinal = !this.turn.unfinished;
    const sentence = splitSentences(readableText(this.#prose, t("readingCode")), isFinal)[this.#spoken];
    if (!this.#prose.isConnected || (!sentence && isFinal)) this.stop();
    else if (sentence) this.#speak(sentence);
    else this.#timer = setTimeout(() => this.#next(), GROWING_MS);
  }

  #speak(sentence) {
    const utterance = new SpeechSynthesisUtterance(sentence);
    const voice = HANGUL.test(sentence) ? this.#voices.korean : this.#voices.other;
    const rate = Number(this.#preferences.get("speechRate"));
    Object.assign(utterance, { voice, lang: voice.lang, rate });
    utterance.addEventListener("end", () => {
      this.#spoken += 1;
      this.#next();
    });
    utterance.addEventListener("error", () => {
      if (this.#stopped.signal.aborted) return;
      this.stop();
      this.#failed();
    });
    speechSynthesis.speak(utterance);
  }

  #renderBar() {
    const speed = element("select", {});
    for (const rate of ["0.8", "1", "1.2", "1.5", "2"]) {
      speed.append(new Option(`${rate}×`, rate, false, rate === this.#preferences.get("speechRate")));
    }
    speed.addEventListener("change", () => this.#preferences.set("speechRate", speed.value)); // for the next sentence
    return element(
      "div",
      { className: "connection", id: "reading" },
      element("span", {}, t("reading")),
      element("label", {}, element("span", { className: "hidden" }, t("readingSpeed")), speed),
      button(t("readingStop"), () => this.stop(), "quiet"),
    );
  }
}

/** Return the voices of the browser, which may still be loading them. */
async function loadVoices() {
  if (speechSynthesis.getVoices().length === 0) {
    await new Promise((resolve) => {
      speechSynthesis.addEventListener("voiceschanged", resolve, { once: true });
      setTimeout(resolve, VOICES_MS);
    });
  }
  return speechSynthesis.getVoices();
}

/** Return a voice of a language, the browser's default one first; a local one turns text into sound on this device. */
function chooseVoice(voices, language, isLocal) {
  const found = voices.filter(({ lang, localService }) => localService === isLocal && lang.startsWith(language));
  return found.find((voice) => voice.default) ?? found[0];
}

/** Return whether the user has agreed, now or before, that a server turns text into sound. */
async function agreesToRemoteVoice(preferences) {
  if (preferences.get("remoteVoice") === "on") return true;
  await loadMessages();
  return new Promise((resolve) => {
    const agree = () => {
      preferences.set("remoteVoice", "on");
      resolve(true);
      dialog.close();
    };
    const dialog = openDialog(
      t("remoteTitle"),
      element("p", { className: "note" }, t("remoteNote")),
      element(
        "div",
        { className: "buttons" },
        button(t("remoteYes"), agree),
        button(t("remoteNo"), () => dialog.close()),
      ),
    );
    dialog.addEventListener("close", () => resolve(false));
  });
}
