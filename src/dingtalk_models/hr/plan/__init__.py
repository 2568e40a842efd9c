"""Plans (同步计划): from the tables of an HR system to the changes in DingTalk."""
