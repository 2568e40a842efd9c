"""Interactive cards (互动卡片)."""
