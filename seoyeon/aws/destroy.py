"""The command `destroy`: data is deleted only on request, confirmed by the stage's name."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from seoyeon.aws.cdk_cli import Cdk
from seoyeon.aws.preflight.checks import Preflight
from seoyeon.aws.preflight.report import require_target
from seoyeon.aws.retained import RetainedResource, StackResources
from seoyeon.aws.session import client, connect
from seoyeon.aws.target import DeploymentTarget
from seoyeon.terminal.errors import CommandError
from seoyeon.terminal.progress import Progress


async def destroy_stage(
    context: Sequence[str], environ: Mapping[str, str], *, delete_data: bool
) -> None:
    """Delete the stage's stacks, and print which resources remain.

    Raises CommandError before any change if the account cannot be used or the user does not
    confirm.
    """
    progress = Progress()
    preflight = Preflight(context, environ, connect())
    with progress.step("Checking the account"):
        await asyncio.to_thread(preflight.check_target)
    target = require_target(preflight)
    resources = StackResources(lambda service: client(service, target.region))
    cdk = Cdk(target, environ)
    for line in await destroy(target, cdk, resources, progress, delete_data=delete_data, ask=input):
        print(line)


async def destroy(
    target: DeploymentTarget,
    cdk: Cdk,
    resources: StackResources,
    progress: Progress,
    *,
    delete_data: bool,
    ask: Callable[[str], str],
) -> list[str]:
    """Delete the service stack, and with `delete_data` the data stack and its data.

    Returns the lines to print. Raises CommandError if the answer of `ask` is not the stage's name.
    """
    retained = await asyncio.to_thread(
        lambda: [
            resource for stack in target.stacks for resource in resources.retained_resources(stack)
        ]
    )
    if delete_data:
        _confirm(target, retained, ask)
    await cdk.synthesize(progress)
    stacks = [target.stacks.service] + ([target.stacks.data] if delete_data else [])
    for stack in stacks:
        with progress.step(f"Deleting {stack}"):
            await cdk.destroy(stack)
    if not delete_data:
        return _kept(target, retained)
    not_deleted = []
    for resource in retained:
        with progress.step(f"Deleting {resource}"):
            if not await asyncio.to_thread(resources.delete, resource):
                not_deleted.append(resource)
    return [
        f"Not deleted: {resource}. Delete it in the AWS console." for resource in not_deleted
    ] or ["Everything has been deleted."]


def _confirm(
    target: DeploymentTarget, retained: Sequence[RetainedResource], ask: Callable[[str], str]
) -> None:
    for resource in retained:
        print(f"Will be deleted for good: {resource}")
    try:
        answer = ask(f"Type the stage's name, {target.stage}, to delete all of its data: ")
    except EOFError:
        answer = ""
    if answer.strip() != target.stage:
        raise CommandError("Nothing was deleted: the answer was not the stage's name.")


def _kept(target: DeploymentTarget, retained: Sequence[RetainedResource]) -> list[str]:
    if not retained:
        return ["Everything has been deleted."]
    return [
        *(f"Kept: {resource}" for resource in retained),
        f"The stack {target.stacks.data} is kept too; the next deployment continues with its data.",
        f"To delete the conversations for good: make destroy STAGE={target.stage} DATA=delete",
    ]
