import "../common.js";
import { t } from "../text.js";
import { byId, element, setHidden } from "./dom.js";
import { loadMessages } from "./settings/dialog.js";

/** The switch below the question box: whether the user's instructions stand in the shown conversation's prompts. */
export class InstructionsSwitch {
  #node;
  #context;

  /** @param {import("./settings.js").SettingsContext} context */
  constructor(context) {
    this.#context = context;
    this.#node = element("button", { type: "button", role: "switch", className: "quiet switch" }, t("instructions"));
    this.#node.addEventListener("click", () => this.#toggle());
    byId("hint").after(this.#node);
    context.instructions.on("change", () => this.#render());
    context.conversations.on("change", () => this.#render());
    context.chat.on("conversation", () => this.#render());
    this.#render();
  }

  static async open(context) {
    await loadMessages();
    return new InstructionsSwitch(context);
  }

  /** The shown conversation, undefined if it is new or not in the loaded part of the list. */
  get #shown() {
    return this.#context.conversations.find(this.#context.chat.conversationId);
  }

  #render() {
    const shown = this.#shown;
    setHidden(this.#node, !shown || !this.#context.instructions.text, byId("question"));
    this.#node.ariaChecked = String(shown?.instructions ?? true);
  }

  async #toggle() {
    const { conversations, status } = this.#context;
    const { conversationId, instructions = true } = this.#shown;
    this.#node.disabled = true;
    try {
      await conversations.useInstructions(conversationId, !instructions);
      status.announce(t(instructions ? "instructionsOff" : "instructionsOn"));
    } catch {
      status.alert(t("instructionsNotSwitched"));
    } finally {
      this.#node.disabled = false;
      this.#node.focus();
    }
  }
}
