convention: an app in one directory of a repository
source: https://dokku.com/docs/deployment/builders/builder-management/#changing-the-build-build-directory
heroku: by a buildpack of others
dokku: `builder:set build-dir`
deployd: yes: `deployctl app set directory=…`
deployed: yes
setting directory: shop
buildpack: static
process web: …lighttpd…
get /: 200 apples
units: web.1
-- shop/index.html
apples
-- mail/Procfile
web: false
