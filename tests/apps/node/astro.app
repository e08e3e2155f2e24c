convention: Astro, Eleventy, Gatsby, Docusaurus: pages with their own 404
source: https://docs.astro.build/en/guides/deploy/
source: https://docs.astro.build/en/basics/astro-pages/#custom-404-error-page
heroku: `npm start`, which is a development server
dokku: `npm start`, which is a development server
deployd: pages
buildpack: node
process web: …lighttpd…
warning: there is no package-lock.json: each build may get other versions of the packages
get /about/: 200 about
get /gone: 404 lost
-- package.json
{ "scripts": { "start": "astro dev", "build": "cp -r made dist" } }
-- made/index.html
apples
-- made/about/index.html
about
-- made/404.html
lost
