"""What the consumer brings along: its model and the issuers it knows."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.entities.issuers import Issuer
from pipeline.store.connection import Connection, transaction
from sql import queries

_SQL = queries("ingest")


def register_model(
    link: Connection, model_id: str, weights_digest: str, manifest: Mapping[str, Any]
) -> None:
    """Make a model known, so that every score's model_id can be traced. Can be done twice."""
    with transaction(link) as cursor:
        cursor.execute(
            _SQL["register_model"],
            {
                "model_id": model_id,
                "weights_digest": weights_digest,
                "manifest": json.dumps(manifest),
            },
        )


def put_issuers(link: Connection, issuers: Sequence[Issuer]) -> None:
    """Bring entity, security and entity_alias to the issuer lists. Can be done twice.

    Codes and spellings that a listed issuer has no more go; issuers that are in no list any more
    stay, because what was stored names them.
    """
    coded = [
        (item.entity_id, position, security)
        for item in issuers
        for position, security in enumerate(item.securities)
    ]
    spelled = [(item, lang, alias) for item in issuers for lang, alias in item.aliases()]
    listed = [item.entity_id for item in issuers]
    spellings = {
        "ids": [item.entity_id for item, _, _ in spelled],
        "langs": [lang for _, lang, _ in spelled],
        "aliases": [alias for _, _, alias in spelled],
    }
    codes = [security.code for _, _, security in coded]
    with transaction(link) as cursor:
        cursor.execute(
            _SQL["put_entities"],
            {
                "ids": listed,
                "kinds": [item.kind for item in issuers],
                "names_en": [item.name_en or item.name_zh for item in issuers],
                "names_zh": [item.name_zh or item.name_en for item in issuers],
                "sectors": [item.sector or None for item in issuers],
                "parents": [item.parent or None for item in issuers],
            },
        )
        cursor.execute(_SQL["drop_securities"], {"ids": listed, "codes": codes})
        cursor.execute(
            _SQL["put_securities"],
            {
                "codes": codes,
                "ids": [entity_id for entity_id, _, _ in coded],
                "positions": [position for _, position, _ in coded],
                "begins": [security.valid_from for _, _, security in coded],
                "ends": [security.valid_to for _, _, security in coded],
            },
        )
        cursor.execute(_SQL["drop_aliases"], {**spellings, "listed": listed})
        cursor.execute(_SQL["put_aliases"], spellings)
