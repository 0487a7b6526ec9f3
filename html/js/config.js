/** What the page must know about its deployment, from `/config.json` (contract B). */
export async function loadConfig() {
  const response = await fetch("/config.json", { cache: "no-cache" });
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  const config = await response.json();
  return {
    websocketUrl: resolveSocket(config.websocket_url),
    auth: config.auth,
    cognito: config.cognito,
    maxTextLength: config.max_text_length,
  };
}

/** A relative address belongs to the page's own origin, with the scheme that fits it. */
function resolveSocket(address) {
  const url = new URL(address, location);
  url.protocol = url.protocol.replace(/^http/, "ws");
  return url.href;
}
