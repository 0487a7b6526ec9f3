import "../common.js";
import { formatMoment } from "../dates.js";
import { findModel } from "../models.js";
import messages from "../text/details.js";
import { addMessages, failureText, plural, t } from "../text.js";
import { element } from "./dom.js";

const TOKEN_COUNTS = ["promptTokens", "completionTokens", "totalTokens"];

addMessages(messages[document.documentElement.lang] ?? messages.ko);

/**
 * Render the details of a finished turn: time, stop reason, model and token counts.
 * @param {import("../state/turn.js").Turn} turn
 * @param {string | undefined} model that of a laptop run
 * @param {import("../text.js").MessageKey | undefined} early why the answer ended early
 */
export function renderDetails(turn, model, early) {
  const unknown = t("detailsUnknown");
  const time = turn.createdAt && element("time", { dateTime: turn.createdAt }, formatMoment(turn.createdAt));
  const ending = turn.stopReason === "stop" ? "endedStop" : (early ?? "detailsUnknown");
  const tokens = TOKEN_COUNTS.filter((name) => turn.usage?.[name] !== undefined);
  return [
    ["detailsTime", time],
    ["detailsEnd", turn.status === "failed" ? failureText(turn.code) : t(ending)],
    ["detailsModel", modelText(turn.modelId)],
    ...(model ? [["detailsRunModel", model]] : []),
    ["detailsTokens", tokens.map((name) => plural(name, turn.usage[name])).join(" · ")],
  ].map(([key, value]) => element("div", {}, element("dt", {}, t(key)), element("dd", {}, value || unknown)));
}

function modelText(id) {
  const name = findModel(id)?.name;
  return name && name !== id ? `${name} (${id})` : id;
}
