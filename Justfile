default: lint test

lint:
    ruff check .
    pyright

test:
    pytest

slow:
    pytest -m slow

fmt:
    ruff format .
