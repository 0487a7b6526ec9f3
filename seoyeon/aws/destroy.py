"""Removes a stage; what holds data goes only if that is asked for, and confirmed by its name."""

import asyncio
from collections.abc import Callable, Sequence

from seoyeon.aws.cdk_cli import Tool
from seoyeon.aws.retained import Leftovers, Remain
from seoyeon.aws.target import Place
from seoyeon.terminal.errors import RunError
from seoyeon.terminal.progress import Progress


async def destroy(
    place: Place,
    cdk: Tool,
    remains: Leftovers,
    progress: Progress,
    *,
    data_too: bool,
    ask: Callable[[str], str],
) -> list[str]:
    """What there is to say at the end. RunError if the confirmation is not the stage's name."""
    kept = await asyncio.to_thread(_kept, place, remains)
    if data_too:
        _confirm(place, kept, ask)
    await cdk.synthesize(progress)
    stacks = [place.stacks.service] + ([place.stacks.data] if data_too else [])
    for stack in stacks:
        with progress.step(f"Removing {stack}"):
            await cdk.destroy(stack)
    if not data_too:
        return _farewell(place, kept)
    left = []
    for remain in kept:
        with progress.step(f"Deleting {remain}"):
            if not await asyncio.to_thread(remains.delete, remain):
                left.append(remain)
    return [f"Left, to be deleted by hand: {remain}" for remain in left] or ["All of it is gone."]


def _kept(place: Place, remains: Leftovers) -> list[Remain]:
    return [remain for stack in place.stacks for remain in remains.of(stack)]


def _confirm(place: Place, kept: Sequence[Remain], ask: Callable[[str], str]) -> None:
    for remain in kept:
        print(f"Will be deleted for good: {remain}")
    try:
        answer = ask(f"Type the stage's name, {place.stage}, to delete all of its data: ")
    except EOFError:
        answer = ""
    if answer.strip() != place.stage:
        raise RunError("Nothing was deleted.")


def _farewell(place: Place, kept: Sequence[Remain]) -> list[str]:
    if not kept:
        return ["Nothing of it is left."]
    return [
        *(f"Kept: {remain}" for remain in kept),
        f"Stack {place.stacks.data} stays with it, and the next deployment goes on with both.",
        f"To delete the conversations for good: make destroy STAGE={place.stage} DATA=delete",
    ]
