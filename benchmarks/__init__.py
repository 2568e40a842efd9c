"""Measures calls, pages, syncs and imports, compared with bare libraries in the same run: `./scripts/bench`."""
