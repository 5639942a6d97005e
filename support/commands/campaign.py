"""`activation campaign ...`: invites students who have not activated yet, by mail or SMS."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import time, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

import adapters.messaging.wiring  # noqa: F401 - registers the channels
import settings
from domain.campaigns import QuietHours
from domain.contracts.channels import Channel
from domain.contracts.vocabulary import Language
from ledger.campaigns import CampaignPlan, CampaignRow
from starter import databases
from starter.output import Failed, Json, group, local, show_json, tell, write
from starter.poster import SIZES
from starter.poster import poster as draw_poster
from starter.progress import working
from support.commands.terminal import Reason, run, show_outcome
from support.verbs import campaign_plans, campaign_texts, campaigns
from support.verbs.campaign_plans import Prepared
from support.verbs.campaigns import CampaignSeen

commands = group("Invite students who have not activated yet.")

_LEDGER_SECONDS = 60.0
CampaignId = Annotated[str, typer.Argument(help="The campaign, as `prepare` and `list` name it.")]


@commands.command()
def prepare(  # noqa: PLR0917 - options of a command
    department: Annotated[
        list[str], typer.Option(help="A department, by its number; once for each.")
    ],
    by: Annotated[
        list[str],
        typer.Option(help="`sms` or `email`; once for each, the preferred one first."),
    ],
    reason: Reason,
    per_minute: Annotated[
        int | None, typer.Option(min=1, help="Messages a minute; campaigns.per_minute at most.")
    ] = None,
    remind_after: Annotated[
        int | None, typer.Option(min=1, help="Days until the one reminder; none without it.")
    ] = None,
    sms_parts: Annotated[
        int | None, typer.Option(min=1, help="Parts of SMS at most; else as many as are needed.")
    ] = None,
    json: Json = False,
) -> None:
    """Count who would be invited, by what, and what it would cost. Nothing is sent."""
    channels = _channels(by)
    if sms_parts and Channel.SMS not in channels:
        raise Failed("--sms-parts goes with --by sms: without it no SMS is sent")
    limits = settings.load().campaigns
    if per_minute and per_minute > limits.per_minute:
        raise Failed(f"campaigns.per_minute allows {limits.per_minute} messages a minute")
    plan = CampaignPlan(
        tuple(dict.fromkeys(department)),
        channels,
        per_minute or limits.per_minute,
        QuietHours(limits.quiet_from, limits.quiet_until),
        timedelta(remind_after) if remind_after else None,
        sms_parts or limits.sms_total,
    )
    with databases.registrar(), working("Students are judged") as counted:
        verb = partial(campaign_plans.plan_invitations, plan=plan, reason=reason, counted=counted)
        told = run(verb, seconds=_LEDGER_SECONDS)
    if json:
        show_json(asdict(told))
    else:
        _show_prepared(told)


def _channels(names: Sequence[str]) -> tuple[Channel, ...]:
    try:
        return tuple(dict.fromkeys(map(Channel, names)))
    except ValueError:
        raise Failed(f"the channels are: {', '.join(Channel.all())}") from None


def _show_prepared(told: Prepared) -> None:
    by = ", ".join(f"{channel} {number}" for channel, number in told.by_channel.items())
    tell(f"Campaign {told.campaign}: {told.planned} students ({by or 'nobody'})")
    tell(f"SMS parts: {told.sms_parts} at most; sending takes {told.minutes} min or more")
    for why, number in told.left_out.items():
        tell(f"left out, {why}: {number}")
    if told.after_restore:
        tell("The ledger was restored lately: it may not know all who were invited.")
    tell(f"Nothing was sent. Start it: activation campaign start {told.campaign}")


@commands.command()
def preview(
    language: Annotated[Language | None, typer.Option(help="Only this one.")] = None,
) -> None:
    """Show exactly what students read, in both languages, with the parts of the SMS."""
    languages = Language if language is None else (language,)
    for name, each, channel, shown in campaign_texts.previews(settings.load(), languages):
        write(f"=== {name} ({each}), {channel.label}{shown.about}\n{shown.text}\n")


@commands.command()
def poster(
    folder: Annotated[Path, typer.Option(help="Where the files are written.")],
) -> None:
    """Write the poster with the portal's QR code, as SVG and PDF, in A4 and A3."""
    config = settings.load()
    folder.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        page = draw_poster(config, size)
        (folder / f"poster.{size}.svg").write_text(page.svg(), "utf-8")
        (folder / f"poster.{size}.pdf").write_bytes(page.pdf())
    tell(f"{folder}: {', '.join(sorted(each.name for each in folder.glob('poster.*')))}")


@commands.command()
def start(campaign: CampaignId, reason: Reason, json: Json = False) -> None:
    """Start sending what `prepare` has counted; repeating it changes nothing."""
    run(partial(campaigns.start, campaign=campaign, reason=reason))
    show_outcome({"started": True}, "Started.", json=json)


@commands.command()
def stop(campaign: CampaignId, reason: Reason, json: Json = False) -> None:
    """Stop a campaign for good; at most the message that is just being sent still goes."""
    stopped = run(partial(campaigns.stop, campaign=campaign, reason=reason))
    show_outcome({"stopped": stopped}, "Stopped." if stopped else "It was over.", json=json)


@commands.command()
def show(
    campaign: CampaignId,
    in_doubt: Annotated[
        bool, typer.Option("--in-doubt", help="The enrolments of who may have no message.")
    ] = False,
    json: Json = False,
) -> None:
    """Count what became of a campaign's invitations."""
    if in_doubt:
        listed = run(partial(campaigns.doubtful, campaign=campaign))
        show_json(listed) if json else tell("\n".join(listed) or "Nobody is in doubt.")
        return
    seen = run(partial(campaigns.seen, campaign=campaign))
    if json:
        counts = [
            asdict(each) | {"became": campaign_texts.became(each, seen.campaign)}
            for each in seen.counts
        ]
        show_json(_as_dict(seen.campaign) | {"counts": counts})
    else:
        _show(seen)


@commands.command("list")
def list_(json: Json = False) -> None:
    """List the newest campaigns."""
    found = run(campaigns.listed)
    if json:
        show_json([_as_dict(each) for each in found])
        return
    for each in found:
        departments = ",".join(each.plan.departments)
        tell(f"{each.id}  {local(each.prepared_at)}  {campaign_texts.stands(each)}  {departments}")
    if not found:
        tell("There is no campaign.")


def _show(seen: CampaignSeen) -> None:
    found = seen.campaign
    departments = ",".join(found.plan.departments)
    tell(f"{found.id}: {campaign_texts.stands(found)}, departments {departments}")
    tell(f"SMS parts: {found.parts_spent} of {found.plan.sms_parts}")
    after = found.plan.remind_after
    tell(f"one reminder: {after.days} days after the invitation" if after else "no reminder")
    for each in seen.counts:
        kind = "invitation" if each.round == 1 else "reminder"
        tell(f"{kind}, {campaign_texts.became(each, found)}: {each.number}")
        for told, number in each.receipts.items():
            tell(f"  {campaign_texts.receipt(told)}: {number}")


def _as_dict(campaign: CampaignRow) -> dict[str, object]:
    told = asdict(campaign)
    plan = told.pop("plan")
    after: timedelta | None = plan.pop("remind_after")
    quiet: dict[str, time] = plan.pop("quiet")
    hours = {f"quiet_{name}": at.isoformat("minutes") for name, at in quiet.items()}
    return {**told, **plan, **hours, "remind_after_days": after.days if after else None}
