import { learn, say } from "../../text.js";
import { element, icon } from "../dom.js";

const CROSS = "M6 6l12 12M18 6 6 18";

/** The words of the dialogs, which the first load does without. */
export async function loadWords() {
  const english = document.documentElement.lang === "en";
  const words = english ? await import("../../text/settings-en.js") : await import("../../text/settings-ko.js");
  learn(words.default);
}

/** A modal dialog, gone for good when it is closed; the browser gives the focus back. */
export function openDialog(title, ...content) {
  const close = element(
    "button",
    { type: "button", className: "quiet icon-button", ariaLabel: say("close") },
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

export function button(label, press, className = "plain") {
  const node = element("button", { type: "button", className }, label);
  node.addEventListener("click", press);
  return node;
}

export function section(title, ...content) {
  return element("section", {}, element("h3", {}, title), ...content);
}
