import "../common.js";
import { formatDayAndTime, quotaRenewal } from "../dates.js";
import { countCharacters, normalizeText } from "../protocol.js";
import messages from "../text/feedback.js";
import { addMessages, t } from "../text.js";
import { element, loadStyle } from "./dom.js";

const MAX_LENGTH = 500; // characters, as in docs/openapi.yaml

addMessages(messages[document.documentElement.lang] ?? messages.ko);

/**
 * @typedef {import("../api.js").Feedback} Feedback
 * @typedef {import("../state/turn.js").Turn} Turn
 */

/** The turns whose rating is being changed. @type {Set<Turn>} */
const pending = new Set();

/**
 * Rate an answer by the pressed button, and offer to add a word. The present rating's button removes it.
 * @param {import("./variants.js").VariantsContext} context
 * @param {Turn} turn
 * @param {HTMLElement} button
 */
export async function rate({ api, chat, status }, turn, button) {
  if (pending.has(turn)) return;
  pending.add(turn);
  const rating = /** @type {Feedback["rating"]} */ (button.dataset.rating);
  const isRemoved = turn.feedback?.rating === rating;
  try {
    if (isRemoved) await remove(api, turn);
    else {
      await loadStyle("feedback-style");
      await send(api, turn, { text: "", share: false, ...turn.feedback, rating });
    }
  } catch (error) {
    status.alert(failure(error));
    return;
  } finally {
    pending.delete(turn);
  }
  if (!chat.turns.includes(turn)) return;
  chat.emit("turn", turn);
  const answer = button.closest(".answer");
  answer.querySelector(".feedback")?.remove();
  status.announce(t(isRemoved ? "ratingRemoved" : "rated"));
  if (isRemoved) return;
  const form = renderForm(api, status, turn);
  answer.querySelector(".answer > .actions").after(form);
  form.scrollIntoView({ block: "nearest" });
}

/** Render the form for a word. It does not take the focus, which a keyboard on the screen would follow. */
function renderForm(api, status, turn) {
  const { rating, text, share } = turn.feedback;
  const id = `feedback-${turn.requestId}`;
  const title = element("p", { id: `${id}-title` }, t("feedbackTitle"));
  const field = element("textarea", {
    value: text,
    placeholder: t(rating === "up" ? "feedbackUp" : "feedbackDown"),
    ariaLabel: t("feedbackWord"),
    rows: 2,
  });
  const box = element("input", { type: "checkbox", checked: share });
  const who = element("p", { id: `${id}-who`, className: "note" }, t("feedbackWho"));
  const note = element("p", { id: `${id}-note`, className: "note", role: "alert" });
  const submit = element("button", { type: "submit", className: "action primary" }, t("feedbackSend"));
  const cancel = element("button", { type: "button", className: "action" }, t("feedbackClose"));
  const form = element(
    "form",
    { className: "confirm feedback", noValidate: true },
    title,
    field,
    element("label", {}, box, t("feedbackShare")),
    who,
    note,
    element("div", {}, submit, cancel),
  );
  form.setAttribute("aria-labelledby", title.id);
  form.setAttribute("aria-describedby", who.id);
  field.setAttribute("aria-describedby", note.id);
  const close = () => {
    const chosen = /** @type {HTMLElement} */ (form.parentElement.querySelector('[aria-pressed="true"]'));
    chosen?.focus({ preventScroll: true });
    form.remove();
  };
  cancel.addEventListener("click", close);
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault(); // does not stop the answer
    close();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const word = normalizeText(field.value);
    const isTooLong = countCharacters(word) > MAX_LENGTH;
    field.ariaInvalid = isTooLong ? "true" : null;
    note.textContent = isTooLong ? t("feedbackLong", { limit: MAX_LENGTH }) : t("feedbackSending");
    if (isTooLong) {
      field.focus();
      return;
    }
    submit.disabled = true;
    pending.add(turn);
    try {
      await send(api, turn, { rating, text: word, share: box.checked });
    } catch (error) {
      note.textContent = failure(error);
      return;
    } finally {
      submit.disabled = false;
      pending.delete(turn);
    }
    close();
    status.announce(t("feedbackSent"));
  });
  return form;
}

/** @param {Feedback} feedback */
async function send(api, turn, feedback) {
  turn.feedback = (await api.request("PUT", feedbackPath(turn), {}, feedback)).feedback;
}

async function remove(api, turn) {
  await api.removeAt(feedbackPath(turn));
  turn.feedback = null;
}

function feedbackPath({ conversationId, turnId }) {
  return `/history/conversations/${conversationId}/turns/${encodeURIComponent(turnId)}/feedback`;
}

/** @param {{ status?: number, code?: string }} error */
function failure({ status, code }) {
  if (!status && !navigator.onLine) return t("feedbackOffline");
  if (code === "quota_exceeded") return t("feedbackQuota", { time: formatDayAndTime(quotaRenewal(Date.now())) });
  if (status === 429) return t("feedbackBusy");
  return t(status === 404 || status === 400 ? "feedbackGone" : "feedbackFailed");
}
