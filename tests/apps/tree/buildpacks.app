convention: `.buildpacks`: several of them
source: https://github.com/heroku/heroku-buildpack-multi
heroku: by a buildpack of others
dokku: yes
deployd: yes: each in turn, and what the last one suggests; only those that are here
buildpack: python
process web: exec .venv/bin/python app.py
warning: there is no package-lock.json: each build may get other versions of the packages
file asset: made
-- .buildpacks
# assets first
https://github.com/heroku/heroku-buildpack-nodejs.git#v200

python
-- package.json
{ "scripts": { "build": "echo made >asset" } }
-- requirements.txt
-- app.py
