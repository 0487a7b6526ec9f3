import { addMessages, t } from "../../text.js";
import { element, icon } from "../dom.js";

const CROSS = "M6 6l12 12M18 6 6 18";

/** Load the messages of the dialogs, which are not part of the first load. */
export async function loadMessages() {
  const isEnglish = document.documentElement.lang === "en";
  const messages = isEnglish ? await import("../../text/settings-en.js") : await import("../../text/settings-ko.js");
  addMessages(messages.default);
}

/** Open a modal dialog. It is removed when it closes; the browser restores the focus. */
export function openDialog(title, ...content) {
  const close = element(
    "button",
    { type: "button", className: "quiet icon-button", ariaLabel: t("close") },
    icon(CROSS),
  );
  const dialog = element("dialog", { className: "dialog", ariaLabel: title });
  dialog.append(element("div", { className: "dialog-head" }, element("h2", {}, title), close), ...content);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export function button(label, onClick, className = "plain") {
  const node = element("button", { type: "button", className }, label);
  node.addEventListener("click", onClick);
  return node;
}

export function section(title, ...content) {
  return element("section", {}, element("h3", {}, title), ...content);
}
