"""Deploys a stage, and ends with the address of the chat."""

import json

from seoyeon.aws.cdk_cli import Tool
from seoyeon.aws.target import Place
from seoyeon.terminal.errors import RunError
from seoyeon.terminal.progress import Progress


async def deploy(place: Place, cdk: Tool, progress: Progress) -> str:
    """The page's URL. RunError names the log of what failed; CloudFormation has then put back
    what there was before."""
    if not place.bootstrapped:
        with progress.step(f"Preparing {place.region} in account {place.account} for the CDK"):
            await cdk.bootstrap()
    await cdk.synthesize(progress)
    with progress.step(f"Deploying {place.stage} to {place.region} in account {place.account}"):
        await cdk.deploy()
    try:
        outputs = json.loads(cdk.outputs_file.read_text(encoding="utf-8"))
        return str(outputs[place.stacks.service]["PageUrl"])
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"The deployment has no PageUrl: see {cdk.outputs_file}") from error
