convention: the tree is `/app`, which is `$HOME` and can be written to
source: https://devcenter.heroku.com/articles/dynos#ephemeral-filesystem
heroku: yes; what was written is lost at the end
dokku: yes; what was written is lost at the end
deployd: differently: the tree is the working directory, `/srv/app`, and read-only; `$HOME` is kept
deployed: yes
buildpack: none
process web: exec python3 /app/app.py
fails: web.1 exited with status 2 before it listened on port …: python3: can't open file '/app/app.py': [Errno 2] No such file or directory
-- Procfile
web: exec python3 /app/app.py
-- app.py
