"""Where the index folder lies when nobody says otherwise."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "NELM_INDEX"


def index_folder() -> Path:
    """Return ``NELM_INDEX``, else ``var/index`` of a checkout, else a folder in the platform's user data.

    The environment is read here, beside the settings of the service, because a program that imports the assistant and a
    cold question at the terminal load no settings.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser()
    checkout = Path(__file__).parent.parent
    if (checkout / "pyproject.toml").is_file():
        return checkout / "var" / "index"
    from platformdirs import user_data_path

    return user_data_path("nelm", appauthor=False) / "index"
