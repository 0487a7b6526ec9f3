"""Publishing of the page to its bucket."""

import re
from pathlib import Path
from typing import cast

import pytest

from cdk.assets.page import BuildError
from seoyeon.local import page
from seoyeon.local.ministack.client import MiniStackClient
from seoyeon.terminal.errors import CommandError


class Bucket:
    """A fake of MiniStack's S3."""

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


def test_the_bucket_holds_the_page_and_its_config_and_nothing_else() -> None:
    bucket = Bucket("index.html", "assets/main-OLD.js")
    page.publish(cast(MiniStackClient, bucket), "bucket", "{}", page.build())
    objects = bucket.objects
    markup, kind, kept = objects["index.html"]
    assert "서연".encode() in markup
    assert (kind, kept) == ("text/html; charset=utf-8", "no-cache")
    assert objects["config.json"] == (b"{}", "application/json", "no-cache")
    assert "assets/main-OLD.js" not in objects
    scripts = [found for key, found in objects.items() if re.match(r"assets/.+\.js$", key)]
    worker = objects["service-worker.js"]
    assert worker[1:] == ("text/javascript; charset=utf-8", "no-cache")
    assert {found[1:] for found in scripts} == {
        ("text/javascript; charset=utf-8", "public, max-age=31536000, immutable")
    }


def test_a_page_that_cannot_be_built_ends_the_run_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(folder: Path) -> None:
        raise BuildError("main.js:1: Expected ;")

    monkeypatch.setattr(page, "build_page", fail)
    with pytest.raises(CommandError, match=r"could not be built: main\.js:1"):
        page.build()


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
