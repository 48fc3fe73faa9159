"""Waits for what becomes of a page, within the page."""

from typing import Any

LIMIT_MS = 30_000


def until(page: Any, condition: str, arg: Any = None) -> None:
    """Wait until a function in JavaScript says so of `arg`.

    What Playwright itself waits for is evaluated from a string again and again, and the policy of our pages forbids
    that, unless the first look shows it already.
    """
    page.evaluate(
        f"""arg => new Promise((done, fail) => {{
          const condition = {condition};
          const look = () => condition(arg) ? done() : requestAnimationFrame(look);
          setTimeout(() => fail(new Error("it did not come")), {LIMIT_MS});
          look();
        }})""",
        arg,
    )
