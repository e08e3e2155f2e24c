convention: `gunicorn`, `uvicorn` in a Procfile
source: https://devcenter.heroku.com/articles/python-gunicorn
heroku: yes; gunicorn takes `$PORT`, uvicorn `--port $PORT`
dokku: the same
deployd: the same; gunicorn listens on all addresses unless `--bind $HOST:$PORT`
built: no
buildpack: python
process web: gunicorn shop.wsgi
process worker: celery -A shop worker
-- requirements.txt
gunicorn
-- Procfile
web: gunicorn shop.wsgi
worker: celery -A shop worker
