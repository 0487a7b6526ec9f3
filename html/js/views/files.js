import { t } from "../text.js";

/** Reply in words to a pasted picture or a dropped file. Without that, the browser would leave the page for the file. */
export function refuseFiles(status) {
  const refuse = (event) => {
    event.preventDefault();
    status.alert(t("noFiles"));
  };
  addEventListener("dragover", (event) => hasFiles(event.dataTransfer) && event.preventDefault());
  addEventListener("drop", (event) => hasFiles(event.dataTransfer) && refuse(event));
  document.addEventListener("paste", (event) => {
    const isText = event.clipboardData.types.includes("text/plain"); // a table comes with a picture of it
    if (hasFiles(event.clipboardData) && !isText) refuse(event);
  });
}

function hasFiles({ types }) {
  return types.includes("Files");
}
