"""Writes `dingtalk_models.platform`: the documented APIs as source in the form of those written by hand."""
