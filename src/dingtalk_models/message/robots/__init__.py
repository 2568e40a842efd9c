"""Robots (机器人): what they send, and what people say to them."""
