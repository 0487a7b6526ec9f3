import { t } from "../text.js";
import { element } from "./dom.js";

/**
 * Edit a question in place of its bubble.
 * @param {HTMLElement} box the element that contains the bubble and its buttons
 * @param {string} question
 * @param {import("./composer.js").ComposerView} composer
 * @param {(text: string) => void} submit called with a text that differs from the question
 */
export function openEditor(box, question, composer, submit) {
  const opener = /** @type {HTMLElement} */ (document.activeElement);
  const node = element("textarea", { value: question, ariaLabel: t("editQuestion"), rows: 1, autocomplete: "off" });
  const counter = element("p", { className: "counter" });
  const send = element("button", { type: "submit", className: "action primary" }, t("editSend"));
  const cancel = element("button", { type: "button", className: "action" }, t("editCancel"));
  const form = element("form", { className: "editor" }, node, element("div", {}, counter, cancel, send));
  const close = () => {
    form.remove();
    box.classList.remove("editing");
    opener.focus({ preventScroll: true });
  };
  const finish = () => {
    if (!field.canSubmit) return;
    close();
    if (field.text !== question) submit(field.text);
  };
  const field = composer.createField(node, counter, finish);
  const update = () => {
    field.update();
    send.disabled = !field.canSubmit;
  };
  node.addEventListener("input", update);
  cancel.addEventListener("click", close);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    finish();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault(); // does not stop the answer
    close();
  });
  box.classList.add("editing");
  box.append(form);
  update();
  node.focus({ preventScroll: true });
  node.setSelectionRange(question.length, question.length);
}
