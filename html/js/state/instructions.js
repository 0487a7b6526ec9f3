import { Emitter } from "../emitter.js";
import { supports } from "../protocol.js";

/**
 * The user's instructions, a text that stands in every prompt of the chat. It is empty until it is loaded. `draft` is a
 * text that was written and not saved, null if there is none. Event: `change` (of the saved text).
 * @extends {Emitter<{ change: void }>}
 */
export class Instructions extends Emitter {
  #api;
  text = "";
  /** @type {string | null} */
  draft = null;

  /** @param {import("../api.js").HistoryApi} api */
  constructor(api) {
    super();
    this.#api = api;
  }

  /** Load the text, if the deployment stores one. */
  async load() {
    if (supports("instructions")) this.#set(await this.#api.instructions());
  }

  async save(text) {
    this.#set(await this.#api.setInstructions(text));
  }

  /** Forget text and draft, which were deleted with the history. */
  clear() {
    this.draft = null;
    this.#set("");
  }

  #set(text) {
    this.text = text;
    this.emit("change");
  }
}
