"""The commands of `python -m seoyeon`, which is also installed as `seoyeon`.

A command is a function with `@app.command()`: its docstring is its help, and it imports what it
needs when it runs, so that `--help` does not load boto3, aiohttp or a model.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from seoyeon.terminal.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Context = Annotated[
    list[str] | None,
    typer.Option(
        "--context", "-c", metavar="NAME=VALUE", help="Override a setting of cdk.json; repeatable."
    ),
]


@app.callback()
def seoyeon() -> None:
    """Run Seoyeon on this machine, or deploy it to an AWS account.

    The make targets of the same names install what a command needs, then call it.

    \b
    Exit codes:
      0    success
      1    an error, explained on standard error
      2    wrong usage of the command line
      130  interrupted by Ctrl-C
    """


@app.command()
def run() -> None:
    """Serve the chat on this machine until Ctrl-C.

    Deploy the app to a local AWS emulator, start a language model, and print `Ready: <URL>`.
    No AWS account is needed. Ctrl-C exits with 0.

    \b
    Environment variables:
      PORT                  port of the page (default 8080; 0 picks a free one)
      LLM                   auto      Ollama if it runs, else a small downloaded model (default)
                            scripted  fixed answers, no model
                            aws       Amazon Bedrock, with your AWS credentials
                            http://host:port/v1[#model]  an OpenAI-compatible server
                            path/to/model.gguf  a model file
                            kanana, bllossom-3b, qwen3.5-2b, qwen2.5-coder-1.5b  downloaded once
                            hf:owner/name/file.gguf@revision[#sha256]  a file of the hub
      AUTH                  guest (default) or cognito, for accounts
      TITLES                on (default): the model names each conversation; or off
      SHARING               everyone (default), accounts, or off: who may share a conversation
      STATE_DIR             folder for conversations and logs (default .local)
      BEDROCK_ENDPOINT_URL  use this Bedrock endpoint and start no model
      OPENAI_API_KEY        key for an OpenAI-compatible server
      SEOYEON_CACHE_DIR     folder for downloaded models
      HF_ENDPOINT           mirror of huggingface.co to download models from
      HF_TOKEN              token for gated models

    \b
    Examples:
      python -m seoyeon run
      PORT=8081 LLM=scripted python -m seoyeon run
    """
    import logging

    from seoyeon.local.run import serve
    from seoyeon.local.settings import Settings

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    asyncio.run(serve(Settings.from_env(os.environ)))


@app.command()
def deploy(context: Context = None) -> None:
    """Deploy to an AWS account; print the URL and a command that asks a first question.

    The account is that of the current credentials. The checks of `doctor` run first; a problem
    that would stop the deployment ends the command before it changes anything. The output of the
    CDK CLI goes to cdk.out/<stage>.log.

    \b
    Examples:
      python -m seoyeon deploy
      AWS_PROFILE=team python -m seoyeon deploy -c stage=test -c log_days=7
    """
    from seoyeon.aws.deploy import deploy_stage

    with _cloudformation_continues():
        asyncio.run(deploy_stage(context or [], os.environ))


@app.command()
def destroy(
    context: Context = None,
    data: Annotated[
        Literal["keep", "delete"],
        typer.Option(help="Keep the conversations and accounts, or delete them for good."),
    ] = "keep",
) -> None:
    """Remove a deployment from AWS; keep its data.

    `--data delete` asks you to type the stage's name before anything is deleted.

    \b
    Examples:
      python -m seoyeon destroy -c stage=test
      python -m seoyeon destroy -c stage=test --data delete
    """
    from seoyeon.aws.destroy import destroy_stage

    with _cloudformation_continues():
        asyncio.run(destroy_stage(context or [], os.environ, delete_data=data == "delete"))


@app.command()
def doctor(context: Context = None) -> None:
    """Check credentials, region, models and quotas; change nothing.

    Each problem comes with a command that solves it or shows more. The exit code is 1 if
    something would stop a deployment or a first chat.

    \b
    Examples:
      python -m seoyeon doctor
      python -m seoyeon doctor -c stage=test
    """
    from seoyeon.aws.doctor import check_account

    raise typer.Exit(check_account(context or [], os.environ))


@app.command()
def chat(
    url: Annotated[str, typer.Argument(help="The page of a deployment.")] = "http://localhost:8080",
    question: Annotated[
        str | None, typer.Argument(help="One question, instead of a conversation.")
    ] = None,
    conversation: Annotated[
        str | None, typer.Option(metavar="ID", help="Continue this conversation, or the `last`.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the conversations.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    mode: Annotated[
        Literal["chat", "translate", "grammar", "summary"], typer.Option(help="The task.")
    ] = "chat",
    target_language: Annotated[
        Literal["ko", "en"] | None, typer.Option("--to", help="The language to translate into.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="ID", help="One of the deployment's models.")
    ] = None,
    sign_out: Annotated[bool, typer.Option("--sign-out", help="End an account's session.")] = False,
) -> None:
    """Chat at the terminal, on a laptop or AWS.

    Without a question, it is a conversation; `/help` lists its commands. A question can also come
    from a pipe. Ctrl-C stops an answer; pressed again, it leaves. After a lost connection, the
    answer is resumed. The exit code of a question that was not answered is 1.

    The user is a guest, or signs in to an account by a browser. The secret is in a file of
    ~/.config/seoyeon that other users cannot read.

    \b
    Examples:
      python -m seoyeon chat
      python -m seoyeon chat https://chat.example.com '경주는 어떤 곳이야?'
      git log -5 | python -m seoyeon chat --mode translate --to ko --json
    """
    from seoyeon.chat.chat import Question, Request
    from seoyeon.chat.chat import chat as start

    how = Question(mode, target_language, model, as_json)
    raise typer.Exit(start(Request(url, question, conversation, how, list_, sign_out)))


@app.command()
def end_share(link: str, context: Context = None) -> None:
    """End a link to a shared conversation, for example after a complaint.

    The copy is deleted at once; the conversation stays. The link cannot be restored.

    \b
    Examples:
      python -m seoyeon end-share 'https://chat.example.com/shared.html#KEY'
      python -m seoyeon end-share -c stage=test 'https://chat.example.com/shared.html#KEY'
    """
    from seoyeon.aws.end_share import end_link

    print(end_link(link, context or [], os.environ))


Local = Annotated[
    bool, typer.Option("--local", help="Read the table of `make run` on this machine, not AWS.")
]


@app.command()
def usage(
    context: Context = None,
    days: Annotated[int, typer.Option(min=1, max=400, help="Number of days, until today.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    local: Local = False,
) -> None:
    """Print answers, tokens and estimated dollars by day, model and user.

    A day begins at midnight in Korea. Users are the ten largest of the last 30 days, each named by
    the first 16 digits of the SHA-256 of the user id.

    \b
    Examples:
      python -m seoyeon usage --days 30
      python -m seoyeon usage -c stage=test --json
      python -m seoyeon usage --local
    """
    import json
    import time

    from seoyeon.reports.usage import read, show

    report = read(_open_table(context, local=local), days, time.time())
    if as_json:
        print(json.dumps(report, indent=2))
    else:
        show(report)


@app.command()
def feedback(
    context: Context = None,
    content: Annotated[
        bool,
        typer.Option("--content", help="Add question and answer where the user has agreed."),
    ] = False,
    local: Local = False,
) -> None:
    """Print the users' ratings of answers as lines of JSON, oldest first.

    \b
    Examples:
      python -m seoyeon feedback > feedback.jsonl
      python -m seoyeon feedback -c stage=test --content
      python -m seoyeon feedback --local
    """
    import time

    from seoyeon.reports.feedback import read_lines

    table = _open_table(context, local=local)
    for line in read_lines(table, time.time(), with_content=content):
        print(line)


def _open_table(context: list[str] | None, *, local: bool) -> "Table":
    if local:
        from seoyeon.local.table import open_table as open_local_table

        return open_local_table(os.environ)
    from seoyeon.aws.data import open_table

    return open_table(context or [], os.environ)[0]


@app.command("eval")
def evaluate(
    url: Annotated[str, typer.Argument(help="Address of the page.")] = "http://localhost:8080",
    items: Annotated[int | None, typer.Option(min=1, help="Ask this many, of all kinds.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Ask one kind; repeatable.")] = None,
    split: Annotated[
        Literal["all", "open", "held-out"],
        typer.Option(help="Items that a prompt may be tuned on, or that it never is."),
    ] = "all",
    repeats: Annotated[int, typer.Option(min=1, help="How often to ask each item.")] = 3,
    model: Annotated[str | None, typer.Option(help="Id of one of the page's models.")] = None,
    parallel: Annotated[int, typer.Option(min=1, help="Conversations at the same time.")] = 1,
    file: Annotated[
        list[Path] | None, typer.Option(help="Items of this file, not of eval/; repeatable.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder of the answers; an existing one is resumed.")
    ] = None,
    rescore: Annotated[
        bool, typer.Option("--rescore", help="Apply the rules to the answers in --output.")
    ] = False,
    compare: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Print two results side by side.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask no question about the cost.")] = False,
) -> None:
    """Measure the answers of a deployment by rules, without a model as judge.

    The items of eval/ are asked over the WebSocket, as a guest or with the account of
    `python -m seoyeon chat`. Answers, report.md and result.json go to .local/eval/<time>.

    \b
    Examples:
      python -m seoyeon eval --items 26 --repeats 1
      python -m seoyeon eval https://chat.example.com --parallel 4
      python -m seoyeon eval --output .local/eval/before --rescore
      python -m seoyeon eval --compare .local/eval/before .local/eval/after
    """
    from seoyeon.eval import run

    if compare:
        run.compare(*compare)
        return
    options = run.Options(
        url, file or (), items, kind or (), split, repeats, model, parallel, output, rescore, yes
    )
    try:
        asyncio.run(run.run_evaluation(options))
    except KeyboardInterrupt:  # the answers so far are stored
        raise typer.Exit(130) from None


@contextmanager
def _cloudformation_continues() -> Iterator[None]:
    """Explain on Ctrl-C that an operation of CloudFormation cannot be interrupted from here."""
    try:
        yield
    except KeyboardInterrupt:
        message = "Interrupted. CloudFormation will finish the operation it has started."
        print(message, file=sys.stderr)
        raise typer.Exit(130) from None


def main() -> None:
    """Run the command line, and print a CommandError as one line instead of a traceback."""
    try:
        app()
    except CommandError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(1)
