convention: `package.json` beside `requirements.txt`, `Gemfile` or `go.mod`
source: https://devcenter.heroku.com/articles/buildpacks#officially-supported-buildpacks (the order of detection)
heroku: Ruby, Node.js, Python, PHP, Go, in this order; one only
dokku: as herokuish asks, in the order of its names; one only
deployd: Node.js, Python, Go, Rust, Ruby, PHP, C, in this order; one only
built: no
buildpack: node
process web: exec node server.js
-- package.json
{ "scripts": { "start": "node server.js" } }
-- requirements.txt
-- Gemfile
-- go.mod
module shop
