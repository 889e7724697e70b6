"""The floor's worker: `python -m benchmarks.floor_worker <address of Temporal>`."""

from benchmarks.floor import main

main()
