import { supports } from "./protocol.js";

/**
 * A deployed model, as docs/protocol.md describes it.
 * @typedef {object} Model
 * @property {string} id
 * @property {string} name
 * @property {number} contextTokens
 * @property {number} documentTokens
 * @property {"low" | "medium" | "high" | null} price
 */

/** @type {Model[]} */
let models = [];

/** Set the deployed models, as config.json lists them. */
export function setModels(/** @type {Model[] | null | undefined} */ listed) {
  models = listed ?? [];
}

/** Return the models among which the user can choose; none if there is no choice. */
export function modelChoices() {
  return supports("chat.model") && models.length > 1 ? models : [];
}

export function findModel(id) {
  return models.find((model) => model.id === id);
}
