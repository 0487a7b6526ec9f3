import "../common.js";
import messages from "../text/shortcuts.js";
import { element } from "./dom.js";
import { loadMessages, openDialog } from "./settings/dialog.js";

/** List the keyboard shortcuts in a dialog. */
export async function openShortcuts(isMac) {
  await loadMessages();
  if (document.querySelector("dialog[open]")) return;
  const { title, of } = messages[document.documentElement.lang] ?? messages.ko;
  const chord = isMac ? "⌘" : "Ctrl";
  const keys = [`${chord}+K`, `${chord}+Shift+O`, "↑", "Esc", "Ctrl+,", `${chord}+/`];
  const rows = keys.map((key, index) =>
    element("div", {}, element("dt", {}, element("kbd", {}, key)), element("dd", {}, of[index])),
  );
  openDialog(title, element("dl", { className: "details" }, ...rows));
}
