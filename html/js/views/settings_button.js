import { t } from "../text.js";
import { byId } from "./dom.js";

/** The button that loads and opens the settings. */
export class SettingsButton {
  #context;

  /** @param {import("./settings.js").SettingsContext & { sidebar: import("./sidebar.js").SidebarView }} context */
  constructor(context) {
    this.#context = context;
    byId("open-settings").addEventListener("click", () => this.#open());
  }

  async #open() {
    this.#context.sidebar.close();
    try {
      const { openSettings } = await import("./settings.js");
      await openSettings(this.#context);
    } catch {
      this.#context.status.alert(t("settingsFailed"));
    }
  }
}
