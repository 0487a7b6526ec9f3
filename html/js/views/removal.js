import { say } from "../text.js";
import { append, element } from "./dom.js";

/** Asks in a row's place whether to remove what it names: `yes()` starts it, `no()` brings the row back. */
export function askRemoval(row, yes, no) {
  const remove = element("button", { type: "button", className: "danger" }, say("removeYes"));
  const keep = element("button", { type: "button", className: "quiet" }, say("removeNo"));
  const question = element("p", { id: "remove-ask" }, say("removeAsk"));
  const box = element("div", { className: "confirm", role: "group" }, question, append(element("div"), [remove, keep]));
  box.setAttribute("aria-labelledby", question.id);
  remove.addEventListener("click", () => {
    remove.disabled = true;
    yes();
  });
  keep.addEventListener("click", no);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    no();
  });
  row.replaceChildren(box);
  keep.focus();
}
