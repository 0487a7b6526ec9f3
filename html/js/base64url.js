/** Bytes as base64url without padding (RFC 4648, 5): safe in a header, an address and a subprotocol. */
export function encodeBase64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

export function randomText(bytes) {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(bytes)));
}
