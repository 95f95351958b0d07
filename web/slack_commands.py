"""Commands of the Slack bot: its manifest, and whether it is set up."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

slack = typer.Typer(
    help="The Slack bot: set it up, see what is missing.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


@slack.command()
def manifest(
    *,
    public_url: Annotated[
        str, typer.Option(envvar="NELM_PUBLIC_URL", help="Where Slack reaches the service.", show_default=False)
    ] = "",
    socket_mode: Annotated[bool, typer.Option("--socket-mode", help="For a server that Slack cannot reach.")] = False,
) -> None:
    """Print the app manifest to paste at api.slack.com/apps."""
    from web.cli import UsageError
    from web.slack.manifest import manifest as made

    if not socket_mode and not public_url.startswith("https://"):
        raise UsageError("give --public-url https://…, or --socket-mode")
    sys.stdout.write(made(public_url, socket_mode=socket_mode) + "\n")


@slack.command()
def check() -> None:
    """Look at settings, token, scopes, and whether Slack reaches the service; say what is wrong."""
    from web.settings import load_settings
    from web.slack.checking import findings
    from web.slack.errors import SlackCheckError

    wrong = 0
    for finding in findings(load_settings()):
        sys.stdout.write(f"wrong  {finding.what}: {finding.wrong}\n" if finding.wrong else f"ok     {finding.what}\n")
        wrong += bool(finding.wrong)
    if wrong:
        raise SlackCheckError(f"{wrong} {'things are' if wrong > 1 else 'thing is'} wrong")
