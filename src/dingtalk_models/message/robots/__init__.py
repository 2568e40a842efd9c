"""Robots (机器人) and their messages."""
