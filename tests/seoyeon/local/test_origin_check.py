"""The origin check of servers on loopback."""

import pytest

from seoyeon.local import origin_check


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080", "a.localhost:1"])
@pytest.mark.parametrize("origin", [None, "http://localhost:3000", "http://127.0.0.1"])
def test_this_machine_may(host: str, origin: str | None) -> None:
    assert origin_check.allows(host, origin)


@pytest.mark.parametrize(
    "host", [None, "", "evil.example", "localhost.evil.example", "notlocalhost", "10.0.0.1", "[::1"]
)
def test_a_rebound_name_may_not(host: str | None) -> None:
    assert not origin_check.allows(host, None)


@pytest.mark.parametrize("origin", ["null", "", "https://evil.example", "http://127.0.0.1.evil.io"])
def test_another_site_may_not(origin: str) -> None:
    assert not origin_check.allows("localhost:8080", origin)
