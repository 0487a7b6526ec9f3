import "../common.js";
import { compareTexts, findCorrectedText } from "../proofreading.js";
import texts from "../text/proofreading.js";
import { copyText } from "./copy.js";
import { element } from "./dom.js";

/**
 * Render the changes of a finished proofreading: the marked differences, and a button that copies the corrected text.
 * Return an empty list if the answer has no corrected text that can be found with certainty.
 */
export function renderChanges({ question, answer }) {
  const corrected = findCorrectedText(answer, question);
  if (!corrected) return [];
  const messages = texts[document.documentElement.lang] ?? texts.ko;
  const copy = element("button", { type: "button", className: "action primary" }, messages.copy);
  copy.addEventListener("click", () => copyText(corrected, copy, messages.copy));
  return [
    element("h3", {}, messages.changes),
    renderComparison(question, corrected, messages),
    element("div", { className: "actions" }, copy),
  ];
}

function renderComparison(question, corrected, messages) {
  if (question.trim() === corrected) return element("p", { className: "note" }, messages.none);
  const differences = compareTexts(question.trim(), corrected);
  if (!differences) return element("p", { className: "note" }, messages.tooDifferent);
  const nodes = differences.flatMap((difference) =>
    "same" in difference
      ? [difference.same]
      : [
          ...renderParts("del", messages.removed, difference.removed),
          ...renderParts("ins", messages.added, difference.added),
        ],
  );
  return element("p", { className: "comparison" }, ...nodes);
}

/** Screen readers differ in whether they announce `del` and `ins`: hidden words do, and a comma makes a pause. */
function renderParts(tag, announcement, parts) {
  if (parts.length === 0) return [];
  const texts = parts.map(({ text, isChanged }) => (isChanged ? element("b", {}, text) : text));
  const hidden = (text) => element("span", { className: "hidden" }, text);
  return [element(tag, {}, hidden(announcement), ...texts, hidden(", "))];
}
