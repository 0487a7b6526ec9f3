/** The frames of `chat.v1` (contract C): made and read here, and nowhere else. */
export const SUBPROTOCOL = "chat.v1";

const about = (action) => (requestId) => ({ action, request_id: requestId });

export const frames = {
  chat: ({ requestId, conversationId, text, mode }) => ({
    action: "chat",
    request_id: requestId,
    conversation_id: conversationId,
    text,
    mode,
  }),
  stop: about("stop"),
  resume: about("resume"),
  continue: about("continue"),
  ping: () => ({ action: "ping" }),
};

/** The frame in a message, or null for anything that is not one: a newer server may say more than we know. */
export function parseFrame(message) {
  try {
    const frame = JSON.parse(message);
    return typeof frame?.type === "string" ? frame : null;
  } catch {
    return null;
  }
}

/** The text as the server counts and stores it: NFC, no lone surrogates, no control characters. */
export function normalizeText(text) {
  const clean = text.replace(/[^\P{Cc}\n\t]|\p{Cs}/gu, "");
  return clean.normalize("NFC").trim();
}

/** Characters as the server counts them: code points, not UTF-16 units. */
export function countCharacters(text) {
  return [...text].length;
}
