async (source) => {
  const { commonmark } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const { MarkdownStream } = await import("/js/markdown/stream.js");
  await import("/vendor/character-entities.js");
  const rename = (node, name) => {
    const renamed = document.createElement(name);
    renamed.append(...node.childNodes);
    node.replaceWith(renamed);
  };
  const normalize = (root) => {
    for (const bar of root.querySelectorAll(".code-bar")) bar.remove();
    for (const node of root.querySelectorAll("code span, .code, .table")) node.replaceWith(...node.childNodes);
    for (const node of root.querySelectorAll("h3[aria-level]")) rename(node, `h${node.ariaLevel - 2}`);
    for (const node of root.querySelectorAll("img")) node.replaceWith(node.alt); // a picture is a link, so that nothing is fetched
    for (const node of root.querySelectorAll("a"))
      if (!/^(?:https?|mailto):/i.test(node.getAttribute("href"))) node.replaceWith(...node.childNodes); // nothing is relative
    for (const code of root.querySelectorAll("pre code")) code.textContent = code.textContent.trimEnd();
    for (const node of root.querySelectorAll("br")) node.replaceWith("\n"); // a soft break is a line break
    for (const node of root.querySelectorAll("*")) {
      for (const name of node.getAttributeNames()) if (name !== "href" && name !== "start") node.removeAttribute(name);
      if (node.href) node.setAttribute("href", node.href); // percent-encoded alike
    }
    root.normalize();
    return root.innerHTML.replace(/\s*\n\s*/g, "\n").replace(/\n?(<\/?(?:p|ul|ol|li|blockquote|pre|h\d|hr)\b[^>]*>)\n?/g, "$1").trim();
  };
  const render = async (markdown) => {
    const root = document.createElement("div");
    new MarkdownStream(root).finish(markdown);
    return root;
  };
  await render("&copy;"); // loads the list of character references
  await new Promise((done) => setTimeout(done, 100));
  const differ = {};
  for (const [index, { markdown, html, section }] of commonmark.entries()) {
    const expected = new DOMParser().parseFromString(html, "text/html").body;
    if (normalize(await render(markdown)) !== normalize(expected)) (differ[section] ??= []).push(index + 1);
  }
  return { differ, count: commonmark.length };
}
