/** The fragment of a link that carries a guest's secret to another device: browsers send it to no server. */
export const FRAGMENT = "#move=";

/** What such a link carries, or null. It leaves the address, and the tab's history, before anything else happens. */
export function takeMoved() {
  if (!location.hash.startsWith(FRAGMENT)) return null;
  const moved = location.hash.slice(FRAGMENT.length);
  history.replaceState(null, "", location.pathname);
  return moved;
}
