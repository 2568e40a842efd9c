"""Plans (同步计划): turn the tables of an HR system into changes in DingTalk."""
