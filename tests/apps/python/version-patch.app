convention: the last part of a version
source: https://devcenter.heroku.com/articles/python-runtimes
heroku: yes
dokku: yes
deployd: that of the machine, with a warning
buildpack: python
process web: true
warning: .python-version asks for Python 3.11.99, and it is 3.11.…
-- Procfile
web: true
-- requirements.txt
-- .python-version
3.11.99
