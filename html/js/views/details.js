import { formatMoment } from "../dates.js";
import { failureText, plural, t } from "../text.js";
import { element } from "./dom.js";

const TOKEN_COUNTS = ["promptTokens", "completionTokens", "totalTokens"];
const STOP_REASONS = {
  stop: "endedStop",
  length: "endedLength",
  cancelled: "endedCancelled",
  deadline: "endedDeadline",
};

/** Render the details of a finished turn: time, stop reason, model and token counts; `model` is that of a laptop run. */
export function renderDetails(turn, model) {
  const unknown = t("detailsUnknown");
  const time = turn.createdAt && element("time", { dateTime: turn.createdAt }, formatMoment(turn.createdAt));
  const ending =
    turn.status === "failed" ? failureText(turn.code) : t(STOP_REASONS[turn.stopReason] ?? "detailsUnknown");
  const tokens = TOKEN_COUNTS.filter((name) => turn.usage?.[name] !== undefined);
  return [
    ["detailsTime", time],
    ["detailsEnd", ending],
    ["detailsModel", turn.modelId],
    ...(model ? [["detailsRunModel", model]] : []),
    ["detailsTokens", tokens.map((name) => plural(name, turn.usage[name])).join(" · ")],
  ].map(([key, value]) => element("div", {}, element("dt", {}, t(key)), element("dd", {}, value || unknown)));
}

/** Return why an answer ended early, or an empty string. */
export function stopReasonText(stopReason) {
  return stopReason in STOP_REASONS && stopReason !== "stop" ? t(STOP_REASONS[stopReason]) : "";
}
