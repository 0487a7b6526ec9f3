import assert from "node:assert/strict";
import { test } from "node:test";
import { closeFence } from "../../html/js/export.js";

test("a code block that was cut off is closed", () => {
  for (const [cut, whole] of [
    ["```\n코드", "```\n코드\n```"],
    ["```\n코드\n```", "```\n코드\n```"],
    ["~~~~md\n```\n~~~", "~~~~md\n```\n~~~\n~~~~"],
    ["글 ```줄 안``` 글", "글 ```줄 안``` 글"],
    ["```한 줄```", "```한 줄```"],
    ["- 목록\n   ```js\n   x", "- 목록\n   ```js\n   x\n```"],
  ]) {
    assert.equal(closeFence(cut), whole);
  }
});
