"""The app's robot, the webhooks of groups, and what people say to it."""
