"""The app's manifest: everything Slack has to know of the bot, to be pasted where an app is made."""

from __future__ import annotations

import json
from typing import Any

from web.slack.deliveries import COMMANDS, EVENTS, INTERACTIVITY

SCOPES = ("app_mentions:read", "im:history", "chat:write", "commands")
"""What the bot may do, and nothing wider."""
EVENT_TYPES = ("app_mention", "message.im", "app_home_opened")
COMMAND = "/nelm"


def manifest(public_url: str, *, socket_mode: bool = False) -> str:
    """Return the manifest as JSON.

    Args:
        public_url: Where Slack reaches the service; not needed with Socket Mode.
    """
    return json.dumps(_values(public_url.rstrip("/"), socket_mode=socket_mode), indent=1)


def _values(public_url: str, *, socket_mode: bool) -> dict[str, Any]:
    def reached(kind: str) -> dict[str, str]:
        return {} if socket_mode else {"url": f"{public_url}/slack/{kind}"}

    command = {
        "command": COMMAND,
        "description": "Ask the review; only you see the answer",
        "usage_hint": "Who should not have TACE?",
        "should_escape": True,
        **reached(COMMANDS),
    }
    events = {"request_url": f"{public_url}/slack/{EVENTS}"} if not socket_mode else {}
    interactive = {"request_url": f"{public_url}/slack/{INTERACTIVITY}"} if not socket_mode else {}
    return {
        "display_information": {
            "name": "NELM guideline assistant",
            "description": "Answers from one review of liver-directed treatment of neuroendocrine liver metastases",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "nelm", "always_online": False},
            "slash_commands": [command],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**events, "bot_events": list(EVENT_TYPES)},
            "interactivity": {"is_enabled": True, **interactive},
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket_mode,
            "token_rotation_enabled": False,
        },
    }
