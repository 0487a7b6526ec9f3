import { byId } from "./dom.js";

/** The list's drawer on narrow screens, and the buttons that start a conversation. */
export class SidebarView {
  #sidebar = byId("sidebar");

  /**
   * @param {import("../state/navigation.js").Navigation} navigation
   * @param {import("./composer.js").ComposerView} composer
   */
  constructor(navigation, composer) {
    for (const button of document.querySelectorAll('[data-action="new"]')) {
      button.addEventListener("click", () => navigation.start());
    }
    navigation.on("navigate", () => {
      this.close();
      composer.focus(); // after closing, which moves the focus
    });
  }

  close() {
    if (this.#sidebar.matches(":popover-open")) this.#sidebar.hidePopover();
  }
}
