convention: `next start`, `nuxt`, `remix-serve`: a server
source: https://nextjs.org/docs/app/building-your-application/deploying#nodejs-server
heroku: yes
dokku: yes
deployd: yes
built: no
buildpack: node
process web: exec next start
-- package.json
{ "dependencies": { "next": "15.0.0" }, "scripts": { "build": "next build", "start": "next start" } }
