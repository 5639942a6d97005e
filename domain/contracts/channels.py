"""Delivery channels: how a message is sent, and to which kind of contact.

SMS and e-mail are registered here; another channel registers itself in the module of its client,
and its outage is reported as `MESSAGES_DOWN`.
"""

from typing import Any, ClassVar

from pydantic_core import CoreSchema, core_schema

from domain.contracts.vocabulary import ContactKind, FailureType, TaskQueue


class Channel(str):
    """The name of a registered channel, with its properties.

    `Channel("sms")` is always the same object; raises ValueError for a name that is not registered.
    `contact` is the kind of contact it delivers to, `label` its display name, `queue` the task
    queue of its activities, `down` the failure type of its outage, `paid` whether its messages
    count against the institution's budget.
    """

    __slots__ = ("contact", "down", "label", "paid", "queue")

    SMS: ClassVar["Channel"]
    EMAIL: ClassVar["Channel"]
    contact: ContactKind
    label: str
    queue: str
    down: FailureType
    paid: bool
    _registered: ClassVar[dict[str, "Channel"]] = {}

    def __new__(cls, name: str) -> "Channel":  # noqa: PYI034 - one that is registered
        """Look up a registered channel."""
        try:
            return cls._registered[name]
        except KeyError:
            raise ValueError("no such channel") from None

    @classmethod
    def register(
        cls,
        name: str,
        *,
        contact: ContactKind,
        label: str,
        queue: str | None = None,
        down: FailureType = FailureType.MESSAGES_DOWN,
        paid: bool = False,
    ) -> "Channel":
        """Add a channel after the existing ones; `queue` defaults to one named after it."""
        if name in cls._registered:
            raise ValueError("a channel of this name is registered")
        made = str.__new__(cls, name)
        made.contact, made.label, made.down, made.paid = contact, label, down, paid
        made.queue = queue or f"{TaskQueue.MAIN}-{name}"
        cls._registered[name] = made
        return made

    @classmethod
    def all(cls) -> tuple["Channel", ...]:
        """Return every registered channel, in the order in which they are preferred."""
        return tuple(cls._registered.values())

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: Any) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


Channel.SMS = Channel.register(
    "sms",
    contact=ContactKind.MOBILE,
    label="SMS",
    queue=TaskQueue.SMS,
    down=FailureType.SMS_DOWN,
    paid=True,
)
Channel.EMAIL = Channel.register(
    "email",
    contact=ContactKind.EMAIL,
    label="E-mail",
    queue=TaskQueue.MAIL,
    down=FailureType.MAIL_DOWN,
)
BUILT_IN = (Channel.SMS, Channel.EMAIL)
"""The channels of an activation whose start does not name any (old histories)."""
