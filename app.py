"""The CDK entry point: `cdk synth`, `cdk deploy` and the local run all start here."""

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
        # A traceback would hide what the deployer has to do.
        sys.exit(f"Error: {error}")
    app.synth()
