"""The command `deploy`."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from cdk.assets.functions import find_compiler
from cdk.capacity import LAMBDA_PYTHON
from seoyeon.aws.cdk_cli import Cdk
from seoyeon.aws.preflight.checks import Preflight
from seoyeon.aws.preflight.report import require_target
from seoyeon.aws.session import connect
from seoyeon.aws.target import DeploymentTarget
from seoyeon.terminal.errors import CommandError
from seoyeon.terminal.progress import Progress


async def deploy_stage(context: Sequence[str], environ: Mapping[str, str]) -> None:
    """Run the preflight checks, deploy, and print the page's URL and a smoke test.

    Raises CommandError before any change if a check finds a problem that stops the deployment.
    """
    progress = Progress()
    preflight = Preflight(context, environ, connect())
    with progress.step("Checking the account"):
        await asyncio.to_thread(preflight.check_target)
        if not preflight.stops_deploy:
            await asyncio.to_thread(preflight.check_service, datetime.now(UTC))
    target = require_target(preflight)
    url = await deploy(target, Cdk(target, environ), progress)
    if target.alarm_email:
        print(f"AWS sends an e-mail to {target.alarm_email}: confirm it to receive alarms.")
    print(f"Ready: {url}")
    print(f"Ask a first question: URL={url} QUESTION='안녕하세요?' make chat")


async def deploy(target: DeploymentTarget, cdk: Cdk, progress: Progress) -> str:
    """Deploy both stacks and return the page's URL.

    Raises CommandError with the log's path if a step fails; CloudFormation then rolls back.
    """
    if not target.bootstrapped:
        with progress.step(f"Preparing {target.region} in account {target.account} for the CDK"):
            await cdk.bootstrap()
    # The CDK's output goes to its log; a note that the functions stay uncompiled belongs here.
    await asyncio.to_thread(find_compiler, LAMBDA_PYTHON)
    await cdk.synthesize(progress)
    with progress.step(f"Deploying {target.stage} to {target.region} in account {target.account}"):
        await cdk.deploy()
    try:
        outputs = json.loads(cdk.outputs_file.read_text(encoding="utf-8"))
        return str(outputs[target.stacks.service]["PageUrl"])
    except (OSError, ValueError, KeyError) as error:
        raise CommandError(
            f"The stack {target.stacks.service} has no output PageUrl: see {cdk.outputs_file}"
        ) from error
