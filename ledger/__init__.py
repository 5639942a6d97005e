"""The engine's own PostgreSQL: facts that outlive or span activations, one module a table."""
