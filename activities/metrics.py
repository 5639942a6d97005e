"""What the activities of this process count for Prometheus."""

from prometheus_client import Counter, Histogram

CALLS = Histogram(
    "activation_system_seconds",
    "Time of activities by the system they use, and by `done` or the type of the failure.",
    ["system", "outcome"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
)
MESSAGES = Counter(
    "activation_messages",
    "Messages to students by channel, by `pin`, `notice` or `invitation`, and by `sent` or"
    " `undeliverable`.",
    ["channel", "kind", "outcome"],
)
PINS = Counter("activation_pins", "Codes that students typed, by outcome.", ["outcome"])
ENDED = Counter("activation_ended", "Activations that have ended, by their end.", ["end"])
