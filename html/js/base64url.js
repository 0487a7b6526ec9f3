/** Encode bytes as base64url without padding (RFC 4648, section 5), for headers, URLs and subprotocols. */
export function encodeBase64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** Decode base64url to a string of one character per byte. */
export function decodeBase64url(text) {
  return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
}

/** Return random bytes in base64url. */
export function randomBase64url(byteCount) {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(byteCount)));
}
