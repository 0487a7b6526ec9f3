/** Move the focus between the marks of footnotes and their texts, which belong together within an answer. */
export function followFootnote({ target }) {
  const button = target.closest?.("[data-footnote], [data-reference]");
  const answer = button?.closest(".prose");
  if (!answer) return;
  const { footnote, reference } = button.dataset;
  const places = [...answer.querySelectorAll(footnote ? ".footnote" : "[data-footnote]")];
  const place = places.find(({ dataset }) => (footnote ? dataset.label === footnote : dataset.footnote === reference));
  place?.focus({ preventScroll: true });
  place?.scrollIntoView({ block: "nearest" });
}
