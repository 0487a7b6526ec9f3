/** Return the conversation id in the page's address, or null. */
export function addressedId() {
  const id = location.hash.slice(1);
  return /^[\da-f-]{36}$/i.test(id) ? id : null;
}
