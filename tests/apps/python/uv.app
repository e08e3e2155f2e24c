convention: `uv.lock`
source: https://devcenter.heroku.com/articles/python-uv
heroku: yes
dokku: yes
deployd: yes, by the uv of the machine or of pip
built: no
buildpack: python
process web: exec .venv/bin/python main.py
-- pyproject.toml
[project]
name = "shop"
version = "1"
-- uv.lock
-- .python-version
3.11
-- main.py
