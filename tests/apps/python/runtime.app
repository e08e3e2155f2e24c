convention: `runtime.txt`
source: https://devcenter.heroku.com/changelog-items/3141
heroku: yes, deprecated; not with uv
dokku: yes, deprecated; not with uv
deployd: yes
fails: build: the python buildpack exited with status 1: runtime.txt asks for Python 2.7.18, and this machine has 3.…
-- requirements.txt
-- runtime.txt
python-2.7.18
