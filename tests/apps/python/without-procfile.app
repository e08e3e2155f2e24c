convention: `app.py` or `main.py` without a Procfile
source: https://devcenter.heroku.com/articles/python-support (a Procfile is required)
heroku: nothing runs
dokku: nothing runs
deployd: `python app.py`
built: no
buildpack: python
process web: exec .venv/bin/python app.py
-- requirements.txt
flask
-- app.py
-- main.py
