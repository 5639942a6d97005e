"""The client of the registrar's view in PostgreSQL: its queries, and the rows they return."""
