import "../common.js";
import { formatNumber } from "../dates.js";
import { findModel, modelChoices } from "../models.js";
import messages from "../text/model.js";
import { addMessages, t } from "../text.js";
import { byId, element, loadStyle, setHidden } from "./dom.js";
import { openMenu } from "./menu.js";

/** @typedef {import("../state/chat.js").Chat} Chat */

/** @type {Record<string, import("../text.js").MessageKey>} */
const PRICES = { low: "priceLow", medium: "priceMedium", high: "priceHigh" };
// Of Korean text with spaces, and of the marks of a passage, by the server's estimate.
const TOKENS_PER_CHARACTER = 0.85;
const TOKENS_PER_PART = 25;

addMessages(messages[document.documentElement.lang] ?? messages.ko);

/**
 * Open the menu of the models at a button.
 * @param {HTMLElement} button
 * @param {{ chat: Chat, status: import("./status.js").StatusView, model?: string }} context `model`: of a laptop run
 */
export async function openModels(button, { chat, status, model: local }) {
  await loadStyle("model-style");
  const models = modelChoices();
  const automatic = {
    name: t("modelAutomatic"),
    note: local ? t("modelLocal", { name: local }) : t("modelAutomaticNote", { name: models[0].name }),
    isChosen: chat.model === null,
    choose: () => choose(chat, status, null),
  };
  const items = models.map((model) => ({
    name: model.name,
    note: describe(model),
    isChosen: chat.model === model.id,
    choose: () => choose(chat, status, model),
  }));
  openMenu(button, t("modelMenu"), [automatic, ...items]);
}

/** Return the sentence that names the model that has answered in the place of the chosen one. */
export function otherModelText({ modelId }) {
  return t("modelOther", { name: findModel(modelId)?.name ?? modelId });
}

/**
 * Show in `node` whether the chosen model reads the documents in parts, and offer a model that reads them as a whole.
 * @param {HTMLElement} node
 * @param {{ characters: number, parts: number }[]} documents
 * @param {{ chat: Chat, status: import("./status.js").StatusView }} context
 */
export function showFit(node, documents, { chat, status }) {
  const tokens = documents.reduce(
    (sum, { characters, parts }) => sum + characters * TOKENS_PER_CHARACTER + parts * TOKENS_PER_PART,
    0,
  );
  const chosen = findModel(chat.model);
  const isTooLong = chosen !== undefined && tokens > chosen.documentTokens;
  const longer = modelChoices().find(({ documentTokens }) => tokens <= documentTokens);
  const state = isTooLong ? `searched ${longer?.id}` : "";
  if (node.dataset.state === state) return; // it may have the focus
  node.dataset.state = state;
  setHidden(node, !isTooLong, byId("question"));
  node.replaceChildren(element("p", {}, t("modelSearches")));
  if (!longer) return;
  const offer = element("button", { type: "button", className: "action" }, t("modelLonger", { name: longer.name }));
  offer.addEventListener("click", () => choose(chat, status, longer));
  node.append(offer);
}

/** @param {import("../models.js").Model | null} model null: in the order of the deployment */
function choose(chat, status, model) {
  chat.model = model?.id ?? null;
  status.announce(model ? t("modelChosen", { name: model.name }) : t("modelReset"));
}

/** Return context and price of a model in words. */
function describe({ contextTokens, price }) {
  const count = Number(contextTokens.toPrecision(1));
  return [t("modelContext", { count: formatNumber(count) }), ...(price ? [t(PRICES[price])] : [])].join(" · ");
}
