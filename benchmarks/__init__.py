"""What a call, a page, a sync and an import cost, as ratios to bare libraries in one run: `./scripts/bench`."""
