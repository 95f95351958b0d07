"""What can go wrong while an index is built, opened or asked."""

from __future__ import annotations

from corpus.errors import NelmError

_REBUILD = "Run `nelm build` to make the index anew."


class SearchIndexError(NelmError):
    """Root of the index family."""

    code = "index_error"
    hint = _REBUILD


class IndexMissingError(SearchIndexError):
    """There is no index at the place asked for."""

    code = "index_missing"
    hint = "Run `nelm build`, or point NELM_INDEX at a built index folder."


class IndexCorruptError(SearchIndexError):
    """A part of the index is absent, cut short or altered."""

    code = "index_corrupt"


class IndexStaleError(SearchIndexError):
    """The index was built from other knowledge or by another layout of code."""

    code = "index_stale"


class WeightsError(SearchIndexError):
    """The embedding weights cannot be used."""

    code = "weights_invalid"
    hint = "Install the extra `build` with constraints.txt, or set NELM_WEIGHTS to a sentence-transformers folder."
