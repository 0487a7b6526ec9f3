/**
 * @typedef {import("./turn.js").Turn} Turn
 * @typedef {import("../api.js").HistoryApi} HistoryApi
 */

/**
 * Load another variant of a turn and the turns that follow it, and make its branch the one that other devices show.
 * Throw if that fails.
 * @param {HistoryApi} api
 * @param {Turn} turn
 * @param {string | Turn} head the newest turn of the branch
 * @returns {Promise<(Turn | import("../api.js").StoredTurn)[]>}
 */
export async function loadVariant(api, { conversationId, parent }, head) {
  const headId = typeof head === "string" ? head : head.turnId;
  if (!headId) return [/** @type {Turn} */ (head)]; // the server does not have it yet
  const changed = api.change(conversationId, { head: headId });
  const [turns] = await Promise.all([loadBranch(api, conversationId, parent, headId), changed]);
  return turns;
}

/** Delete a variant and the turns that follow from it, and load the nearest one. Throw if that fails. */
export async function removeVariant(api, turn) {
  await api.removeTurn(turn.conversationId, turn.turnId);
  return loadNearest(api, turn);
}

/** Load the variant before this one, or after the first. */
export function loadNearest(api, turn) {
  const { index, heads } = turn.variants;
  return loadVariant(api, turn, heads[index - 1] ?? heads[index + 1]);
}

/** Load the branch that ends in `headId`, back to the turn that follows `parent`. */
async function loadBranch(api, conversationId, parent, headId) {
  let page = await api.turns(conversationId, null, { head: headId });
  const turns = page.turns;
  const findStart = () => turns.findIndex((turn) => turn.parent === parent);
  while (findStart() < 0) {
    if (!page.nextCursor) throw new Error(`No turn of the branch ${headId} follows ${parent}.`);
    page = await api.turns(conversationId, page.nextCursor);
    turns.unshift(...page.turns);
  }
  return turns.slice(findStart());
}
