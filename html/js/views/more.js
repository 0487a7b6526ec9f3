import "../common.js";
import messages from "../text/more.js";
import { addMessages, t } from "../text.js";
import { openMenu } from "./menu.js";

addMessages(messages[document.documentElement.lang] ?? messages.ko);

/**
 * Offer what is seldom needed: the details of an answer, and the change of its question, whose own button needs a
 * pointer that hovers.
 * @param {unknown} _context
 * @param {import("../state/turn.js").Turn} turn
 * @param {HTMLElement} button
 * @param {(action: string, turn: import("../state/turn.js").Turn, node: Element) => void} run an action of the transcript
 */
export function openMore(_context, turn, button, run) {
  const article = button.closest("article");
  const { hidden } = /** @type {HTMLElement} */ (article.querySelector(".details"));
  openMenu(button, t("more"), [
    { name: t("changeQuestion"), choose: () => run("edit", turn, article.querySelector(".question .actions")) },
    { name: t(hidden ? "details" : "closeDetails"), choose: () => run("details", turn, button) },
  ]);
}
