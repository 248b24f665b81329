"""Which story each new article joins, decided so that two consumers at once agree."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import numpy as np

from pipeline.store.connection import Cursor, rows
from pipeline.store.rows import RevisionRow, StoryRow
from pipeline.stories import REACH, SAME_STORY, Signature, band_keys, similarity
from sql import queries

_SQL = queries("stories")


@dataclass
class _Group:
    """Articles of one batch that tell one story; the first speaks for them."""

    leader: RevisionRow
    story: StoryRow
    keys: list[int]
    members: list[RevisionRow] = field(default_factory=list)

    @property
    def first_at(self) -> datetime:
        return min(item.occurred_at for item in self.members)

    @property
    def last_at(self) -> datetime:
        return max(item.occurred_at for item in self.members)


@dataclass(frozen=True)
class Stored:
    """A story as it is in the database."""

    # The story that stands, and the signature of the one asked for, which may be merged into it.
    story_id: UUID
    signature: Signature
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Assignment:
    """Where a batch's new articles went."""

    # Story of every article that was given.
    story_of: dict[UUID, UUID]
    # Stories that got their first article here.
    new: frozenset[UUID]
    # Stories that were there and got another article, or were merged with one.
    joined: frozenset[UUID]


def assign(
    cursor: Cursor, articles: Sequence[RevisionRow], revised: Iterable[UUID] = ()
) -> Assignment:
    """Join each scored new article to its story, or begin one; rows of `story` are written.

    Inserting the near-duplicate keys makes a second writer of the same story wait for the first;
    a newcomer that matches several stories merges them into the oldest. `revised` are stories of
    which an article changed: they are locked with the others, and nobody merges them meanwhile.
    """
    groups = _groups(articles)
    stored = _stored(cursor, groups, revised)
    story_of: dict[UUID, UUID] = {}
    fresh: list[_Group] = []
    joined: dict[UUID, list[_Group]] = defaultdict(list)
    merges: dict[UUID, UUID] = {}
    for group in groups:
        matches = sorted(
            (item for item in stored.get(group.leader.article_id, ()) if _same(group, item)),
            key=lambda item: (item.first_at, item.story_id),
        )
        target = group.leader.article_id
        if matches:
            target = root(merges, matches[0].story_id)
            for other in (root(merges, item.story_id) for item in matches[1:]):
                if other != target:
                    merges[other] = target
            joined[target].append(group)
        else:
            fresh.append(group)
        story_of |= {item.article_id: target for item in group.members}
    story_of = {article: root(merges, story) for article, story in story_of.items()}
    joined_final: dict[UUID, list[_Group]] = defaultdict(list)
    for story, found in joined.items():
        joined_final[root(merges, story)] += found
    _write(cursor, fresh, joined_final, merges)
    return Assignment(
        story_of,
        frozenset(group.leader.article_id for group in fresh),
        frozenset(joined_final),
    )


def root(merges: Mapping[UUID, UUID], story_id: UUID) -> UUID:
    """Where a story is in the end."""
    while story_id in merges:
        story_id = merges[story_id]
    return story_id


def _language(lang: str) -> str:
    """Scripts of one language share stories only where the characters agree."""
    return lang.partition("-")[0]


def _groups(articles: Sequence[RevisionRow]) -> list[_Group]:
    groups: list[_Group] = []
    by_key: dict[tuple[str, int], _Group] = {}
    for item in sorted(articles, key=lambda row: (row.occurred_at, row.article_id)):
        if item.story is None:
            raise ValueError("only scored articles join stories")
        keys = band_keys(item.story.signature)
        lang = _language(item.lang)
        seen = {id(found): found for key in keys if (found := by_key.get((lang, key)))}
        home = next(
            (
                group
                for group in seen.values()
                if item.occurred_at - group.last_at <= REACH
                and similarity(group.story.signature, item.story.signature) >= SAME_STORY
            ),
            None,
        )
        if home is None:
            home = _Group(item, item.story, keys)
            groups.append(home)
            for key in keys:
                by_key.setdefault((lang, key), home)
        home.members.append(item)
    return groups


def _stored(
    cursor: Cursor, groups: Sequence[_Group], revised: Iterable[UUID]
) -> dict[UUID, list[Stored]]:
    """Stories in the database that share a key with a group's leader, by leader."""
    holders = _holders(cursor, groups)
    stories = standing(cursor, {*holders.values(), *revised})
    found: dict[UUID, dict[UUID, Stored]] = defaultdict(dict)
    for group in groups if holders else ():
        for key in group.keys:
            holder = holders.get((_language(group.leader.lang), key))
            if holder in stories:
                found[group.leader.article_id][holder] = stories[holder]
    return {leader: list(some.values()) for leader, some in found.items()}


def _holders(cursor: Cursor, groups: Sequence[_Group]) -> dict[tuple[str, int], UUID]:
    """Whose the keys of the groups are, where they are another story's; the others are taken."""
    wanted: dict[tuple[str, int], _Group] = {}
    for group in groups:
        for key in group.keys:
            wanted.setdefault((_language(group.leader.lang), key), group)
    if not wanted:
        return {}
    numbers = {id(group): number for number, group in enumerate(groups, 1)}
    cursor.execute(
        _SQL["take_keys"],
        {
            "langs": [lang for lang, _ in wanted],
            "bands": [band for _, band in wanted],
            "takers": [numbers[id(group)] for group in wanted.values()],
            "story_ids": [group.leader.article_id for group in groups],
            "expire_ats": [group.last_at + REACH for group in groups],
            "reach": REACH,
        },
    )
    return {(row["lang"], row["band_hash"]): row["story_id"] for row in rows(cursor)}


def standing(cursor: Cursor, asked: Iterable[UUID]) -> dict[UUID, Stored]:
    """The stories, locked, that the asked ones are or were merged into."""
    wanted = sorted(set(asked))
    while wanted:
        cursor.execute(_SQL["candidates"], {"story_ids": wanted})
        found = rows(cursor)
        # While this waited for a lock, its holder may have merged the story away.
        if all(row["merged_into"] is None for row in found):
            return {row["asked"]: _read(row) for row in found}
    return {}


def _read(row: dict[str, Any]) -> Stored:
    signed = np.frombuffer(bytes(row["signature"]), dtype="<u4").astype(np.uint32)
    return Stored(row["story_id"], signed, row["first_at"], row["last_at"])


def _same(group: _Group, stored: Stored) -> bool:
    near = stored.first_at - REACH <= group.last_at and group.first_at <= stored.last_at + REACH
    return near and similarity(group.story.signature, stored.signature) >= SAME_STORY


def _write(
    cursor: Cursor,
    fresh: Sequence[_Group],
    joined: dict[UUID, list[_Group]],
    merges: dict[UUID, UUID],
) -> None:
    ordered = sorted(fresh, key=lambda group: group.leader.article_id)
    cursor.execute(
        _SQL["put_stories"],
        {
            "story_ids": [group.leader.article_id for group in ordered],
            "langs": [group.leader.lang for group in ordered],
            "titles": [group.leader.article.title for group in ordered],
            "first_ats": [group.first_at for group in ordered],
            "last_ats": [group.last_at for group in ordered],
            "signatures": [group.story.signature.astype("<u4").tobytes() for group in ordered],
            "vectors": [_vector(group.story) for group in ordered],
            "kinds": [group.story.kind for group in ordered],
            "rares": [_numbers(group.story) for group in ordered],
        },
    )
    groups = sorted((story, group) for story in joined for group in [_Span.of(joined[story])])
    cursor.execute(
        _SQL["stretch_stories"],
        {
            "story_ids": [story for story, _ in groups],
            "first_ats": [span.first_at for _, span in groups],
            "last_ats": [span.last_at for _, span in groups],
        },
    )
    handed = [
        (_language(group.leader.lang), key, group.leader.article_id, story)
        for story, members in joined.items()
        for group in members
        for key in group.keys
    ]
    cursor.execute(
        _SQL["hand_over_keys"],
        {
            "langs": [lang for lang, _, _, _ in handed],
            "bands": [key for _, key, _, _ in handed],
            "losers": [loser for _, _, loser, _ in handed],
            "winners": [winner for _, _, _, winner in handed],
        },
    )
    merge(cursor, merges)


def merge(cursor: Cursor, merges: Mapping[UUID, UUID]) -> None:
    """Make each loser part of its winner; the caller holds all of them, and counts them anew.

    A winner may itself lose. What a loser counted for is marked, and goes; an issuer that only the
    loser names the winner counts for from here on.
    """
    if not merges:
        return
    values = {
        "losers": list(merges),
        "winners": [root(merges, winner) for winner in merges.values()],
    }
    cursor.execute(_SQL["hand_over_signals"], values)
    cursor.execute(_SQL["drop_signals"], {"story_ids": values["losers"]})
    cursor.execute(_SQL["merge_stories"], values)


@dataclass(frozen=True, order=True)
class _Span:
    first_at: datetime
    last_at: datetime

    @classmethod
    def of(cls, groups: Sequence[_Group]) -> "_Span":
        return cls(min(g.first_at for g in groups), max(g.last_at for g in groups))


def _vector(story: StoryRow) -> str | None:
    if story.vector is None:
        return None
    # As pgvector reads it, with as many digits as it keeps.
    return msgspec.json.encode(np.round(story.vector.astype(np.float64), 5).tolist()).decode()


def _numbers(story: StoryRow) -> str | None:
    if story.vector is None:
        return None
    return "{" + ",".join(map(str, sorted(story.rare))) + "}"
