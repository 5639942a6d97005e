"""The student directory, by LDAP: connections, entries, and what is asked and written."""
