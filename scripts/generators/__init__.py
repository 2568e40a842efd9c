"""Writes the generated files. Each module makes some of them; `facts` reads the facts."""
