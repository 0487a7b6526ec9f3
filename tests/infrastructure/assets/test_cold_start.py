"""Each start of `python -m bench.cold_start` runs in the package of its function."""

import sys

import pytest

from bench.cold_start import Start, starts
from cdk.assets.functions import ROOT, bundle_function
from tests.infrastructure.conftest import THIS_MACHINE


@pytest.mark.parametrize("start", starts(), ids=lambda start: start.name)
def test_each_measured_start_runs(start: Start) -> None:
    package = bundle_function(ROOT / start.folder, THIS_MACHINE)
    assert start.cpu_seconds(sys.executable, package) > 0


def test_every_function_is_measured() -> None:
    measured = {start.name for start in starts()}
    assert measured >= {
        "authorizer",
        "authorizer.sign_up_entry",
        "chat_ws.failure",
        "chat_ws.routes",
        "chat_ws.worker",
        "history_api",
    }
