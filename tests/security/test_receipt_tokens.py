"""Only who was sent a message's token can tell about that message."""

from security import receipt_tokens
from security.receipt_tokens import TOKEN
from tests.stack import TestStack

KEY = "A-7K3F-92QD:pin:1"


def test_a_token_names_its_message_and_tells_nothing(stack: TestStack) -> None:
    made = receipt_tokens.token(stack.keys, KEY)
    assert made == receipt_tokens.token(stack.keys, KEY)
    assert receipt_tokens.read(stack.keys, made) == receipt_tokens.index_of(stack.keys, KEY)
    assert TOKEN.fullmatch(made)
    assert made != receipt_tokens.token(stack.keys, "A-7K3F-92QD:pin:2")


def test_a_changed_token_is_a_forged_one(stack: TestStack) -> None:
    made, other = (receipt_tokens.token(stack.keys, f"A:pin:{number}") for number in (1, 2))
    half = len(made) // 2
    swapped = f"{made[:half]}{other[half:]}"
    changed = [f"{made[:at]}{'1' if made[at] == '0' else '0'}{made[at + 1 :]}" for at in range(64)]
    odd = [made.upper(), made[:-1], made + "0", f"{made}\n", "", "é" * 64, "٠" * 64]
    for forged in (swapped, *changed, *odd):
        assert receipt_tokens.read(stack.keys, forged) is None
