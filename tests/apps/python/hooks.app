convention: `bin/pre_compile`, `bin/post_compile`
source: https://devcenter.heroku.com/articles/python-support#hooks (build hooks)
heroku: yes
dokku: yes
deployd: yes
buildpack: python
process web: true
file log: pre post
-- Procfile
web: true
-- requirements.txt
-- bin/pre_compile [executable]
#!/bin/sh
[ -d .venv ] || echo pre >>log
-- bin/post_compile [executable]
#!/bin/sh
[ ! -d .venv ] || echo post >>log
