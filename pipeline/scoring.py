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
from pipeline.entities.linker import Linker, Mention
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
        self.tells_events = runtime.tells_events

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
        carriers = self._carriers(
            [text_of(articles[i].title, articles[i].body) for i in wanted],
            [_sentiment(prediction) if prediction else "neutral" for prediction in predicted],
        )
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

    def sentence(self, text: str, sentiment: str) -> Sentence | None:
        """The sentence of `text` that is surest of `sentiment`; None where that is neutral."""
        return self._carriers([text], [sentiment])[0]

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

    def _carriers(self, texts: Sequence[str], sentiments: Sequence[str]) -> list[Sentence | None]:
        """For each text, the sentence surest of its sentiment; none where that is neutral."""
        parts = [
            sentences(text)[:_SENTENCES] if sentiment != "neutral" else []
            for text, sentiment in zip(texts, sentiments, strict=True)
        ]
        flat = [sentence for found in parts for sentence in found]
        answers = iter(self._predict(flat, [()] * len(flat)))
        return [
            _surest(found, answers, sentiment)
            for found, sentiment in zip(parts, sentiments, strict=True)
        ]


def _surest(
    found: Sequence[str], answers: Iterator[Prediction | None], sentiment: str
) -> Sentence | None:
    scored = [(text, next(answers)) for text in found]
    wanted = SENTIMENTS.index(sentiment)
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
