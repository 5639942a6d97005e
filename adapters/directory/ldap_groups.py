"""The groups of staff in LDAP: a bind as the person, who then sees in which groups they are."""

from collections.abc import Sequence

from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from adapters.directory.ldap_client import LdapClient
from settings import DirectorySettings as Settings


class LdapStaffGroups:
    """`user_dn` is a staff member's entry, where `{user}` is filled in."""

    def __init__(self, settings: Settings, user_dn: str) -> None:
        self._ldap = LdapClient(settings)
        self._user_dn = user_dn

    def groups_of(self, name: str, password: bytes, groups: Sequence[str]) -> list[str] | None:
        if not self._user_dn:
            return None
        dn = self._user_dn.replace("{user}", escape_rdn(name))
        member = escape_filter_chars(dn)
        query = f"(|(member={member})(uniqueMember={member}))"
        return self._ldap.groups_of(dn, password, groups, query)
