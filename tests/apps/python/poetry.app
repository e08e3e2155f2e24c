convention: `poetry.lock`
source: https://devcenter.heroku.com/articles/python-poetry
heroku: yes
dokku: yes
deployd: yes, by the poetry of the machine or of pip
built: no
buildpack: python
process web: exec .venv/bin/python main.py
-- pyproject.toml
[project]
name = "shop"
version = "1"
-- poetry.lock
-- main.py
