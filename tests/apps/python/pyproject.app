convention: `pyproject.toml` alone: `dependencies` of `[project]`
source: https://packaging.python.org/en/latest/specifications/pyproject-toml/
heroku: refused
dokku: refused
deployd: yes
buildpack: python
process web: exec .venv/bin/python main.py
says: -----> Installing packages of pyproject.toml
-- pyproject.toml
[project]
name = "shop"
version = "1"
dependencies = []
-- main.py
