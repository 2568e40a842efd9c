"""Work notifications, the app's robot, the webhooks of groups."""
