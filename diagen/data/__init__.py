"""Training pairs (synthetic.py, text.py), pictures (images.py) and readers' ratings (ratings.py).

Some of these files take seconds to import, so this one imports none.
"""
