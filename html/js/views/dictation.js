import "../common.js";
import messages from "../text/speech.js";
import { addMessages, t } from "../text.js";
import { byId, element, icon } from "./dom.js";

addMessages(messages[document.documentElement.lang] ?? messages.ko);

const MICROPHONE =
  "M12 4a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-5 0v-5A2.5 2.5 0 0 1 12 4M6 11.5a6 6 0 0 0 12 0M12 17.5V20.5";
const LANGUAGES = { ko: "ko-KR", en: "en-US" };
const Recognition = globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition;
/** @type {Record<string, import("../text.js").MessageKey>} by `error` of the Web Speech API */
const PROBLEMS = {
  "not-allowed": "dictationRefused",
  "service-not-allowed": "dictationRefused",
  "audio-capture": "dictationRefused",
  network: "dictationOffline",
};

/** The button beside the question box that turns speech into text of the box, while it is pressed. */
export class DictationButton {
  #status;
  #field = byId("question");
  #button = element(
    "button",
    { type: "button", className: "quiet icon-button attach", id: "dictate" },
    icon(MICROPHONE),
  );
  #recognition = null;
  #before = "";
  #after = "";
  #shown = ""; // the text that this has written into the box

  /** @param {{ status: import("./status.js").StatusView }} context */
  constructor({ status }) {
    this.#status = status;
    this.#button.addEventListener("click", () => (this.#recognition ? this.#stop() : this.#start()));
    this.#field.addEventListener("input", ({ isTrusted }) => isTrusted && this.#stop());
    this.#update();
    byId("attach").after(this.#button);
  }

  remove() {
    this.#stop();
    this.#button.remove();
  }

  async #start() {
    const recognition = new Recognition();
    this.#recognition = recognition;
    const lang = LANGUAGES[document.documentElement.lang];
    Object.assign(recognition, { lang, continuous: true, interimResults: true });
    if (await isOnDevice(lang)) recognition.processLocally = true;
    if (recognition !== this.#recognition) return;
    const { value, selectionStart, selectionEnd } = this.#field;
    this.#before = value.slice(0, selectionStart);
    this.#after = value.slice(selectionEnd);
    this.#shown = value;
    recognition.addEventListener("result", ({ results }) => this.#show(recognition, results));
    recognition.addEventListener("error", ({ error }) => {
      if (error !== "aborted") this.#status.alert(t(PROBLEMS[error] ?? "dictationFailed"));
    });
    recognition.addEventListener("end", () => recognition === this.#recognition && this.#stop());
    recognition.start();
    this.#status.announce(t("dictating"));
    this.#update();
  }

  #stop() {
    if (!this.#recognition) return;
    const recognition = this.#recognition;
    this.#recognition = null;
    recognition.stop();
    this.#status.announce(t("dictated"));
    this.#update();
  }

  /** Show the text so far, unless the box has been changed meanwhile, as by sending it. */
  #show(recognition, results) {
    if (recognition !== this.#recognition) return;
    if (this.#field.value !== this.#shown) {
      this.#stop();
      return;
    }
    const spoken = [...results].map(([{ transcript }]) => transcript.trim()).join(" ");
    const space = this.#before && !/\s$/.test(this.#before) ? " " : "";
    this.#shown = `${this.#before}${space}${spoken}${this.#after}`;
    this.#field.value = this.#shown;
    this.#field.selectionEnd = this.#shown.length - this.#after.length;
    this.#field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #update() {
    const isOn = this.#recognition !== null;
    this.#button.ariaPressed = String(isOn);
    this.#button.ariaLabel = t(isOn ? "dictateStop" : "dictate");
    this.#button.title = this.#button.ariaLabel;
  }
}

/** Return whether this browser can turn speech of a language into text without a server. */
async function isOnDevice(lang) {
  const availability = await Recognition.available?.({ langs: [lang], processLocally: true }).catch(() => null);
  return availability === "available";
}
