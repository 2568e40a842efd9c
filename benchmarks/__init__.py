"""What a call, a page, a sync and an import cost, compared with bare libraries in the same run: `./scripts/bench`."""
