"""Handles LDAP filters, names and values as text; pure."""

import re
from collections.abc import Mapping

from ldap3.utils.conv import escape_filter_chars

from adapters.directory.entries import Attributes
from adapters.directory.ldap_client import LdapEntry


def held(present: Attributes, values: Attributes) -> Attributes:
    """Return those of the values that are present."""
    held = {
        name: [value for value in given if value in present.get(name.lower(), [])]
        for name, given in values.items()
    }
    return {name: given for name, given in held.items() if given}


def filter_for(values: Mapping[str, str]) -> str:
    """Return the filter for entries that hold all of these values."""
    terms = [f"({name}={escape_filter_chars(value)})" for name, value in values.items()]
    return terms[0] if len(terms) == 1 else f"(&{''.join(terms)})"


def naming_uid(found: LdapEntry) -> str:
    """Return the uid in the entry's DN, else its first uid; empty if it has none."""
    uids = found.attributes.get("uid") or [""]
    first = re.split(r"[,+]", found.dn, maxsplit=1)[0].lower()
    return next((uid for uid in uids if first == f"uid={uid.lower()}"), uids[0])


def normal_dn(dn: str) -> str:
    return re.sub(r"\s*,\s*", ",", dn).lower()
