import { t } from "../text.js";
import { byId } from "./dom.js";

const OPEN_LAYER = ":popover-open:not([popover=manual]), dialog[open]";
const isMac = navigator.platform.startsWith("Mac");
/** The controls that Ctrl, or Cmd on a Mac, presses together with a key. `code` does not depend on the layout. */
const CONTROLS = { KeyK: "#search:not([hidden])", "Shift+KeyO": '[data-action="new"]', Comma: "#open-settings" };

/** The keyboard shortcuts of the page. None is pressed during a composition or below a dialog. */
export class Shortcuts {
  #composer;
  #status;

  /**
   * @param {object} context
   * @param {import("./composer.js").ComposerView} context.composer
   * @param {import("./status.js").StatusView} context.status
   */
  constructor({ composer, status }) {
    this.#composer = composer;
    this.#status = status;
    document.addEventListener("keydown", (event) => {
      const { isComposing, defaultPrevented, altKey, ctrlKey, metaKey, shiftKey } = event;
      if (isComposing || defaultPrevented || altKey || document.querySelector("dialog[open]")) return;
      if (ctrlKey || metaKey) this.#pressChord(event);
      else if (!shiftKey && !document.querySelector(OPEN_LAYER)) this.#press(event);
    });
  }

  #press(event) {
    if (event.code === "Escape") this.#composer.stop();
    if (event.code !== "ArrowUp" || event.target !== byId("question") || event.target.value) return;
    /** @type {HTMLElement | null} */
    const edit = document.querySelector('.turn:last-child[aria-busy="false"] [data-action="edit"]');
    if (!edit) return;
    event.preventDefault();
    edit.click();
  }

  #pressChord(event) {
    // Cmd and comma open the browser's own settings.
    if (isMac && event.code !== "Comma" ? !event.metaKey : !event.ctrlKey) return;
    const name = `${event.shiftKey ? "Shift+" : ""}${event.code}`;
    /** @type {HTMLElement | null} */
    const control = CONTROLS[name] && document.querySelector(CONTROLS[name]);
    if (!control && name !== "Slash") return;
    event.preventDefault();
    if (event.repeat) return;
    if (control) control.click();
    else this.#showAll();
  }

  async #showAll() {
    try {
      const { openShortcuts } = await import("./shortcuts_dialog.js");
      await openShortcuts(isMac);
    } catch {
      this.#status.alert(t("shortcutsFailed"));
    }
  }
}
