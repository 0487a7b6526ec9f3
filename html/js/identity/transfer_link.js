export const FRAGMENT = "#move="; // followed by the secret; browsers do not send fragments to servers

/**
 * Return the secret that a link has put into the page's address, or null. Remove it from the address and from the tab's
 * history at once.
 */
export function takeSecret(fragment = FRAGMENT) {
  if (!location.hash.startsWith(fragment)) return null;
  const secret = location.hash.slice(fragment.length);
  history.replaceState(null, "", location.pathname);
  return secret;
}
