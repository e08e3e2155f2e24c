convention: `Dockerfile` beside a language
source: https://dokku.com/docs/deployment/builders/builder-management/ (the Dockerfile builder before herokuish)
heroku: ignored
dokku: the image
deployd: ignored: the buildpack of the language
built: no
buildpack: node
process web: exec node server.js
-- Dockerfile
FROM node
CMD ["node", "other.js"]
-- package.json
{ "scripts": { "start": "node server.js" } }
