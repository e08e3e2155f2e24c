convention: `DISABLE_COLLECTSTATIC=1`
source: https://devcenter.heroku.com/articles/django-assets#disabling-collectstatic
config DISABLE_COLLECTSTATIC: 1
buildpack: python
process web: true
-- Procfile
web: true
-- requirements.txt
-- django.py
-- manage.py
raise SystemExit("no apples")
