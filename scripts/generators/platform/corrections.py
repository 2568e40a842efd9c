"""What a person changed after reading what the generator made: corrections.json.

- `classes`: by product, then by the place of one of its objects, the name of a class
- `methods`: by product and method, the good name; the platform's stays valid
- `fields`: the good name of a field whose name is misspelt; the wire name stays
- `words`: the good spelling of words in the names of classes
- `products`: a good name of a product, and the product; both are valid
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple


class Corrections(NamedTuple):
    """The tables of corrections.json."""

    classes: dict[str, dict[str, str]]
    methods: dict[str, str]
    fields: dict[str, str]
    words: dict[str, str]
    products: dict[str, str]


CORRECTIONS = Corrections(**json.loads(Path(__file__).with_name("corrections.json").read_text("utf-8")))
