convention: files of two package managers
source: https://devcenter.heroku.com/articles/python-support#supported-package-managers
heroku: refused
dokku: refused
deployd: refused
fails: build: the python buildpack exited with status 1: there are uv.lock and requirements.txt: remove one of them, for only one can count
-- uv.lock
-- requirements.txt
