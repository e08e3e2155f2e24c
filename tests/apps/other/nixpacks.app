convention: `nixpacks.toml`, `project.toml`, `flake.nix`, `app.yaml`
source: https://dokku.com/docs/deployment/builders/nixpacks/
source: https://devcenter.heroku.com/articles/managing-buildpacks (project.toml)
heroku: `project.toml` on Fir
dokku: by builders of these kinds
deployd: ignored: the buildpack of the language
built: no
buildpack: node
process web: exec node server.js
-- nixpacks.toml
[start]
cmd = "node other.js"
-- project.toml
-- package.json
{ "scripts": { "start": "node server.js" } }
