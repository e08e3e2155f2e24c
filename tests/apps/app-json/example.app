convention: `env`: a text, `value`, `generator`
source: https://devcenter.heroku.com/articles/app-json-schema#env
heroku: yes, when an app is made of it
dokku: no
deployd: yes, where the app has no such variable; afterwards it stays
buildpack: none
process web: true
process worker: true
formation web: 2
formation worker: 1
sets GREETING: hello
sets PRICE: 1
secret: SECRET_KEY
required: API_URL
health path: /up
health attempts: 3
health timeout-usec: 5000000
health wait-usec: 5000000
-- Procfile
web: true
worker: true
-- app.json [docs/apps.md#app.json]
