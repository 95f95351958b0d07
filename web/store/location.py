"""Where the database lies when nobody says otherwise."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path

FILE = "conversations.sqlite3"


def database_url(named: str | None = None) -> str:
    """Return the URL named, else that of a file in ``var`` of a checkout or in the platform's user data."""
    return named or f"sqlite:///{_folder() / FILE}"


def _folder() -> Path:
    checkout = Path(__file__).parent.parent.parent
    if (checkout / "pyproject.toml").is_file():
        return checkout / "var"
    return user_data_path("nelm", appauthor=False)
