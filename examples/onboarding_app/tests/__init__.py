"""The tests of the application. `dingtalk` and `dingtalk_app` are fixtures of dingtalk-models' pytest plugin."""
