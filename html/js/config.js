/** What the page must know about its deployment, from `/config.json` (contract B). */
export async function loadConfig(location = window.location, fetchJson = readJson) {
  const config = await fetchJson(new URL("/config.json", location));
  return {
    websocketUrl: resolveSocket(config.websocket_url, location),
    auth: config.auth,
    maxTextLength: config.max_text_length,
  };
}

async function readJson(url) {
  const response = await fetch(url, { cache: "no-cache" });
  if (!response.ok) throw new Error(`config.json answered ${response.status}`);
  return response.json();
}

/** A relative address belongs to the page's own origin, with the scheme that fits it. */
export function resolveSocket(address, location) {
  const url = new URL(address, location.href);
  url.protocol = url.protocol.replace(/^http/, "ws");
  return url.href;
}
