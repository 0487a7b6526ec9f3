"""The page's bucket after a run has filled it."""

from pathlib import Path
from typing import cast

import pytest

from local import page
from local.cloud import Cloud


class Bucket:
    """Stands for MiniStack's S3."""

    def __init__(self, *keys: str) -> None:
        self.objects = dict.fromkeys(keys, (b"old", "", ""))

    def object_keys(self, bucket: str) -> set[str]:
        return set(self.objects)

    def put_object(
        self, bucket: str, key: str, body: bytes, content_type: str, cache_control: str
    ) -> None:
        self.objects[key] = (body, content_type, cache_control)

    def delete_objects(self, bucket: str, keys: set[str]) -> None:
        for key in keys:
            del self.objects[key]


def test_the_bucket_holds_the_folder_and_the_config_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "index.html").write_text("서연")
    (tmp_path / "js" / "main.js").write_text("")
    (tmp_path / ".DS_Store").write_text("")
    bucket = Bucket("index.html", "js/gone.js")
    page.publish(cast(Cloud, bucket), "bucket", tmp_path, "{}")
    assert bucket.objects == {
        "index.html": ("서연".encode(), "text/html; charset=utf-8", "no-cache"),
        "js/main.js": (b"", "text/javascript; charset=utf-8", "no-cache"),
        "config.json": (b"{}", "application/json", "no-cache"),
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/b.css", "text/css; charset=utf-8"),
        ("icon.SVG", "image/svg+xml"),
        ("marked.LICENSE", "application/octet-stream"),
    ],
)
def test_a_file_gets_the_type_that_nosniff_needs(name: str, expected: str) -> None:
    assert page.content_type(name) == expected
