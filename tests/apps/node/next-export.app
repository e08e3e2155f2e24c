convention: Next.js with `output: "export"`: pages in `out`
source: https://nextjs.org/docs/app/building-your-application/deploying/static-exports#deploying
heroku: by another buildpack
dokku: by another buildpack
deployd: yes: pages, where there is no `start`
buildpack: node
process web: …lighttpd…
warning: there is no package-lock.json: each build may get other versions of the packages
get /: 200 apples
get /blog/post-1: 200 post
get /gone: 404 lost
-- package.json
{ "scripts": { "build": "cp -r made out" } }
-- made/index.html
apples
-- made/404.html
lost
-- made/blog/post-1.html
post
