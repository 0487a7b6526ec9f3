"""The documents against the repository."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_notices_name_each_vendored_library_with_its_version_and_licence() -> None:
    notices = (ROOT / "THIRD_PARTY_NOTICES").read_text(encoding="utf-8")
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    for file in (ROOT / "html" / "vendor").glob("*.js"):
        assert f"{file.stem} {pinned[file.stem]}" in notices
        assert f"html/vendor/{file.name}" in notices
        assert file.with_suffix(".LICENSE").exists()
        assert f"html/vendor/{file.stem}.LICENSE" in notices
