export const FRAGMENT = "#move="; // followed by the secret; browsers do not send fragments to servers

/**
 * Return the secret that a transfer link has put into the page's address, or null. Remove it from the address and from
 * the tab's history at once.
 */
export function takeTransferSecret() {
  if (!location.hash.startsWith(FRAGMENT)) return null;
  const secret = location.hash.slice(FRAGMENT.length);
  history.replaceState(null, "", location.pathname);
  return secret;
}
