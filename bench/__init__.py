"""What is measured: how fast the engine's hot paths are on this machine, as ratios."""
