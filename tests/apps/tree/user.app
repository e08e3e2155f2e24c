convention: becoming the user one is, and files of one's own
source: https://docs.gunicorn.org/en/stable/settings.html#user (set before each worker starts)
deployed: yes
buildpack: none
process web: exec python3 app.py
get /file.txt: 200 mine
units: web.1
-- Procfile
web: exec python3 app.py
-- app.py
import http.server, os
os.setgid(os.getgid())
os.setuid(os.getuid())
os.chdir(os.environ["HOME"])
with open("file.txt", "w") as file:
    print("mine", file=file)
os.chown("file.txt", os.getuid(), os.getgid())
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
