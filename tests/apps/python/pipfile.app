convention: `Pipfile` with `Pipfile.lock`
source: https://devcenter.heroku.com/articles/python-pipenv
heroku: yes
dokku: yes
deployd: yes, without pipenv
buildpack: python
process web: true
says: -----> Installing packages of Pipfile.lock
-- Procfile
web: true
-- Pipfile
-- Pipfile.lock
{ "_meta": { "requires": { "python_version": "3.11" }, "sources": [] }, "default": {} }
