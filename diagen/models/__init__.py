"""What writes diagrams (llm.py) and what judges drawings (cnn.py, autoencoder.py).

Nothing here knows the language or the drawings. Each file takes seconds to import, so this one imports none.
"""
