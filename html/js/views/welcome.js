import { supports } from "../protocol.js";
import { byId } from "./dom.js";

/** The hours at which morning, day, evening and night begin. */
const BEGINNINGS = [5, 11, 17, 22];
const SHOWN = 4;

/**
 * The welcome of an empty conversation: words for the time of day, and some of the examples, which begin with those for
 * that time. An example is put into the question box, with its mode.
 */
export class WelcomeView {
  #list = byId("examples");
  #examples;
  #texts;
  #rounds = 0;

  /**
   * @param {import("../state/navigation.js").Navigation} navigation
   * @param {import("./composer.js").ComposerView} composer
   * @param {import("./status.js").StatusView} status
   */
  constructor(navigation, composer, status) {
    const buttons = [...this.#list.querySelectorAll("button")].filter(({ dataset }) =>
      supports(`mode.${dataset.mode}`),
    );
    this.#examples = buttons.map(({ parentElement }) => parentElement);
    this.#texts = new Set(buttons.map(exampleText));
    for (const button of buttons) {
      button.addEventListener("click", () => {
        if (this.#texts.has(composer.text)) composer.clear();
        composer.edit({ question: exampleText(button), mode: button.dataset.mode, targetLanguage: null });
      });
    }
    byId("more-examples").addEventListener("click", () => {
      this.#show();
      status.announce([...this.#list.querySelectorAll(".kind")].map(({ textContent }) => textContent).join(", "));
    });
    navigation.on("navigate", () => this.#show());
    this.#show();
  }

  #show() {
    const hour = new Date().getHours();
    const part = BEGINNINGS.filter((beginning) => hour >= beginning).length % BEGINNINGS.length;
    for (const [index, text] of document.querySelectorAll(".welcome-text").entries()) {
      /** @type {HTMLElement} */ (text).hidden = index !== part;
    }
    const examples = this.#examples;
    const first = (2 * part + SHOWN * this.#rounds++) % examples.length;
    this.#list.replaceChildren(...[...examples, ...examples].slice(first, first + Math.min(SHOWN, examples.length)));
  }
}

function exampleText(button) {
  return button.lastElementChild.textContent;
}
