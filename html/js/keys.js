/** Keys of `localStorage`. */
export const SECRET = "seoyeon.secret"; // the guest's token
export const PREVIOUS_GUESTS = "seoyeon.kept"; // JSON, see identity/transfer.js
export const SESSION = "seoyeon.session"; // JSON {user, refreshToken}, shared by all tabs
export const LAST_USER = "seoyeon.last-user";
export const DRAFT = "seoyeon.draft"; // + conversation id; in `sessionStorage`, + user and conversation id
export const MODE = "seoyeon.mode";
export const OUTBOX_PREFIX = "seoyeon.outbox."; // + request id
export const preferenceKey = (name) => `seoyeon.${name}`;

/** Keys of `sessionStorage`. */
export const SIGN_IN = "seoyeon.sign-in"; // JSON {state, verifier, hash}, kept during the redirect to the hosted sign-in
export const REMOVAL_PREFIX = "seoyeon.removing."; // + conversation id

/** Names of Web Locks and of the BroadcastChannel. */
export const SESSION_LOCK = "seoyeon.session";
export const turnLock = (requestId) => `seoyeon.turn.${requestId}`;
export const TURNS_CHANNEL = "seoyeon.turns";

/** Return the keys of questions and drafts that the server does not have yet: they belong to one user only. */
export function unsentKeys(storage) {
  return [OUTBOX_PREFIX, DRAFT].flatMap((prefix) => storage.keys(prefix));
}
