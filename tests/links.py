"""`python -m tests.links`: every link in the Markdown files that points into this repository leads somewhere. Exit code 1 if not.

Addresses on the web are not asked: a check must not fail because somebody else's server sleeps.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.fake_engine import CHECKOUT

LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"\s]+)\"")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(markdown: str) -> set[str]:
    """The anchors that a page's headings have, as GitHub makes them."""
    titles = re.findall(r"^#+ +(.*)$", FENCE.sub("", markdown), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


def dead(file: Path) -> Iterator[str]:
    """The links of this file that lead nowhere."""
    text = file.read_text("utf-8")
    for found in LINK.finditer(FENCE.sub("", text)):
        link = found[1] or found[2]
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = file.parent / place if place else file
        if not target.exists() or (
            anchor and target.suffix == ".md" and anchor not in anchors(target.read_text("utf-8"))
        ):
            yield link


def main() -> None:
    listing = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    found = [f"{name}: {link}" for name in listing.stdout.split() for link in dead(CHECKOUT / name)]
    for each in found:
        print(f"dead link: {each}", file=sys.stderr)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
