convention: `.python-version`
source: https://devcenter.heroku.com/articles/python-runtimes
heroku: yes
dokku: yes
deployd: of the versions that the machine has, otherwise refused
fails: build: the python buildpack exited with status 1: .python-version asks for Python 3.99, and this machine has 3.…
-- requirements.txt
-- .python-version
# the one of the shop
3.99
