"""The Temporal client: connects, starts activations, sends submissions and reads their state."""
