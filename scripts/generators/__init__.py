"""What writes the generated files: each module makes some of them, `facts` reads what they are made from."""
