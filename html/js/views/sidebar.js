import { byId } from "./dom.js";

/** The list, which is a drawer on narrow screens and can be hidden on wide ones, and the buttons that start a conversation. */
export class SidebarView {
  #sidebar = byId("sidebar");

  /**
   * @param {import("../state/navigation.js").Navigation} navigation
   * @param {import("./composer.js").ComposerView} composer
   * @param {import("../state/preferences.js").Preferences} preferences
   */
  constructor(navigation, composer, preferences) {
    const toggle = byId("toggle-list");
    const isShown = () => preferences.get("list") === "shown";
    const showState = () => {
      toggle.ariaExpanded = String(isShown());
    };
    showState();
    preferences.on("change", showState);
    toggle.addEventListener("click", () => preferences.set("list", isShown() ? "hidden" : "shown"));
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
