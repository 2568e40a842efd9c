"""A typed object model of the DingTalk (钉钉) open platform."""
