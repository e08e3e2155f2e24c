convention: programs in `bin/` by their names, `python` for python3
source: https://github.com/gliderlabs/herokuish (PATH of a buildpack)
heroku: of Ruby, Go and others: by the buildpack
dokku: of Ruby, Go and others: by the buildpack
deployd: yes, for all apps
deployed: yes
buildpack: none
process web: shop
get /page.txt: 200 apples
units: web.1
-- Procfile
web: shop
-- bin/shop [executable]
#!/bin/sh
exec python -m http.server --bind $HOST $PORT
-- page.txt
apples
