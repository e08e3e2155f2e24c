convention: `manage.py collectstatic`, unless `DISABLE_COLLECTSTATIC=1`
source: https://devcenter.heroku.com/articles/django-assets
heroku: yes
dokku: yes
deployd: yes; a warning where the settings have no `STATIC_ROOT`
buildpack: python
process web: true
says: -----> Running manage.py collectstatic
says: …3 static files copied
-- Procfile
web: true
-- requirements.txt
-- django.py
-- manage.py
import sys
if sys.argv[1] == "collectstatic":
    print("3 static files copied")
