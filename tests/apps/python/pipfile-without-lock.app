convention: `Pipfile` without `Pipfile.lock`
source: https://devcenter.heroku.com/articles/python-pipenv
heroku: refused
dokku: refused
deployd: refused
fails: build: the python buildpack exited with status 1: Pipfile has no Pipfile.lock, which says what is installed: run 'pipenv lock' and commit it
-- Pipfile
