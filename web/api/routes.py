"""All routes of the API, over one open assistant and one store."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.routing import APIRoute

from assistant.assistant import Assistant
from web.api.asking import asking_router
from web.api.batches import batch_router
from web.api.conversations import conversation_router
from web.api.description import PREFIX, describe
from web.api.explanations import explanation_router
from web.api.facts import fact_router
from web.api.knowledge import knowledge_router
from web.api.outcomes import outcome_router
from web.api.rules import rule_router
from web.api.sources import source_router
from web.api.turns import turn_router
from web.store.keeping import Keeping


def include_api(app: FastAPI, assistant: Assistant, store: Keeping) -> None:
    """Add the routes to an application, and their description."""
    for tag, routers in {
        "answers": (asking_router(assistant, store), batch_router(assistant)),
        "patients": (explanation_router(assistant), fact_router(assistant), rule_router(assistant)),
        "conversations": (conversation_router(store, assistant.patients.book), turn_router(assistant, store)),
        "the review": (source_router(assistant), outcome_router(assistant), knowledge_router(assistant)),
    }.items():
        for router in routers:
            app.include_router(router, prefix=PREFIX, tags=[tag], generate_unique_id_function=_name)
    describe(app, assistant)


def _name(route: APIRoute) -> str:
    return route.name
