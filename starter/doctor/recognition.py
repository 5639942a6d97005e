"""Checks whether the service account can see the attributes that recognise existing accounts.

It uses searches only, which change nothing. A filter on an attribute without search right matches
no entry, and neither does its negation.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from adapters.directory.entries import ADDRESSES, PASSWORD
from adapters.directory.ldap_client import LdapClient
from adapters.findings import Finding
from domain.entry_values import BIRTH_DATE, CODES
from settings.systems import DirectorySettings

PART = "directory"


def check(
    ldap: LdapClient, settings: DirectorySettings, url: str, known: Collection[str]
) -> Iterator[Finding]:
    """Check each attribute, and the right to see whether an entry has a password.

    `known` are the names in the server's schema, in lower case.
    """
    about = f"attributes that accounts are recognised by at {url}"
    names = _names(settings)
    unknown = [name for name in names if name.lower() not in known]
    if unknown:
        mend = f"it does not know {', '.join(unknown)}: correct directory.match_rules or its schema"
        yield Finding(PART, about, mend)
        return
    anybody = ldap.anybody()
    if anybody is None:
        yield Finding(PART, f"{about} (not tried: nobody is there)")
        return
    hidden = [name for name in names if not _may_search(ldap, anybody.dn, name)]
    held = {name: ldap.anybody(name) for name in names if name not in hidden}
    unread = [name for name, found in held.items() if found and not _has(found.attributes, name)]
    nobodys = [name for name, found in held.items() if found is None]
    mends = [
        f"let directory.bind_dn {right} {', '.join(lacking)}"
        for right, lacking in (("search", hidden), ("read", unread))
        if lacking
    ]
    label = f"{about} (nobody has {', '.join(nobodys)} yet)" if nobodys else about
    yield Finding(PART, label, "; ".join(mends))
    yield _password(ldap, url, anybody.dn)


def _names(settings: DirectorySettings) -> list[str]:
    """Return the attributes without duplicates, ignoring case."""
    ruled = [name for rule in settings.match_rules for name in rule.attributes]
    every = ["uid", CODES, BIRTH_DATE, *ADDRESSES, *ruled]
    return list({name.lower(): name for name in reversed(every)}.values())[::-1]


def _may_search(ldap: LdapClient, dn: str, name: str) -> bool:
    return bool(ldap.search(dn, f"(|({name}=*)(!({name}=*)))", ["1.1"]))


def _has(attributes: Mapping[str, Sequence[str]], name: str) -> bool:
    return any(
        values and each.partition(";")[0] == name.lower() for each, values in attributes.items()
    )


def _password(ldap: LdapClient, url: str, dn: str) -> Finding:
    about = f"right to see whether there is a password at {url}"
    if _may_search(ldap, dn, PASSWORD):
        return Finding(PART, about)
    mend = (
        f"let directory.bind_dn search {PASSWORD}, not read it: until then every entry counts as"
        " having one, and none that others made becomes an account"
    )
    return Finding(PART, about, mend)
