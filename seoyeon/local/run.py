"""Start, supervision and end of the parts of a laptop run."""

import asyncio
import json
import signal
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from urllib.parse import urlsplit

from cdk.stack_names import DOCUMENTS_OUTPUT
from seoyeon.local import page
from seoyeon.local.deploy import Deployment
from seoyeon.local.ministack import environment
from seoyeon.local.ministack.client import DATA_STACK, MiniStackClient
from seoyeon.local.ministack.server import MiniStack
from seoyeon.local.proxy import Backend, Targets, create_app
from seoyeon.local.serving import serving
from seoyeon.local.settings import Settings
from seoyeon.local.sockets import IPV4, free_port, localhost_sockets, preferred_socket
from seoyeon.local.state import State
from seoyeon.local.warm_up import warm_up
from seoyeon.terminal.errors import CommandError, plain_errors
from seoyeon.terminal.progress import Progress

# The user of a run with AUTH=cognito: MiniStack sends no e-mail, so that signing up is impossible.
# The password is valid on this machine only.
EMAIL, PASSWORD = "person@example.com", "Seoyeon-local-1"


async def serve(settings: Settings) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; every process of the run has ended on return.

    Raises CommandError if a part cannot start or ends unexpectedly.
    """
    with _signals() as stop:
        run = asyncio.create_task(_run(settings))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait((run, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        run.cancel()
        with suppress(asyncio.CancelledError):
            await run


async def _run(settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        sockets = localhost_sockets(settings.port)
        for bound in sockets:
            stack.callback(bound.close)
        state = State.open(settings.state_dir)
        stack.callback(state.close)
        # Both start concurrently. MiniStack stops first: a function that loses its model would
        # store its answer as failed.
        models = await stack.enter_async_context(AsyncExitStack())
        clouds = await stack.enter_async_context(AsyncExitStack())
        url = f"http://localhost:{sockets[0].getsockname()[1]}"
        ministack, targets = await _prepare(settings, url, state, Progress(), models, clouds)
        await stack.enter_async_context(serving(create_app(targets), sockets))
        saving = asyncio.create_task(ministack.save_regularly())
        stack.callback(saving.cancel)
        print(f"Ready: {url}", flush=True)
        status = await ministack.wait()
        raise CommandError(f"MiniStack ended unexpectedly (status {status}): see {ministack.log}")


async def _prepare(
    settings: Settings,
    url: str,
    state: State,
    progress: Progress,
    models: AsyncExitStack,
    clouds: AsyncExitStack,
) -> tuple[MiniStack, Targets]:
    """Start the model and MiniStack concurrently; the deployment needs their ports only."""
    memory = state.recall()
    bound = preferred_socket(memory.get("bedrock_port"))
    models.callback(bound.close)
    bedrock_port = bound.getsockname()[1]
    ministack_port = free_port(memory.get("ministack_port"))
    state.remember(bedrock_port=bedrock_port, ministack_port=ministack_port)
    context = {
        "bedrock_endpoint_url": settings.bedrock_endpoint_url or f"http://{IPV4}:{bedrock_port}",
        "titles": str(settings.titles).lower(),
        "sharing": settings.sharing,
    }
    if settings.auth == "cognito":
        context |= {"auth": "cognito", "local_page_url": url}
    with plain_errors():
        async with asyncio.TaskGroup() as group:
            model = None
            if settings.bedrock_endpoint_url is None:
                model = group.create_task(_start_model(settings.llm, bound, models))
            started = group.create_task(
                _start_cloud(context, ministack_port, state, progress, clouds, model)
            )
    return started.result()


async def _start_model(llm: str, bound: socket.socket, models: AsyncExitStack) -> str:
    """Start the model and return its name."""
    # A run with another endpoint does not import the models.
    from seoyeon.local import model

    return await models.enter_async_context(model.endpoint(llm, bound))


async def _start_cloud(
    context: dict[str, str],
    port: int,
    state: State,
    progress: Progress,
    clouds: AsyncExitStack,
    model: asyncio.Task[str] | None,
) -> tuple[MiniStack, Targets]:
    endpoint_url = f"http://{IPV4}:{port}"
    deployment = Deployment(endpoint_url, state.path, context)
    async with asyncio.TaskGroup() as group:
        built = group.create_task(asyncio.to_thread(page.build))
        connected = group.create_task(asyncio.to_thread(MiniStackClient, endpoint_url))
        if not environment.is_ready():
            group.create_task(deployment.synthesize(progress))
            await _install(progress)
        python = await environment.ensure()
        ministack = await MiniStack.start(python, state.path / "ministack", port)
        clouds.push_async_callback(ministack.stop)
        client = await connected
        outputs = await deployment.ensure(client, progress)
    has_accounts = context.get("auth") == "cognito"
    if has_accounts:
        await asyncio.to_thread(client.ensure_user, EMAIL, PASSWORD)
        print(f"Sign in as {EMAIL} with the password {PASSWORD}", flush=True)
    files = built.result()
    data = await asyncio.to_thread(client.outputs, DATA_STACK) or {}
    published = frozenset(files) | {page.CONFIG}
    targets = _targets(outputs | data, ministack, published, has_accounts)
    bucket, config = outputs["BucketName"], outputs["PageConfig"]
    await asyncio.gather(
        asyncio.to_thread(page.publish, client, bucket, config, files),
        warm_up(targets),
        ministack.save(),
    )
    if model:
        named = json.dumps(json.loads(config) | {"model": await model})
        await asyncio.to_thread(page.publish_config, client, bucket, named)
    return ministack, targets


async def _install(progress: Progress) -> None:
    with progress.step("Installing MiniStack"):
        await environment.ensure()


def _targets(
    outputs: dict[str, str], ministack: MiniStack, page_files: frozenset[str], has_accounts: bool
) -> Targets:
    """Return the back ends; MiniStack finds APIs and distributions by the Host's first label."""
    port = ministack.port
    label = outputs["DistributionDomain"].partition(".")[0]
    rest, socket_api = urlsplit(outputs["RestUrl"]), urlsplit(outputs["WebSocketUrl"])
    localhost = f"localhost:{port}"
    return Targets(
        page_url=outputs["PageUrl"],
        page_files=page_files,
        uploads=Backend(f"{ministack.url}/{outputs[DOCUMENTS_OUTPUT]}", localhost),
        sign_in=Backend(ministack.url, localhost) if has_accounts else None,
        page=Backend(ministack.url, f"{label}.cloudfront.localhost:{port}"),
        history=Backend(
            f"{ministack.url}{rest.path.rstrip('/')}",
            f"{rest.netloc.partition('.')[0]}.execute-api.localhost:{port}",
        ),
        websocket=Backend(
            f"ws://{IPV4}:{port}{socket_api.path}",
            f"{socket_api.netloc.partition('.')[0]}.execute-api.localhost:{port}",
        ),
    )


@contextmanager
def _signals() -> Iterator[asyncio.Event]:
    """Yield an event that the stop signals set; an ignored SIGHUP (nohup) stays ignored."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
