"""The CDK app, as `cdk synth`, `cdk deploy` and `make run` execute it."""

import sys

from aws_cdk import App

from cdk.application import build_app
from cdk.assets.functions import BundleError
from cdk.assets.page import BuildError
from cdk.settings import SettingsError

if __name__ == "__main__":
    app = App()
    try:
        build_app(app)
    except (SettingsError, BundleError, BuildError) as error:
        # A traceback would hide the remedy that the message names.
        sys.exit(f"Error: {error}")
    app.synth()
