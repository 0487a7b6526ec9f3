"""Synthesize several assemblies in one process, which loads the CDK once.

Run: `python -m tests.infrastructure.synthesize`, with `{folder: context}` as JSON on stdin.
"""

import json
import sys

from aws_cdk import App

from cdk.application import build_app

if __name__ == "__main__":
    for folder, context in json.load(sys.stdin).items():
        app = App(outdir=folder, context=context)
        build_app(app)
        app.synth()
