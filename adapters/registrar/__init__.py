"""The registrar's view in PostgreSQL: what is asked of it, and the rows it answers."""
