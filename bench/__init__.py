"""Benchmarks: the speed of the engine's hot paths on this machine, as ratios."""
