convention: `manage.py` without a Procfile
source: https://devcenter.heroku.com/articles/deploying-python#the-procfile
heroku: nothing runs
dokku: nothing runs
deployd: refused
built: no
fails: import: nothing says what is to run: there is no Procfile, and no buildpack knows a program to start in a tree with manage.py, requirements.txt; commit a Procfile with the line 'web: COMMAND'
-- requirements.txt
Django
-- manage.py
-- shop/wsgi.py
