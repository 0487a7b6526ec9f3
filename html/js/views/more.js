import "../common.js";
import messages from "../text/more.js";
import { addMessages, t } from "../text.js";
import { copyItems } from "./copy_menu.js";
import { openMenu } from "./menu.js";

addMessages(messages[document.documentElement.lang] ?? messages.ko);

/**
 * Offer what is seldom needed: other ways to copy an answer, its details, and the change of its question, whose own button
 * needs a pointer that hovers.
 * @param {import("./variants.js").VariantsContext} context
 * @param {import("../state/turn.js").Turn} turn
 * @param {HTMLElement} button
 * @param {(action: string, turn: import("../state/turn.js").Turn, node: Element) => void} run an action of the transcript
 */
export function openMore(context, turn, button, run) {
  const article = button.closest("article");
  const { hidden } = /** @type {HTMLElement} */ (article.querySelector(".details"));
  openMenu(button, t("more"), [
    ...copyItems(context, turn, article),
    { name: t("changeQuestion"), choose: () => run("edit", turn, article.querySelector(".question .actions")) },
    { name: t(hidden ? "details" : "closeDetails"), choose: () => run("details", turn, button) },
  ]);
}
