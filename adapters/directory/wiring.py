"""Selects the engine's directory; another kind of directory is wired here."""

from collections.abc import Callable

from adapters.directory.ldap_client import LdapStaffGroups
from adapters.directory.ldap_directory import LdapDirectory
from adapters.directory.port import Directory, StaffGroups
from settings.systems import DirectorySettings


def directory_of(
    settings: DirectorySettings, fence: Callable[[], None] = lambda: None
) -> Directory:
    """Return the configured directory; raises `AdapterError` without its CA file.

    `fence` is called directly before each write, and raises when the write must not happen.
    """
    return LdapDirectory(settings, fence)


def staff_groups_of(settings: DirectorySettings, user_dn: str) -> StaffGroups:
    """Return the client of the staff's groups; `user_dn` is the template of a DN with `{user}`."""
    return LdapStaffGroups(settings, user_dn)
