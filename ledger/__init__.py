"""The engine's own PostgreSQL: facts that outlive or span activations, one module per table."""
