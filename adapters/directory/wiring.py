"""Which directory the engine works with; another kind of directory takes its place here."""

from collections.abc import Callable

from adapters.directory.ldap_directory import LdapDirectory
from adapters.directory.ldap_groups import LdapStaffGroups
from adapters.directory.port import Directory, StaffGroups
from settings import DirectorySettings


def directory_of(
    settings: DirectorySettings, fence: Callable[[], None] = lambda: None
) -> Directory:
    """Return the directory that the settings name.

    `fence` is called at the last moment before each write, and raises when it must not be. Raises
    `OSError` where a file of the settings cannot be read.
    """
    return LdapDirectory(settings, fence)


def staff_groups_of(settings: DirectorySettings, user_dn: str) -> StaffGroups:
    """Return where the staff's groups are; `user_dn` is a staff member's entry, with `{user}`."""
    return LdapStaffGroups(settings, user_dn)
