import { renameMembers, toCamelCase } from "./wire.js";

/**
 * The frames of docs/protocol.md, with the page's names. Only this module knows the names on the wire.
 * @typedef {{ type: "accepted", requestId: string, conversationId: string, createdAt: string, turnId?: string,
 *   parent?: string }} Accepted
 * @typedef {{ type: "delta", requestId: string, run: number, seq: number, text: string }} Delta
 * @typedef {{ type: "snapshot", requestId: string, run: number, seq: number, text: string }} Snapshot
 * @typedef {{ type: "done", requestId: string, run: number, seq: number, stopReason: string,
 *   usage: import("./api.js").Usage, modelId: string | null, turnId?: string,
 *   sources?: import("./api.js").Source[] }} Done
 * @typedef {{ type: "progress", requestId: string, run: number, stage: "reading" | "noting", done: number,
 *   total: number }} Progress
 * @typedef {{ type: "failed", requestId: string | null, code: string, message: string, retryable: boolean }} Failed
 * @typedef {{ type: "title", conversationId: string, title: string }} Title
 * @typedef {Accepted | Delta | Snapshot | Done | Failed | Progress | Title | { type: "pong" }} Frame
 */

export const SUBPROTOCOL = "chat.v1";

/** The codes that `failed` frames send with `retryable: true`. */
const RETRYABLE_CODES = new Set(["busy", "throttled", "model_unavailable", "internal"]);

/** The features of functions that are older than the list in config.json. */
const FIRST_FEATURES = ["mode.chat", "mode.translate", "mode.grammar"];

let features = new Set(FIRST_FEATURES);

/** Set the features of the deployment, as config.json lists them. */
export function setFeatures(names = FIRST_FEATURES) {
  features = new Set(names);
}

/** Return whether the deployment has a feature. An optional field or a mode is sent only if it does. */
export function supports(feature) {
  return features.has(feature);
}

/** Return the fields that have a value and that the deployment accepts. */
function optional(action, fields) {
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => value && supports(`${action}.${name}`)));
}

const frameAbout = (action) => (requestId) => ({ action, request_id: requestId });

/** The client's frames, as they are sent. */
export const frames = {
  chat: ({ requestId, conversationId, question, mode, targetLanguage, parent, variantOf, wish, temporary, model }) => ({
    action: "chat",
    request_id: requestId,
    conversation_id: conversationId,
    text: question,
    mode,
    ...optional("chat", { target_language: targetLanguage, parent, variant_of: variantOf, wish, temporary, model }),
  }),
  stop: frameAbout("stop"),
  resume: frameAbout("resume"),
  /** @param {number} run the run whose end was seen, 0 if it is not known */
  continue: (requestId, run) => ({
    ...frameAbout("continue")(requestId),
    ...optional("continue", { run }),
  }),
  ping: () => ({ action: "ping" }),
};

/**
 * Parse a message. Return null if it is not a frame, as API Gateway sends messages of another form.
 * @returns {Frame | null}
 */
export function parseFrame(message) {
  try {
    const frame = JSON.parse(message);
    return typeof frame?.type === "string" ? renameMembers(frame, toCamelCase) : null;
  } catch {
    return null;
  }
}

/** Return whether a failure may succeed later. The history API stores a turn's `code`, but not its `retryable`. */
export function isRetryable(code) {
  return RETRYABLE_CODES.has(code);
}

/** Normalise a text as the server does: NFC, without lone surrogates and control characters. */
export function normalizeText(text) {
  const clean = text.replace(/[^\P{Cc}\n\t]|\p{Cs}/gu, "");
  return clean.normalize("NFC").trim();
}

/** Count characters as the server does: code points, not UTF-16 units. */
export function countCharacters(text) {
  return [...text].length;
}
