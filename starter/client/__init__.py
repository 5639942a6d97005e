"""The connection to Temporal: start and steer activations, and see where they stand."""
