"""The app's robot, messages of people to it, and custom robots."""
