import "../common.js";
import { formatDayAndTime, formatNumber, quotaRenewal } from "../dates.js";
import messages from "../text/documents.js";
import { addMessages, plural, t } from "../text.js";
import { byId, element } from "./dom.js";

/** @typedef {import("../text.js").MessageKey} MessageKey */

const KILOBYTE = 1024;
/** @type {Record<string, MessageKey>} */
const PROBLEMS = {
  broken: "documentBroken",
  empty: "documentEmpty",
  locked: "documentLocked",
  media: "documentMedia",
  not_uploaded: "documentNotUploaded",
  quota_exceeded: "documentQuota",
  scanned: "documentScanned",
  throttled: "documentThrottled",
  too_large: "documentTooLarge",
  too_many_documents: "documentTooMany",
  unreadable: "documentUnreadable",
  unsupported: "documentUnsupported",
};
/** @type {Record<string, MessageKey>} */
const STATES = { lost: "documentLost", interrupted: "documentInterrupted", reading: "documentReading" };
const UNITS = { page: "pages", section: "sections", sheet: "sheets", slide: "slides" };
/** @type {Record<string, MessageKey>} */
const PLACES = { page: "pagePlace", sheet: "sheetPlace", slide: "slidePlace" };
const SKIPPED = { header: "skippedHeader", footer: "skippedFooter", memo: "skippedMemo", image: "skippedImage" };

addMessages(messages[document.documentElement.lang] ?? messages.ko);

/**
 * Return the state of a document in words: its extent once it is read, or what is wrong and the way out.
 * @param {import("../state/documents.js").Item} item
 */
export function documentText(item) {
  const { status, code, sent } = item;
  if (status === "ready") return [extentText(item), ...omissionTexts(item)].join(" · ");
  if (status === "failed")
    return t(PROBLEMS[code] ?? "documentBroken", { time: formatDayAndTime(quotaRenewal(Date.now())) });
  if (status === "uploading") return t("documentUploading", { percent: Math.floor(100 * sent) });
  return t(STATES[status]);
}

export function extentText({ unit, units, characters, size }) {
  const isText = units <= 1 && unit === "section"; // a text without headings is one section
  const extent = isText
    ? t("characters", { count: formatNumber(characters) })
    : plural(UNITS[unit] ?? "sections", units);
  return `${extent} · ${sizeText(size)}`;
}

/** Show how much of the documents was read for an answer, and announce it. */
export function showProgress(node, { stage, done, total }) {
  const text = t(stage === "noting" ? "noting" : "readingDocuments", { done, total });
  const bar = element("progress", { value: done, max: Math.max(1, total), ariaLabel: text });
  node.replaceChildren(text, bar);
  node.hidden = false;
  byId("status").textContent = text;
}

/** Return the place of a passage in its document, in words. */
export function placeText({ unit, unitName }) {
  return unitName && t(PLACES[unit] ?? "sectionPlace", { name: unitName });
}

/** Return what was not read of a document, in words. */
function omissionTexts({ truncated, characters, skipped }) {
  const list = Object.entries(skipped ?? {}).map(([name, count]) => plural(SKIPPED[name] ?? "skippedOther", count));
  return [
    ...(truncated ? [t("documentCut", { count: formatNumber(characters) })] : []),
    ...(list.length > 0 ? [t("documentSkipped", { list: list.join(", ") })] : []),
  ];
}

function sizeText(size) {
  const kilobytes = Math.ceil(size / KILOBYTE);
  if (kilobytes < KILOBYTE) return `${formatNumber(kilobytes)} KB`;
  return `${formatNumber(Math.round((10 * size) / KILOBYTE ** 2) / 10)} MB`;
}
