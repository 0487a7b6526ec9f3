/** Keys of `localStorage`. */
export const SECRET = "seoyeon.secret"; // the guest's token
export const PREVIOUS_GUESTS = "seoyeon.kept"; // JSON, see identity/transfer.js
export const SESSION = "seoyeon.session"; // JSON {user, refreshToken}, shared by all tabs
export const LAST_USER = "seoyeon.last-user";
export const DRAFT = "seoyeon.draft"; // + conversation id; in `sessionStorage`, + user and conversation id; + `.model`: the chosen model
export const NEW_ID = "new.id"; // + DRAFT: the id of the new conversation that has documents
export const MODE = "seoyeon.mode";
export const OUTBOX_PREFIX = "seoyeon.outbox."; // + request id
export const preferenceKey = (name) => `seoyeon.${name}`;

/** Keys of `sessionStorage`. */
export const SIGN_IN = "seoyeon.sign-in"; // JSON {state, verifier, hash}, kept during the redirect to the hosted sign-in
export const COPY = "seoyeon.copy"; // JSON {key, id}: the key of the share that is to be copied, the id of the copy
export const REMOVAL_PREFIX = "seoyeon.removing."; // + conversation id
/** The key of the id of the tab's temporary conversation. */
export const temporaryKey = (storage) => `seoyeon.temporary.${userTag(storage)}`;

/** The key of a conversation's documents that this tab uploads, JSON. */
export const uploadsKey = (storage, conversationId) => `seoyeon.uploads.${userTag(storage)}.${conversationId}`;

/** Names of Caches, with the user's tag: see state/kept.js. */
export const KEPT_PREFIX = "history.";

/** Names of Web Locks and of the BroadcastChannel. */
export const SESSION_LOCK = "seoyeon.session";
export const temporaryLock = (conversationId) => `seoyeon.temporary.${conversationId}`;
export const turnLock = (requestId) => `seoyeon.turn.${requestId}`;
export const TURNS_CHANNEL = "seoyeon.turns";

/** Return a name of the user for keys of `sessionStorage`, which outlives a sign-out and a guest transfer in another tab. */
export function userTag(storage) {
  return (storage.get(LAST_USER) ?? storage.get(SECRET) ?? "").slice(0, 6);
}

/** Return the ids of the conversations whose documents were uploaded or read when the tab was reloaded. */
export function keptUploads(storage, tabStorage) {
  const prefix = uploadsKey(storage, "");
  return tabStorage.keys(prefix).map((key) => key.slice(prefix.length));
}

/** Return the keys of questions and drafts that the server does not have yet: they belong to one user only. */
export function unsentKeys(storage) {
  return [OUTBOX_PREFIX, DRAFT].flatMap((prefix) => storage.keys(prefix));
}

/** Delete the lists and conversations that this device keeps, those of all users. */
export async function forgetKept() {
  const names = (await globalThis.caches?.keys()) ?? [];
  await Promise.all(names.filter((name) => name.startsWith(KEPT_PREFIX)).map((name) => caches.delete(name)));
}
