"""Reads the groups of staff from LDAP, over a connection that is bound as the person."""

from collections.abc import Sequence

from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from adapters.directory.ldap_client import LdapClient
from settings.systems import DirectorySettings as Settings


class LdapStaffGroups:
    """`user_dn` is the template of a staff member's DN, with `{user}`."""

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
