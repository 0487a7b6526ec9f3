/**
 * The guest of this browser. The history of a returning one is requested before the rest of the page and the
 * configuration are loaded: the configuration will most likely say that guests chat here.
 */
import { addressedId } from "./address.js";
import { HistoryApi } from "./api.js";
import { GuestIdentity } from "./identity/guest.js";
import { takeSecret } from "./identity/transfer_link.js";
import { COPY, LAST_USER, temporaryKey } from "./keys.js";
import { loadRenderer } from "./markdown/renderer.js";
import { Storage } from "./storage.js";

export const COPY_FRAGMENT = "#copy="; // followed by the key of a share
export const transferSecret = takeSecret();
export const storage = new Storage();
export const tabStorage = new Storage(() => window.sessionStorage);
export const guest = new GuestIdentity(storage);
export const guestApi = new HistoryApi(() => guest.token());

const sharedKey = takeSecret(COPY_FRAGMENT);
if (sharedKey !== null) tabStorage.set(COPY, JSON.stringify({ key: sharedKey, id: crypto.randomUUID() }));

if (!guest.isNew && transferSecret === null && storage.get(LAST_USER) === null) {
  guestApi.prefetch(addressedId() ?? tabStorage.get(temporaryKey(storage)));
  loadRenderer().catch(() => {}); // tried again where it is used
}
