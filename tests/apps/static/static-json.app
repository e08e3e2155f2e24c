convention: `static.json`: `root`, `routes`, `redirects`, `error_page`, `headers`, `clean_urls`, `https_only`
source: https://github.com/heroku/heroku-buildpack-static#configuration
heroku: by a buildpack that was given up
dokku: by a buildpack that was given up
deployd: yes
deployed: yes
buildpack: static
process web: …lighttpd…
get /: 200 apples
get /any/where: 200 apples
get /about: 200 about
units: web.1
-- static.json
{ "root": "pages/", "clean_urls": true, "routes": { "/**": "index.html" } }
-- pages/index.html
apples
-- pages/about.html
about
