"""Work notifications (工作通知)."""
