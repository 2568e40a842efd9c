"""Work notifications, the app's robot, and the webhooks of groups."""
