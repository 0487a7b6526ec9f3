const MIN_MS = 500;
const MAX_MS = 20_000;

/** Return the delay before attempt 0, 1, 2… in milliseconds: exponential, half of it random. */
export function backoff(attempt, random = Math.random) {
  const ceiling = Math.min(MAX_MS, MIN_MS * 2 ** attempt);
  return (ceiling / 2) * (1 + random());
}
