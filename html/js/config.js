import { renameMembers, toCamelCase } from "./wire.js";

/**
 * The settings of the deployment, as docs/protocol.md describes them.
 * @typedef {object} Config
 * @property {string} websocketUrl absolute
 * @property {"guest" | "cognito"} auth
 * @property {{ url: string, clientId: string }} [cognito] the hosted sign-in
 * @property {number} maxTextLength in characters
 * @property {string} [model] the model of a laptop run, which answers in the place of Bedrock's
 * @property {import("./models.js").Model[]} [models] the deployed models, in the order in which they are asked
 * @property {string[]} [features] what the functions accept beyond the first version of the protocol
 */

/**
 * Fetch `/config.json`. A link in the markup has preloaded it, which matches only a request without options.
 * @returns {Promise<Config>}
 */
export async function loadConfig() {
  const response = await fetch("/config.json");
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  const config = renameMembers(await response.json(), toCamelCase);
  return { ...config, websocketUrl: resolveSocketUrl(config.websocketUrl) };
}

/** Resolve an address against the page's origin, with the WebSocket scheme that matches it. */
function resolveSocketUrl(address) {
  const url = new URL(address, location.href);
  url.protocol = url.protocol.replace(/^http/, "ws");
  return url.href;
}
