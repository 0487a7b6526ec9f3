import { sayMoment } from "../dates.js";
import { say, sayCount, sayFailure } from "../text.js";
import { element } from "./dom.js";

const TOKENS = [
  ["prompt_tokens", "promptTokens"],
  ["completion_tokens", "completionTokens"],
  ["total_tokens", "totalTokens"],
];
const ENDINGS = { stop: "endedStop", length: "endedLength", cancelled: "endedCancelled", deadline: "endedDeadline" };

/** What only some want to know about an answer that has ended. */
export function renderDetails(turn) {
  const unknown = say("detailsUnknown");
  const time = turn.createdAt && element("time", { dateTime: turn.createdAt }, sayMoment(turn.createdAt));
  const ending = turn.status === "failed" ? sayFailure(turn.code) : say(ENDINGS[turn.stopReason] ?? "detailsUnknown");
  const tokens = TOKENS.filter(([field]) => turn.usage?.[field] !== undefined);
  return [
    ["detailsTime", time],
    ["detailsEnd", ending],
    ["detailsModel", turn.modelId],
    ["detailsTokens", tokens.map(([field, words]) => sayCount(words, turn.usage[field])).join(" · ")],
  ].map(([words, value]) => element("div", {}, element("dt", {}, say(words)), element("dd", {}, value || unknown)));
}

export function sayEnding(stopReason) {
  return stopReason in ENDINGS && stopReason !== "stop" ? say(ENDINGS[stopReason]) : "";
}
