const INTERVAL_MS = 5_000;

/**
 * Load the list and the shown conversation again when the user or the network returns: another device may have changed
 * them. Between the tabs of a browser, a BroadcastChannel does that at once.
 * @param {{ refresh: () => Promise<void> }[]} states
 */
export function refreshOnReturn(states) {
  let last = Date.now();
  const refresh = () => {
    if (document.hidden || Date.now() - last < INTERVAL_MS) return;
    last = Date.now();
    for (const state of states) state.refresh();
  };
  addEventListener("focus", refresh);
  addEventListener("online", refresh);
  document.addEventListener("visibilitychange", refresh);
}
