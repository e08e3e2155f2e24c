convention: `buildpacks`
source: https://devcenter.heroku.com/articles/app-json-schema#buildpacks
heroku: yes, when an app is made of it
dokku: yes
deployd: yes: each in turn, and what the last one suggests; only those that are here
buildpack: python
process web: exec .venv/bin/python app.py
warning: there is no package-lock.json: each build may get other versions of the packages
file asset: made
file .venv/bin/python3:
-- app.json
{ "buildpacks": [ { "url": "heroku/nodejs" }, { "url": "https://github.com/heroku/heroku-buildpack-python.git#v200" } ] }
-- package.json
{ "scripts": { "build": "echo made >asset" } }
-- requirements.txt
# none
-- app.py
