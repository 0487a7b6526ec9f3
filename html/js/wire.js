/** Return a copy of a JSON value with the members of all its objects renamed. */
export function renameMembers(value, rename) {
  if (Array.isArray(value)) return value.map((item) => renameMembers(item, rename));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [rename(name), renameMembers(item, rename)]));
}

export function toCamelCase(name) {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

export function toSnakeCase(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
