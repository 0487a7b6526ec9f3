/** @typedef {import("./turn.js").Turn} Turn */

/**
 * Return a branch that leads to a question of this page: after the last turn, or in place of the turn with the same
 * parent and those that follow it.
 * @param {Turn[]} turns
 * @param {Turn} turn
 */
export function leadTo(turns, turn) {
  const sibling = findSibling(turns, turn);
  if (sibling) addVariant(turns, sibling, turn);
  return [...(sibling ? turns.slice(0, turns.indexOf(sibling)) : turns), turn];
}

/**
 * Return a branch with a question that was asked on it, in any tab. A question on another branch is only counted among
 * the variants.
 * @param {Turn[]} turns
 * @param {Turn} turn
 */
export function extend(turns, turn) {
  const sibling = findSibling(turns, turn);
  if (sibling) {
    addVariant(turns, sibling, turn);
    return turns;
  }
  const last = turns.at(-1);
  const end = last ? last.headId : "root";
  const follows = turn.parent && end ? turn.parent === end : !turn.after || turn.after === last?.requestId;
  return follows ? [...turns, turn] : turns;
}

/** Return the turn of a branch that has the same parent. A refused question stands at the end of any branch. */
function findSibling(turns, { parent, variantOf, refusal }) {
  if (!parent || (refusal && !variantOf)) return undefined;
  return turns.find((turn) => turn.turnId && turn.parent === parent);
}

/** Add a question of this page to the variants of a turn. */
function addVariant(turns, sibling, turn) {
  const { index, heads } = sibling.variants ?? { index: 0, heads: [sibling] };
  if (heads.some((head) => head === turn || head === turn.turnId)) return;
  const all = [
    ...heads.with(
      index,
      turns.findLast(({ turnId }) => turnId),
    ),
    turn,
  ];
  sibling.variants = { index, heads: all };
  turn.variants = { index: heads.length, heads: all };
}
