"""Composes the morning's letter about activations that cannot go on by themselves.

It has references, reasons and times, and no personal data. Both languages are in one letter, as
the mailbox has several readers.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from temporalio.client import Client

from adapters.messaging.mail import Letter
from domain.contracts.vocabulary import Language
from settings import Settings
from support.verbs import cases, groups
from support.verbs.cases import CaseState, CaseSummary
from support.verbs.groups import BELONGS, Group
from support.verbs.sentences import sentence
from translations import N_, translator

_OLDEST = 10
_SUBJECT = N_("Stuck activations: %(n)s")
_COUNTED = N_("Activations that wait for a system or for staff: %(n)s")
_THE_OLDEST = N_("Those that have waited longest:")
_SINCE = N_("%(reference)s, since %(time)s: %(cause)s")
_MORE = N_(
    "The console shows each with what to do, as does `activation support show"
    " REFERENCE`. You get this e-mail each morning on which any activation is stuck."
)
_BETWEEN = "\n\n-- \n\n"


async def compose(client: Client, settings: Settings) -> tuple[int, Letter] | None:
    """Return how many are stuck, and the letter; None if none is."""
    query = f"{groups.open_in(None)} AND {groups.condition(Group.STUCK)}"
    found = filter(BELONGS[Group.STUCK], await cases.listed(client, query))
    lines = sorted(found, key=lambda line: line.since)
    return (len(lines), _letter(lines, settings)) if lines else None


def _letter(lines: Sequence[CaseSummary], settings: Settings) -> Letter:
    main = settings.institution.default_language
    languages = sorted(Language, key=lambda each: each is not main)
    zone, url = settings.institution.timezone, settings.console.public_url
    texts = [_text(lines, language, zone) for language in languages]
    subject = " / ".join(
        translator(each).gettext(_SUBJECT) % {"n": len(lines)} for each in languages
    )
    return Letter(subject, f"{_BETWEEN.join(texts)}\n\n{url}\n", None, main)


def _text(lines: Sequence[CaseSummary], language: Language, zone: ZoneInfo) -> str:
    texts = translator(language)
    say = texts.gettext
    counted = [
        f"{len(each)} x {cause}: {sentence(each[0], texts)}"
        for cause, each in sorted(_by_cause(lines).items(), key=lambda one: -len(one[1]))
    ]
    oldest = [
        say(_SINCE)
        % {
            "reference": line.reference,
            "time": f"{line.since.astimezone(zone):%Y-%m-%d %H:%M}",
            "cause": _cause(line),
        }
        for line in lines[:_OLDEST]
    ]
    parts = (say(_COUNTED) % {"n": len(lines)}, "\n".join(counted), say(_THE_OLDEST))
    return "\n\n".join((*parts, "\n".join(oldest), say(_MORE)))


def _by_cause(lines: Sequence[CaseSummary]) -> Mapping[str, Sequence[CaseSummary]]:
    found = defaultdict[str, list[CaseSummary]](list)
    for line in lines:
        found[_cause(line)].append(line)
    return found


def _cause(line: CaseSummary) -> str:
    if line.state is CaseState.FAILING:
        return CaseState.FAILING
    return line.wait_reason or line.step
