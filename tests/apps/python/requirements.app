convention: `requirements.txt`, into the environment of the app
source: https://devcenter.heroku.com/articles/python-pip
heroku: yes
dokku: yes
deployd: yes, into `.venv`
deployed: yes
buildpack: python
process web: exec python app.py
file .venv/bin/python3:
environment PATH: /srv/app/.venv/bin:…
environment PYTHONUNBUFFERED: 1
get /: 200 /srv/app/.venv
units: web.1
-- requirements.txt
# none
-- Procfile
web: exec python app.py
-- app.py
import http.server, os, sys
os.chdir(os.environ["HOME"])
with open("index.html", "w") as file:
    print(sys.prefix, file=file)
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
