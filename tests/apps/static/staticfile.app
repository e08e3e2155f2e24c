convention: `Staticfile`: `root`, `pushstate`, `directory`
source: https://docs.cloudfoundry.org/buildpacks/staticfile/
heroku: no
dokku: no
deployd: yes
deployed: yes
buildpack: static
process web: …lighttpd…
get /: 200 apples
get /any/where: 200 apples
units: web.1
-- Staticfile
root: pages
pushstate: enabled
-- pages/index.html
apples
