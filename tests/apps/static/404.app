convention: `404.html` is the page of what is not there
source: https://docs.github.com/en/pages/getting-started-with-github-pages/creating-a-custom-404-page-for-your-github-pages-site
heroku: by `error_page`
dokku: no
deployd: yes
deployed: yes
buildpack: static
process web: …lighttpd…
get /gone: 404 lost
units: web.1
-- index.html
apples
-- 404.html
lost
