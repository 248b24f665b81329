"""What happened to an alert, step by step, in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipeline.store.delivery import Told
from pipeline.store.shapes import Event
from pipeline.wording.clock import Clock
from pipeline.wording.words import Words

# Who the alerts run is in the events.
ENGINE: Final = "tocsin"


@dataclass(frozen=True)
class Timeline:
    """The steps of alerts in one language, at one time."""

    words: Words
    clock: Clock

    def event(self, event: Event) -> str:
        """One step of an alert's life: what happened, by whom, with its figures."""
        say, detail, what = self.words, event.detail, self.words(f"event.{event.what}")
        if event.actor != ENGINE:
            return self._done(what, event)
        if event.what == "raised" and {"from", "to"} <= detail.keys():
            before, after = (say(f"severity.{detail[side]}") for side in ("from", "to"))
            said = say("event.severity", before=before, after=after)
        elif event.what == "resolved" and detail.get("reason"):
            said = say(f"reason.{detail['reason']}")
        elif event.what == "lapsed":
            said = say(f"lapsed.{detail['reason']}")
        elif {"observed", "window_minutes", "publishers"} <= detail.keys():
            if "condition" in detail:
                what = say("event.joined", condition=say(f"condition.{detail['condition']}"))
            said = say(
                "event.figures",
                n=detail["observed"],
                window=self.clock.window(detail["window_minutes"]),
                publishers=say("alert.publishers", n=detail["publishers"]),
            )
        else:
            return what
        return say("event.detailed", what=what, detail=said)

    def _done(self, what: str, event: Event) -> str:
        """What an analyst did, until when, and with which comment."""
        say, detail = self.words, event.detail
        said = say("event.by", what=what, who=event.actor)
        if detail.get("until"):
            time = self.clock.short(datetime.fromisoformat(detail["until"]))
            said = say("event.until", what=said, time=time)
        if detail.get("worse"):
            said = say("event.until", what=said, time=say("until.worse"))
        if detail.get("comment"):
            said = say("event.detailed", what=said, detail=detail["comment"])
        return said

    def told(self, told: Told) -> str:
        """Who was told, or is to be, by which channel: `Found: told desk by Slack`."""
        say = self.words
        values = {
            "what": say(f"event.{told.kind}"),
            "recipient": told.recipient,
            "channel": say.known("channel", told.channel),
        }
        if told.state == "sent":
            return say("event.told", **values)
        if told.state == "dropped":
            return say("event.spared", **values)
        error = told.error or say("time.missing")
        if told.state == "failed":
            return say("event.not_told", error=error, **values)
        if told.error:
            return say("event.to_tell_again", error=error, **values)
        return say("event.to_tell", time=self.clock.short(told.due_at), **values)
