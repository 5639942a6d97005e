"""The student directory over LDAP: connections, entries, searches and writes."""
