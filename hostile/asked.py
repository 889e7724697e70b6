"""Whatever our own OpenAPI allows, and what it forbids, as schemathesis makes it up."""

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHECKS: Final = "not_a_server_error,content_type_conformance,ignored_auth,unsupported_method"
PHASES: Final = "examples,coverage,fuzzing"
SUMMARY, WHOLE = 14, 300  # last lines of what it says


@dataclass(frozen=True)
class Asked:
    """A door, a key that opens all of it, and how much is asked of each endpoint."""

    hub: str
    key: str
    seed: int
    examples: int

    @property
    def command(self) -> tuple[str, ...]:
        """As it is typed."""
        known = {
            "header": f"Authorization: Bearer {self.key}",
            "checks": CHECKS,
            "phases": PHASES,
            "seed": str(self.seed),
            "max-examples": str(self.examples),
        }
        options = (word for name, value in known.items() for word in (f"--{name}", value))
        alone = ("--continue-on-failure", "--no-color", "--warnings", "off")
        return (sys.executable, "-m", "schemathesis.cli", "run", f"{self.hub}/openapi.json", *options, *alone)


async def made_up(asked: Asked, folder: Path) -> tuple[str, list[str]]:
    """Its summary, and what it found. It leaves notes of its own in the folder."""
    asking = await asyncio.create_subprocess_exec(
        *asked.command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    told, _ = await asking.communicate()
    lines = told.decode(errors="replace").splitlines()
    return "\n".join(lines[-SUMMARY:]), ["\n".join(lines[-WHOLE:])] if asking.returncode else []
