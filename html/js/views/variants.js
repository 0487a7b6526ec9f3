import "../common.js";
import { loadNearest, loadVariant, removeVariant } from "../state/variants.js";
import messages from "../text/variants.js";
import { addMessages, t } from "../text.js";
import { byId, element } from "./dom.js";
import { openMenu as openMenuAt } from "./menu.js";
import { openEditor } from "./question_editor.js";

/**
 * @typedef {object} VariantsContext
 * @property {import("../api.js").HistoryApi} api
 * @property {import("../state/chat.js").Chat} chat
 * @property {import("../state/conversations.js").Conversations} conversations
 * @property {import("../state/delivery.js").Delivery} delivery
 * @property {import("./composer.js").ComposerView} composer
 * @property {import("./scroll.js").ScrollView} scroll
 * @property {import("./status.js").StatusView} status
 *
 * @typedef {import("../state/turn.js").Turn} Turn
 */

const WISHES = /** @type {const} */ (["shorter", "longer", "simpler", "politer"]);

addMessages(messages[document.documentElement.lang] ?? messages.ko);

/**
 * Offer to ask a question again, with or without a wish, and to delete one of several answers.
 * @param {VariantsContext} context
 * @param {Turn} turn
 * @param {HTMLElement} button
 */
export function openMenu(context, turn, button) {
  const wishes = turn.canWish ? WISHES : [];
  const items = [
    { name: t("regenerate"), choose: () => askAgain(context, turn) },
    ...wishes.map((wish) => ({ name: t(wish), choose: () => askAgain(context, turn, { wish }) })),
  ];
  const remove = () => confirmRemoval(context, turn, button);
  if (turn.canDelete) items.push({ name: t("removeVariant"), className: "danger", choose: remove });
  openMenuAt(button, t("againMenu"), items);
}

/**
 * Edit a question in place.
 * @param {VariantsContext} context
 * @param {Turn} turn
 * @param {HTMLElement} button
 */
export function editQuestion(context, turn, button) {
  const box = /** @type {HTMLElement} */ (button.closest(".question"));
  openEditor(box, turn.question, context.composer, (question) => askAgain(context, turn, { question }));
}

/**
 * Render the position of a turn among its variants, between the buttons that show the one before and after it. The arrow
 * keys press them, too.
 * @param {HTMLElement} box
 * @param {import("../api.js").Variants} variants
 */
export function fillSwitcher(box, { index, heads }) {
  if (box.role) return; // filled already
  box.role = "group";
  box.ariaLabel = t("variantOf", { index: index + 1, count: heads.length });
  const previous = stepButton("show-previous", t("previousVariant"), index === 0);
  const next = stepButton("show-next", t("nextVariant"), index + 1 === heads.length);
  box.replaceChildren(previous, `${index + 1}/${heads.length}`, next);
  box.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowLeft") previous.click();
    if (key === "ArrowRight") next.click();
  });
}

/** A disabled button keeps the focus, as the arrow keys are pressed on it. */
function stepButton(action, ariaLabel, isDisabled) {
  return element("button", {
    type: "button",
    className: "action",
    ariaLabel,
    ariaDisabled: String(isDisabled),
    dataset: { action },
  });
}

export function showPrevious(context, turn, button) {
  return step(context, turn, button, -1);
}

export function showNext(context, turn, button) {
  return step(context, turn, button, 1);
}

/** Forget a refused variant, and show the nearest one. */
export async function discardVariant(context, turn) {
  context.delivery.discard(turn);
  replace(context, turn, await loadNearest(context.api, turn));
}

/** Ask a question again. An answer that is being written is stopped first, as it will not be on the shown branch. */
function askAgain({ chat, composer, conversations }, turn, change = {}) {
  composer.stop();
  conversations.touch(turn.conversationId, turn.question);
  chat.askAgain(turn, change);
  composer.focus();
}

async function step(context, turn, button, distance) {
  const switcher = button.closest(".switcher");
  const head = turn.variants.heads[turn.variants.index + distance];
  if (!head || switcher.ariaBusy) return;
  switcher.ariaBusy = "true";
  try {
    replace(context, turn, await loadVariant(context.api, turn, head), button.dataset.action);
  } finally {
    switcher.ariaBusy = null;
  }
}

function confirmRemoval(context, turn, button) {
  const prompt = element("p", { id: "remove-variant-ask", role: "alert" }, t("removeVariantAsk"));
  const yes = element("button", { type: "button", className: "action danger" }, t("removeVariantYes"));
  const no = element("button", { type: "button", className: "action" }, t("removeVariantNo"));
  const box = element("div", { className: "confirm", role: "group" }, prompt, element("div", {}, yes, no));
  box.setAttribute("aria-labelledby", prompt.id);
  const close = () => {
    box.remove();
    button.focus({ preventScroll: true });
  };
  yes.addEventListener("click", async () => {
    yes.disabled = true;
    context.composer.stop(); // an answer below this one
    try {
      replace(context, turn, await removeVariant(context.api, turn), "open-menu");
    } catch {
      close();
      context.status.alert(t("variantFailed"));
    }
  });
  no.addEventListener("click", close);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // does not stop the answer
    close();
  });
  button.closest(".answer").querySelector(".confirm")?.remove();
  button.closest(".actions").after(box);
  no.focus();
}

/**
 * Show another variant in place of a turn, with its top where that one's was or at the beginning of the view; announce
 * it, and focus its button for an action.
 * @param {VariantsContext} context
 * @param {Turn} turn
 * @param {Parameters<import("../state/chat.js").Chat["replaceFrom"]>[1]} others
 */
function replace({ chat, scroll, status }, turn, others, action = "") {
  const at = chat.turns.indexOf(turn);
  if (at < 0) return; // another conversation is shown meanwhile
  const top = Math.max(findArticle(turn).getBoundingClientRect().top, byId("transcript").getBoundingClientRect().top);
  chat.replaceFrom(turn, others);
  const shown = chat.turns[at];
  const { index = 0, heads = [shown] } = shown.variants ?? {};
  const article = findArticle(shown);
  scroll.showAt(article, top);
  status.announce(t("variantOf", { index: index + 1, count: heads.length }));
  if (shown.variants) fillSwitcher(article.querySelector(".switcher"), shown.variants);
  article.querySelector(`[data-action="${action}"]`)?.focus({ preventScroll: true });
}

/** @returns {any} */
function findArticle({ requestId }) {
  return document.querySelector(`[data-request-id="${requestId}"]`);
}
