"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

IndexOption = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads it at run time
    typer.Option("--index", envvar="NELM_INDEX", help="The index folder.", show_default=False),
]
Database = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--database", envvar="NELM_DATABASE_URL", help="URL of the database.", show_default=False),
]
