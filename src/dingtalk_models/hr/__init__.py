"""People's data in bulk: the directory of a company, and plans that follow the tables of an HR system."""
