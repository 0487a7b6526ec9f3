import "../common.js";
import { supports } from "../protocol.js";
import messages from "../text/more.js";
import { addMessages, t } from "../text.js";
import { copyItems } from "./copy_menu.js";
import { openMenu } from "./menu.js";

addMessages(messages[document.documentElement.lang] ?? messages.ko);

/**
 * Offer what is seldom needed: other ways to copy an answer, a link to the conversation up to it, its details, and the
 * change of its question, whose own button needs a pointer that hovers.
 * @param {import("./variants.js").VariantsContext} context
 * @param {import("../state/turn.js").Turn} turn
 * @param {HTMLElement} button
 * @param {(action: string, turn: import("../state/turn.js").Turn, node: Element) => void} run an action of the transcript
 */
export function openMore(context, turn, button, run) {
  const article = button.closest("article");
  const { hidden } = /** @type {HTMLElement} */ (article.querySelector(".details"));
  const isShareable = supports("share") && turn.status === "done" && turn.turnId && !context.chat.isTemporary;
  const sharing = isShareable ? [{ name: t("shareMenu"), choose: () => share(context, turn) }] : [];
  openMenu(button, t("more"), [
    ...copyItems(context, turn, article),
    ...sharing,
    { name: t("changeQuestion"), choose: () => run("edit", turn, article.querySelector(".question .actions")) },
    { name: t(hidden ? "details" : "closeDetails"), choose: () => run("details", turn, button) },
  ]);
}

async function share(context, turn) {
  try {
    const { openShare } = await import("./share.js");
    await openShare(context, turn);
  } catch {
    context.status.alert(t("shareMenuFailed"));
  }
}
