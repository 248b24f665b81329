"""Articles to scored articles: language, entities, topic, sentiment, and the telling sentence."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from models.labels import SENTIMENTS, TOPICS
from models.mentions import Spans
from models.runtime.protocol import Prediction, Runtime
from models.segments import sentence_spans
from pipeline import language
from pipeline.entities import Linker, Mention
from pipeline.messages import RawArticle

# Sentences looked at when the one that carries the sentiment is sought.
_SENTENCES: Final = 8
_LEAD_CHARACTERS: Final = 1_200


class Unsupported(Exception):
    """The text is in a language that is not scored; it is stored, and never guessed."""

    def __init__(self, lang: str) -> None:
        super().__init__(lang)
        self.lang = lang


class DeadLetter(Exception):
    """This one record can never be scored; the text is the cause."""


@dataclass(frozen=True)
class Sentence:
    """The sentence that carries an article's sentiment."""

    text: str
    # In the order of SENTIMENTS.
    sentiment_probs: tuple[float, ...]


@dataclass(frozen=True)
class ScoredArticle:
    """What the classifier says of one fetched version of an article."""

    article: RawArticle
    # As detected: en, zh-Hans, zh-Hant or zh.
    lang: str
    prediction: Prediction
    # None where the article is neutral.
    sentence: Sentence | None
    # What the prediction was asked about, in the same order.
    mentions: tuple[Mention, ...]

    @property
    def topic(self) -> str:
        """The most probable topic."""
        return TOPICS[_argmax(self.prediction.topic_probs)]

    @property
    def sentiment(self) -> str:
        """The most probable sentiment."""
        return SENTIMENTS[_argmax(self.prediction.sentiment_probs)]


Outcome = ScoredArticle | Unsupported | DeadLetter


def text_of(title: str, body: str) -> str:
    """What an article is taken to say where its entities do not matter: headline and lead."""
    return f"{title}\n{body[:_LEAD_CHARACTERS]}".strip()


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order, blanks removed."""
    return [text[start:end] for start, end in sentence_spans(text)]


class Scorer:
    """One loaded classifier and one compiled issuer list."""

    def __init__(self, runtime: Runtime, linker: Linker) -> None:
        self._runtime = runtime
        self._linker = linker
        self.model_id = runtime.model_id
        self.weights_digest = runtime.weights_digest

    def score(self, articles: Sequence[RawArticle]) -> list[Outcome]:
        """One outcome an article, in order. A text that breaks the model takes no other with it."""
        langs = [language.detect(text_of(item.title, item.body)) for item in articles]
        wanted = [i for i, lang in enumerate(langs) if lang in language.SUPPORTED]
        mentions = {
            i: tuple(self._linker.link(articles[i].title, articles[i].body)) for i in wanted
        }
        predicted = self._predict(
            # The linker's spans count the characters of the two put together so.
            [f"{articles[i].title}\n{articles[i].body}" for i in wanted],
            [[mention.spans for mention in mentions[i]] for i in wanted],
        )
        predictions = dict(zip(wanted, predicted, strict=True))
        carriers = self._carriers([articles[i] for i in wanted], list(predictions.values()))
        sentence_of = dict(zip(wanted, carriers, strict=True))
        outcomes: list[Outcome] = []
        for i, (item, lang) in enumerate(zip(articles, langs, strict=True)):
            prediction = predictions.get(i)
            if i not in predictions:
                outcomes.append(Unsupported(lang))
            elif isinstance(prediction, Prediction):
                outcomes.append(ScoredArticle(item, lang, prediction, sentence_of[i], mentions[i]))
            else:
                outcomes.append(DeadLetter("the classifier gives no finite answer for this text"))
        return outcomes

    def _predict(
        self, texts: Sequence[str], asked: Sequence[Sequence[Spans]]
    ) -> list[Prediction | None]:
        """Halves a batch that does not fit in memory; None where even one text has no answer."""
        if not texts:
            return []
        try:
            predictions = self._runtime.score(texts, asked)
        except MemoryError:
            if len(texts) == 1:
                return [None]
            half = len(texts) // 2
            return [
                *self._predict(texts[:half], asked[:half]),
                *self._predict(texts[half:], asked[half:]),
            ]
        return [item if _finite(item) else None for item in predictions]

    def _carriers(
        self, articles: Sequence[RawArticle], predictions: Sequence[Prediction | None]
    ) -> list[Sentence | None]:
        """For each article that is not neutral, the sentence surest of the article's sentiment."""
        parts: list[list[str]] = []
        for article, prediction in zip(articles, predictions, strict=True):
            moved = prediction is not None and _sentiment(prediction) != "neutral"
            found = sentences(text_of(article.title, article.body)) if moved else []
            parts.append(found[:_SENTENCES])
        flat = [sentence for found in parts for sentence in found]
        answers = iter(self._predict(flat, [()] * len(flat)))
        return [
            _surest(found, answers, prediction)
            for found, prediction in zip(parts, predictions, strict=True)
        ]


def _surest(
    found: Sequence[str], answers: Iterator[Prediction | None], whole: Prediction | None
) -> Sentence | None:
    scored = [(text, next(answers)) for text in found]
    if whole is None or not scored:
        return None
    wanted = _argmax(whole.sentiment_probs)
    usable = [(text, answer) for text, answer in scored if answer is not None]
    if not usable:
        return None
    text, answer = max(usable, key=lambda pair: pair[1].sentiment_probs[wanted])
    return Sentence(text, answer.sentiment_probs)


def _argmax(values: Sequence[float]) -> int:
    return max(range(len(values)), key=values.__getitem__)


def _sentiment(prediction: Prediction) -> str:
    return SENTIMENTS[_argmax(prediction.sentiment_probs)]


def _finite(prediction: Prediction) -> bool:
    entities = [prob for one in prediction.entities or () for prob in one.sentiment_probs]
    return all(
        map(math.isfinite, (*prediction.topic_probs, *prediction.sentiment_probs, *entities))
    )
